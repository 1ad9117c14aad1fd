//! A call is the same directly and over MCP: for every operation, whatever its parameters and its answer.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::iter;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateWebhook, GetRepository, Git};
use mosaic_core::op::{
    Caller, Dispatch, OpMeta, Operation, Payload, Reply, StreamOperation, Visitor, catalogue, visit,
};
use mosaic_core::testkit::Double;
use mosaic_core::types::git::{HookEvent, Repository, Webhook};
use mosaic_core::types::{RepoRef, Secret};
use mosaic_mcp::client::{CommandConfig, Handshake, RemoteConfig, RemoteMosaic};
use mosaic_mcp::surface::McpServer;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::generate::{params, value};

/// Cases of each operation.
const CASES: usize = 6;

/// A provider that can be exchanged.
#[derive(Default)]
struct Stage(Mutex<Double>);

impl Dispatch for Stage {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        let double = self.0.lock().unwrap().clone();
        Box::pin(async move { double.dispatch(cx, payload).await })
    }
}

/// A provider that is called directly, and the same behind MCP.
struct Both {
    direct: Arc<Stage>,
    remote: RemoteMosaic,
    served: JoinHandle<Result<()>>,
}

impl Both {
    async fn new(handshake: Handshake) -> Self {
        let direct = Arc::new(Stage::default());
        let server = McpServer::over(Arc::clone(&direct)).acts_as(CallContext::new()).build().unwrap();
        let (here, there) = tokio::io::duplex(64 * 1024);
        let served = tokio::spawn(async move {
            let (read, write) = tokio::io::split(there);
            server.serve(read, write, CancellationToken::new()).await
        });
        let (read, write) = tokio::io::split(here);
        let config = RemoteConfig::command(CommandConfig::new("none")).handshake(handshake);
        let remote = RemoteMosaic::over(read, write, &config).await.unwrap();
        Self { direct, remote, served }
    }

    fn plays(&self, double: &Double) {
        *self.direct.0.lock().unwrap() = double.clone();
    }

    async fn end(self) {
        self.remote.close().await;
        self.served.await.unwrap().unwrap();
    }
}

/// Numbers with a point lose their last digit on the way through JSON.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!(format!("{:.9e}", number.as_f64().unwrap())),
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, rounded(value))).collect(),
        other => other,
    }
}

/// What a caller sees of a call, as JSON. Of a read that failed nobody asks whether it happened.
fn shown(meta: &OpMeta, result: Result<Value>) -> Value {
    match result {
        Ok(value) => json!({ "answer": rounded(value) }),
        Err(error) => {
            let outcome = (!meta.effect.is_read()).then(|| format!("{:?}", error.outcome()));
            json!({ "kind": error.kind().code(), "text": error.message(), "outcome": outcome, "wait": error.wait() })
        }
    }
}

async fn called<O: Operation>(caller: &impl Caller, op: O) -> Value {
    let answer = caller.call(&CallContext::new(), op).await;
    shown(O::META, answer.map(|answer| serde_json::to_value(&*answer).unwrap()))
}

/// Whether an error comes instead of the stream or as its first item is the same.
async fn streamed<O: StreamOperation>(caller: &impl Caller, op: O) -> Vec<Value> {
    match caller.open(&CallContext::new(), op).await {
        Ok(items) => {
            items
                .map(|item| shown(O::META, item.map(|item| serde_json::to_value(&*item).unwrap())))
                .collect()
                .await
        }
        Err(error) => vec![shown(O::META, Err(error))],
    }
}

/// What the provider was asked, call by call.
fn asked(double: &Double) -> Vec<Value> {
    double.log().iter().map(|seen| rounded(seen.payload.to_json().unwrap())).collect()
}

struct Compared {
    runner: TestRunner,
    runtime: Runtime,
    /// With and without a greeting, in turn.
    both: [Both; 2],
    operations: usize,
}

impl Compared {
    fn draw(&mut self, strategy: &BoxedStrategy<Value>) -> Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    /// What goes wrong in some cases.
    fn failure(case: usize) -> Option<Error> {
        let wait = std::time::Duration::from_secs(3);
        match case % 4 {
            1 => Some(Error::new(ErrorKind::Conflict, "it is taken")),
            3 => Some(Error::new(ErrorKind::RateLimited, "slow down").retry_after(wait)),
            _ => None,
        }
    }
}

impl Visitor for Compared {
    fn value<O: Operation>(&mut self) {
        self.operations += 1;
        let schema = O::DEF.output_schema().to_value();
        let (outputs, inputs) = (value(&schema, &schema, 4), params(O::DEF));
        for case in 0..CASES {
            let (input, output) = (self.draw(&inputs), self.draw(&outputs));
            let op: O = serde_json::from_value(input.clone()).unwrap();
            let output: O::Output = serde_json::from_value(output).unwrap();
            let double = Double::new().answer(move |_: &O| match Self::failure(case) {
                None => Ok(output.clone()),
                Some(error) => Err(error),
            });
            let both = &self.both[case % 2];
            both.plays(&double);
            self.runtime.block_on(async {
                let here = called(&both.direct, op.clone()).await;
                let there = called(&both.remote, op).await;
                assert_eq!(here, there, "{} {input}", O::META.name);
            });
            let asked = asked(&double);
            assert_eq!((asked.len(), &asked[0]), (2, &asked[1]), "{} {input}", O::META.name);
        }
    }

    fn stream<O: StreamOperation>(&mut self) {
        self.operations += 1;
        let schema = O::DEF.output_schema().to_value();
        let (outputs, inputs) = (value(&schema, &schema, 4), params(O::DEF));
        for case in 0..2 * CASES {
            let input = self.draw(&inputs);
            let op: O = serde_json::from_value(input.clone()).unwrap();
            let mut items: Vec<Result<O::Item>> =
                (0..case % 5).map(|_| Ok(serde_json::from_value(self.draw(&outputs)).unwrap())).collect();
            items.extend(Self::failure(case).map(Err));
            let double = Double::new().answer_stream(move |_: &O| Ok(iter(items.clone()).boxed()));
            let both = &self.both[case % 2];
            both.plays(&double);
            self.runtime.block_on(async {
                let here = streamed(&both.direct, op.clone()).await;
                let there = streamed(&both.remote, op).await;
                assert_eq!(here, there, "{} {input}", O::META.name);
            });
        }
    }
}

#[test]
fn every_operation_answers_the_same_over_mcp() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let both = runtime
        .block_on(async { [Both::new(Handshake::Auto).await, Both::new(Handshake::Initialize).await] });
    let mut compared = Compared { runner: TestRunner::deterministic(), runtime, both, operations: 0 };
    visit(&mut compared);
    let Compared { runtime, both, operations, .. } = compared;
    assert_eq!(operations, catalogue().all().count());
    runtime.block_on(async {
        for both in both {
            both.end().await;
        }
    });
}

#[tokio::test]
async fn typed_services_work_over_mcp() {
    let forge = Double::new().answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main"))).answer(
        |op: &CreateWebhook| {
            // It came through, and shows itself nowhere.
            assert_eq!(op.secret, Some(Secret::new("s3cr3t")));
            Ok(Webhook::new("7", op.url.clone(), op.events.clone()))
        },
    );
    let both = Both::new(Handshake::Auto).await;
    both.plays(&forge);
    let git = Git::new(both.remote.clone());
    let repository = git.get_repository(GetRepository::new("acme", "widget")).await.unwrap();
    assert_eq!((repository.default_branch.as_str(), repository.provider()), ("main", None));
    let hook = CreateWebhook::of(RepoRef::new("acme", "widget"), "https://h.example.org/", [HookEvent::Push])
        .secret(Secret::new("s3cr3t"));
    git.create_webhook(hook).await.unwrap();
    assert!(both.remote.offers().has(GetRepository::META));
    let clone = both.remote.clone();
    both.end().await;
    let error = Git::new(clone).get_repository(GetRepository::new("acme", "widget")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Network, mosaic_core::error::Outcome::NotMade));
}
