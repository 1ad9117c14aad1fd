//! A typed call and a call by name are the same call: for every operation, whatever its parameters and its answer.

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{
    Caller, Digester, JsonAnswer, JsonBody, OpMeta, Operation, StreamOperation, Visitor, catalogue, visit,
};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::Double;
use mosaic_core::types::ProviderId;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::generate::{params, value};

/// Cases of each operation.
const CASES: usize = 12;

struct Compared {
    runner: TestRunner,
    runtime: tokio::runtime::Runtime,
    operations: usize,
}

impl Compared {
    fn draw(&mut self, strategy: &BoxedStrategy<Value>) -> Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }
}

/// The contexts that are tried: around the cache, into the cache, and out of it. Calls in a vendor's own words go to one provider.
fn contexts(meta: &OpMeta) -> [CallContext; 3] {
    let mut cx = CallContext::new();
    if meta.vendor {
        cx = cx.pinned_to(ProviderId::new("one").unwrap());
    }
    [cx.clone().cache(CacheUse::Bypass), cx.clone(), cx]
}

/// What a caller sees of a call, as JSON.
fn shown(result: Result<Value>) -> Value {
    match result {
        Ok(value) => json!({ "answer": value }),
        Err(error) => {
            json!({ "kind": error.kind().code(), "text": error.message(), "outcome": format!("{:?}", error.outcome()) })
        }
    }
}

/// What the provider was asked, call by call.
fn asked(double: &Double) -> Vec<(Value, u128)> {
    let digest = |payload: &mosaic_core::op::Payload| {
        let mut digester = Digester::new([7; 16]);
        payload.digest(&mut digester);
        digester.finish()
    };
    double.log().iter().map(|seen| (seen.payload.to_json().unwrap(), digest(&seen.payload))).collect()
}

async fn read(answer: JsonAnswer) -> Result<Value> {
    match answer.body {
        JsonBody::Value(value) => Ok(value),
        JsonBody::Stream(items) => {
            let items: Vec<_> = items.map(shown).collect().await;
            Ok(Value::Array(items))
        }
    }
}

async fn orchestra(double: &Double) -> Orchestrator {
    Orchestrator::builder().provider("one", double.clone()).seed(1).build().await.unwrap()
}

fn refused() -> Error {
    Error::new(ErrorKind::Conflict, "it is taken")
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
            let fails = case % 4 == 3;
            let double = || {
                let output = output.clone();
                Double::new().answer(move |_: &O| if fails { Err(refused()) } else { Ok(output.clone()) })
            };
            let (typed, named) = (double(), double());
            self.runtime.block_on(async {
                let (first, second) = (orchestra(&typed).await, orchestra(&named).await);
                for cx in contexts(O::META) {
                    let answer = first.call(&cx, op.clone()).await;
                    let (state, provider) = match &answer {
                        Ok(answer) => (Some(answer.cache()), answer.provider().cloned()),
                        Err(_) => (None, None),
                    };
                    let a = shown(answer.map(|answer| serde_json::to_value(&*answer).unwrap()));
                    let answer = second.call_json(&cx, O::META.name, input.clone()).await;
                    if let Ok(answer) = &answer {
                        assert_eq!(Some(answer.report.cache), state, "{}", O::META.name);
                        assert_eq!(answer.report.provider, provider, "{}", O::META.name);
                    }
                    let b = match answer {
                        Ok(answer) => shown(read(answer).await),
                        Err(error) => shown(Err(error)),
                    };
                    assert_eq!(a, b, "{} {input}", O::META.name);
                }
            });
            assert_eq!(asked(&typed), asked(&named), "{} {input}", O::META.name);
        }
    }

    fn stream<O: StreamOperation>(&mut self) {
        self.operations += 1;
        let schema = O::DEF.output_schema().to_value();
        let (outputs, inputs) = (value(&schema, &schema, 4), params(O::DEF));
        for case in 0..CASES {
            let input = self.draw(&inputs);
            let op: O = serde_json::from_value(input.clone()).unwrap();
            let mut items: Vec<Result<O::Item>> =
                (0..case % 5).map(|_| Ok(serde_json::from_value(self.draw(&outputs)).unwrap())).collect();
            if case % 4 == 3 {
                items.push(Err(refused()));
            }
            let double = || {
                let items = items.clone();
                Double::new().answer_stream(move |_: &O| Ok(iter(items.clone()).boxed()))
            };
            let (typed, named) = (double(), double());
            self.runtime.block_on(async {
                let (first, second) = (orchestra(&typed).await, orchestra(&named).await);
                let cx = CallContext::new();
                let opened = first.open(&cx, op).await.unwrap();
                let encode = |item: std::sync::Arc<O::Item>| serde_json::to_value(&*item).unwrap();
                let a: Vec<_> = opened.map(|item| shown(item.map(encode))).collect().await;
                let b = read(second.call_json(&cx, O::META.name, input.clone()).await.unwrap()).await;
                assert_eq!(Value::Array(a), b.unwrap(), "{} {input}", O::META.name);
            });
            assert_eq!(asked(&typed), asked(&named), "{} {input}", O::META.name);
        }
    }
}

#[test]
fn typed_calls_and_calls_by_name_are_equal() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut compared = Compared { runner: TestRunner::deterministic(), runtime, operations: 0 };
    visit(&mut compared);
    assert_eq!(compared.operations, catalogue().all().count());
}
