//! A child process as a plugin of an orchestra.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::engine::route::Rule;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::Vendor;
use mosaic_core::orchestrator::{Builder, Orchestrator};
use mosaic_core::types::{ProviderId, Secret, ServiceKind};
use mosaic_mcp::client::{CommandConfig, Handshake, RemoteConfig, RemoteServers};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::play::command;

const PATIENCE: Duration = Duration::from_secs(30);

fn id(name: &str) -> ProviderId {
    ProviderId::new(name).unwrap()
}

fn config() -> RemoteConfig {
    RemoteConfig::command(command()).tools(["*"]).trust_hints(true).stop_ms(200)
}

fn with(builder: Builder, servers: &RemoteServers, name: &str, config: RemoteConfig) -> Builder {
    builder.provider(name, servers.plugin(id(name), ServiceKind::Docs, config).unwrap())
}

async fn one(config: RemoteConfig) -> (RemoteServers, Orchestrator) {
    let servers = RemoteServers::new();
    let mosaic = with(Orchestrator::builder(), &servers, "one", config).build().await.unwrap();
    (servers, mosaic)
}

async fn call(
    servers: &RemoteServers,
    mosaic: &Orchestrator,
    tool: &str,
    arguments: Value,
) -> mosaic_core::Result<Value> {
    let answer = servers.call(mosaic, &CallContext::new(), &id("one"), tool, arguments).await?;
    Ok(answer["structuredContent"].clone())
}

/// Waits until it is as it should be: looked at again whenever something changed.
async fn until(servers: &RemoteServers, mut is: impl FnMut(&RemoteServers) -> bool) {
    let mut changed = servers.changed();
    let waiting = async {
        while !is(servers) {
            changed.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, waiting).await.expect("it never came");
}

fn tools(servers: &RemoteServers, server: &str) -> Result<Vec<String>, String> {
    let standing =
        servers.standings().into_iter().find(|standing| standing.server.as_str() == server).unwrap();
    standing.tools.map(|tools| tools.into_iter().map(|tool| tool.name).collect())
}

/// Waits for something outside.
async fn eventually(mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it never came");
}

#[tokio::test]
async fn its_tools_travel_the_one_path() {
    let (servers, mosaic) = one(config()).await;
    let said = call(&servers, &mosaic, "echo", json!({ "text": "hi" })).await.unwrap();
    assert_eq!(said, json!({ "text": "hi" }));
    assert_eq!(call(&servers, &mosaic, "count", Value::Null).await.unwrap(), json!({ "calls": 1 }));
    let failed = call(&servers, &mosaic, "fail", json!({})).await.unwrap_err();
    assert_eq!((failed.kind(), failed.message()), (ErrorKind::Provider, "there is no such file"));
    assert_eq!(failed.outcome(), Outcome::Unknown);
    assert_eq!(failed.provider_id(), Some(&id("one")));
    // The same as any call in a vendor's own words.
    let vendor = Vendor::new(mosaic.clone(), id("one"));
    let told = vendor.docs().post("/tools/count", json!({})).await.unwrap();
    assert_eq!(told.body["structuredContent"], json!({ "calls": 2 }));
    assert_eq!(told.provider(), Some(&id("one")));
    let wrong = vendor.docs().read("/tools/count").await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid, "a write is no read: {wrong}");
    for missing in ["/tools/none", "/echo"] {
        let error = vendor.docs().post(missing, json!({})).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotMade, "{missing}");
    }
    mosaic.shutdown().await;
}

#[tokio::test]
async fn nothing_may_be_called_that_is_not_allowed() {
    let (servers, mosaic) = one(config().tools(["echo"]).trust_hints(false)).await;
    assert_eq!(tools(&servers, "one"), Ok(vec!["echo".to_owned()]));
    let error = call(&servers, &mosaic, "count", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let vendor = Vendor::new(mosaic.clone(), id("one"));
    let error = vendor.docs().post("/tools/count", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // What the server says of itself is not believed.
    let error = vendor.docs().read("/tools/echo").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(call(&servers, &mosaic, "echo", json!({})).await.is_ok());
    mosaic.shutdown().await;
}

#[tokio::test]
async fn a_crash_may_have_run_and_the_server_comes_back() {
    let (servers, mosaic) = one(config()).await;
    let error = call(&servers, &mosaic, "crash", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Network, Outcome::Unknown), "{error:?}");
    let again = async {
        loop {
            until(&servers, |servers| tools(servers, "one").is_ok()).await;
            match call(&servers, &mosaic, "count", json!({})).await {
                Ok(answer) => return answer,
                Err(error) => assert_eq!(error.outcome(), Outcome::NotMade, "{error:?}"),
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(timeout(PATIENCE, again).await.unwrap(), json!({ "calls": 1 }), "a new process");
    mosaic.shutdown().await;
}

#[tokio::test]
async fn one_dead_server_hides_nothing_of_the_others() {
    let servers = RemoteServers::new();
    let builder = ["one", "two", "three"]
        .into_iter()
        .fold(Orchestrator::builder(), |builder, name| with(builder, &servers, name, config()));
    let everyone = Rule::any().to("one").fallback(["two", "three"]);
    let mosaic = builder.default_rule(everyone).build().await.unwrap();
    let cx = CallContext::new();
    let two = id("two");
    let pid = servers.call(&mosaic, &cx, &two, "crash", json!({})).await;
    assert_eq!(pid.unwrap_err().outcome(), Outcome::Unknown);
    until(&servers, |servers| tools(servers, "two").is_err()).await;
    let why = tools(&servers, "two").unwrap_err();
    assert!(why.contains("exit status: 7"), "{why}");
    for name in ["one", "three"] {
        assert_eq!(tools(&servers, name).unwrap().len(), 9);
        assert!(servers.call(&mosaic, &cx, &id(name), "echo", json!({})).await.is_ok());
    }
    mosaic.shutdown().await;
    assert!(servers.standings().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_stops_the_start_unless_it_is_optional() {
    let servers = RemoteServers::new();
    let missing = RemoteConfig::command(CommandConfig::new("no-such-program")).tools(["*"]);
    let built = with(Orchestrator::builder(), &servers, "gone", missing.clone()).build().await;
    assert!(built.unwrap_err().message().contains("no-such-program"));
    let builder = with(Orchestrator::builder(), &servers, "gone", missing.optional(true));
    let builder = with(builder, &servers, "one", config());
    let mosaic = builder.default_rule(Rule::any().to("one").fallback(["gone"])).build().await.unwrap();
    assert!(tools(&servers, "gone").unwrap_err().contains("no-such-program"));
    let error = servers.call(&mosaic, &CallContext::new(), &id("gone"), "echo", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lifecycle);
    assert!(call(&servers, &mosaic, "echo", json!({})).await.is_ok());
    mosaic.shutdown().await;
}

#[tokio::test]
async fn a_program_that_is_no_server_says_how_it_ended() {
    let servers = RemoteServers::new();
    let program = RemoteConfig::command(CommandConfig::new("sh").arg("-c").arg("exit 9")).tools(["*"]);
    let built = with(Orchestrator::builder(), &servers, "one", program).build().await;
    assert!(built.unwrap_err().message().contains("exit status: 9"));
}

/// Whether a process still runs; one that is over and not yet reaped does not.
fn runs(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[tokio::test]
async fn children_of_the_server_end_with_it() {
    let (servers, mosaic) = one(config()).await;
    let pid = call(&servers, &mosaic, "child", json!({})).await.unwrap()["pid"].as_u64().unwrap();
    assert!(runs(pid));
    mosaic.shutdown().await;
    eventually(|| !runs(pid)).await;
    // The same where the server dies by itself.
    let (servers, mosaic) = one(config()).await;
    let pid = call(&servers, &mosaic, "child", json!({})).await.unwrap()["pid"].as_u64().unwrap();
    call(&servers, &mosaic, "crash", json!({})).await.unwrap_err();
    eventually(|| !runs(pid)).await;
    mosaic.shutdown().await;
}

#[tokio::test]
async fn the_environment_is_what_was_given() {
    let command = command().env("PLAIN", "p").secret("TOKEN", Secret::new("s3cr3t"));
    let (servers, mosaic) = one(RemoteConfig::command(command).tools(["*"])).await;
    let variable = async |name: &str| {
        let told = call(&servers, &mosaic, "variable", json!({ "name": name })).await.unwrap();
        assert!(!told["arguments"].to_string().contains("s3cr3t"));
        told["value"].clone()
    };
    assert_eq!(variable("PLAIN").await, "p");
    assert_eq!(variable("TOKEN").await, "s3cr3t");
    assert!(!variable("PATH").await.is_null());
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok(), "this process has it");
    assert!(variable("CARGO_MANIFEST_DIR").await.is_null());
    mosaic.shutdown().await;
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled_at_the_server() {
    for handshake in [Handshake::Auto, Handshake::Initialize] {
        let (servers, mosaic) = one(config().handshake(handshake)).await;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("given-up");
        let arguments = json!({ "file": file.display().to_string() });
        let cx = CallContext::new().time_limit(Duration::from_millis(300));
        let error = servers.call(&mosaic, &cx, &id("one"), "hang", arguments).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::Unknown));
        eventually(|| file.exists()).await;
        mosaic.shutdown().await;
    }
}

#[tokio::test]
async fn new_tools_are_heard_of() {
    for handshake in [Handshake::Auto, Handshake::Initialize] {
        let (servers, mosaic) = one(config().handshake(handshake)).await;
        assert!(!tools(&servers, "one").unwrap().contains(&"learned".to_owned()));
        call(&servers, &mosaic, "learn", json!({})).await.unwrap();
        until(&servers, |servers| {
            tools(servers, "one").is_ok_and(|tools| tools.contains(&"learned".to_owned()))
        })
        .await;
        mosaic.shutdown().await;
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_taken() {
    let (servers, mosaic) = one(config().answer_bytes(64 * 1024)).await;
    assert!(call(&servers, &mosaic, "big", json!({ "bytes": 1_000 })).await.is_ok());
    let error = call(&servers, &mosaic, "big", json!({ "bytes": 100_000 })).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Protocol, "the answer is larger than 65536 bytes")
    );
    assert!(call(&servers, &mosaic, "echo", json!({})).await.is_ok(), "the connection goes on");
    mosaic.shutdown().await;
}

#[tokio::test]
async fn operations_that_the_server_lacks_are_an_error_of_the_start() {
    let servers = RemoteServers::new();
    let mosaic = RemoteConfig::command(command()).operations(["docs.get_document"]).stop_ms(200);
    let error = with(Orchestrator::builder(), &servers, "one", mosaic).build().await.unwrap_err();
    assert!(error.message().contains("docs_get_document"), "{error}");
}
