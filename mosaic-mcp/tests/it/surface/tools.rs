//! Tools: lists, results, errors, progress, cancellation.
#![expect(deprecated, reason = "clients of the protocols before that of 2026 set a level")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::types::Effect;
use mosaic_mcp::surface::{CallToolResult, McpServer, Tool, ToolCall, ToolSource, Tools};
use parking_lot::Mutex;
use rmcp::model::{PaginatedRequestParams, RequestMetaObject, SetLevelRequestParams};
use rmcp::service::PeerRequestOptions;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::client::{Heard, Speaks, call, join, text};
use super::forge::server;

fn widget() -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" } })
}

fn repo(name: &str) -> Value {
    json!({ "repo": { "owner": "acme", "name": name } })
}

#[tokio::test]
async fn every_operation_is_a_tool_and_answers() {
    let (server, _) = server();
    let server = server.build().unwrap();
    for speaks in Speaks::BOTH {
        let joined = join(&server, speaks, Heard::default()).await;
        let listed = joined.client.list_tools(None).await.unwrap();
        let ours = serde_json::to_value(Tools::all().list()).unwrap();
        assert_eq!(serde_json::to_value(&listed.tools).unwrap(), ours, "{speaks:?}");
        assert_eq!(listed.ttl_ms.is_some(), speaks == Speaks::New);

        let result = joined.call("git_get_repository", widget()).await;
        assert_eq!(result.structured_content.as_ref().unwrap()["default_branch"], "main");
        assert_eq!(serde_json::from_str::<Value>(text(&result)).unwrap(), result.structured_content.unwrap());
        let whose = joined.call("git_get_repository", repo("whose")).await;
        assert_eq!(whose.structured_content.unwrap()["default_branch"], "default-ann");
        joined.leave().await;
    }
}

#[tokio::test]
async fn errors_are_results_that_say_what_to_do() {
    let (server, _) = server();
    let server = server.build().unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    for (name, arguments, kind) in [
        ("git_get_repository", repo("gone"), "not_found"),
        ("git_get_repository", json!({ "repo": 7 }), "invalid"),
        ("git_burn", Value::Null, "invalid"),
    ] {
        let result = joined.call(name, arguments).await;
        assert_eq!(result.is_error, Some(true));
        let fault: Value = serde_json::from_str(text(&result)).unwrap();
        assert_eq!(fault["kind"], kind);
        assert!(fault["advice"].as_str().is_some_and(|advice| !advice.is_empty()));
    }
    joined.leave().await;
}

#[tokio::test]
async fn a_server_that_acts_as_nobody_serves_nobody() {
    let (forge, _) = super::forge::forge();
    let server = McpServer::over(forge).build().unwrap();
    let (_here, there) = tokio::io::duplex(64);
    let (read, write) = tokio::io::split(there);
    let error = server.serve(read, write, Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let twice = McpServer::over(super::forge::forge().0)
        .tools(mosaic_mcp::surface::Operations::new(super::forge::forge().0, Tools::all()))
        .acts_as(CallContext::new())
        .build();
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_client_that_says_nothing_and_goes_is_no_error() {
    let server = server().0.build().unwrap();
    let (here, there) = tokio::io::duplex(64);
    let (read, write) = tokio::io::split(there);
    drop(here);
    server.serve(read, write, Default::default()).await.unwrap();
}

#[tokio::test]
async fn pages_give_every_tool_once() {
    let (server, _) = server();
    let server = server.page(7).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let first = joined.client.list_tools(None).await.unwrap();
    assert_eq!(first.tools.len(), 7);
    assert!(first.next_cursor.is_some());
    let all = joined.client.list_all_tools().await.unwrap();
    assert_eq!(all.len(), Tools::all().list().len());
    let forged = PaginatedRequestParams::default().with_cursor(Some("bm9uZQ".into()));
    let error = joined.client.list_tools(Some(forged)).await.unwrap_err();
    assert!(error.to_string().contains("cursor"), "{error}");
    joined.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_how_far_it_is() {
    let server = server().0.build().unwrap();
    for speaks in Speaks::BOTH {
        let joined = join(&server, speaks, Heard::default()).await;
        let log = json!({ "repo": { "owner": "acme", "name": "widget" }, "run": "1", "job": "2" });
        let result = joined.call("cicd_job_log", log).await;
        assert_eq!(result.structured_content.unwrap()["items"].as_array().unwrap().len(), 4);
        let progress = joined.heard.progress.lock().clone();
        assert!(progress.is_sorted_by(|a, b| a.0 < b.0), "{progress:?}");
        assert_eq!(progress.last().unwrap(), &(4.0, "4 items so far".into()), "{speaks:?}");
        joined.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_call_tells_that_it_runs_and_can_be_given_up() {
    let (server, counts) = server();
    let server = server.build().unwrap();
    for (round, speaks) in Speaks::BOTH.into_iter().enumerate() {
        let joined = join(&server, speaks, Heard::default()).await;
        let request = rmcp::model::ClientRequest::CallToolRequest(rmcp::model::CallToolRequest::new(call(
            "git_get_repository",
            repo("hangs"),
        )));
        let options = PeerRequestOptions::no_options().with_meta(RequestMetaObject::new());
        let request = joined.client.send_request_with_option(request, options).await.unwrap();
        tokio::time::sleep(Duration::from_secs(16)).await;
        let progress = joined.heard.progress.lock().clone();
        let said: Vec<&str> = progress.iter().map(|(_, said)| said.as_str()).collect();
        assert_eq!(said, ["running for 5 s", "running for 10 s", "running for 15 s"], "{speaks:?}");
        assert!(progress.iter().all(|(done, _)| *done < 1.0));
        assert_eq!(counts.given_up(), round);
        request.cancel(Some("enough".into())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(counts.given_up(), round + 1, "{speaks:?}");
        // The connection goes on.
        joined.call("git_get_repository", widget()).await;
        joined.leave().await;
    }
}

#[tokio::test]
async fn messages_are_told_from_the_level_that_was_set() {
    use rmcp::model::LoggingLevel;

    let server = server().0.build().unwrap();
    let joined = join(&server, Speaks::Old, Heard::default()).await;
    joined.call("git_get_repository", widget()).await;
    joined.call("git_get_repository", repo("gone")).await;
    let heard = joined.heard.messages.lock().clone();
    assert_eq!(heard, [json!({ "tool": "git_get_repository", "failed": true })]);
    joined.client.set_level(SetLevelRequestParams::new(LoggingLevel::Debug)).await.unwrap();
    joined.call("git_get_repository", widget()).await;
    assert_eq!(joined.heard.messages.lock().len(), 2);
    joined.client.set_level(SetLevelRequestParams::new(LoggingLevel::Emergency)).await.unwrap();
    joined.call("git_get_repository", repo("gone")).await;
    assert_eq!(joined.heard.messages.lock().len(), 2);
    joined.leave().await;
}

#[tokio::test]
async fn a_client_has_so_many_calls_under_way_and_no_more() {
    let (server, counts) = server();
    let server = server.build().unwrap();
    let joined = join(&server, Speaks::Old, Heard::default()).await;
    let hang = || {
        let client = joined.client.peer().clone();
        tokio::spawn(async move { client.call_tool(call("git_get_repository", repo("hangs"))).await })
    };
    let hanging: Vec<_> = (0..64).map(|_| hang()).collect();
    while counts.hanging() < 64 {
        tokio::task::yield_now().await;
    }
    let refused = joined.call("git_get_repository", widget()).await;
    let fault: Value = serde_json::from_str(text(&refused)).unwrap();
    assert_eq!(fault["kind"], "throttled");
    // Lists are no calls of tools.
    joined.client.list_tools(None).await.unwrap();
    joined.leave().await;
    hanging.into_iter().for_each(|call| call.abort());
    assert_eq!(counts.given_up(), 64, "who goes away gives up what it asked for");
}

/// Tools that come and go.
struct Fleeting {
    tools: Mutex<Arc<[Arc<Tool>]>>,
    changed: watch::Sender<u64>,
}

#[async_trait]
impl ToolSource for Fleeting {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        self.tools.lock().clone()
    }
    async fn call(&self, call: ToolCall) -> CallToolResult {
        CallToolResult::value(json!({ "called": call.name }))
    }
    fn changed(&self) -> Option<watch::Receiver<u64>> {
        Some(self.changed.subscribe())
    }
}

#[tokio::test]
async fn tools_that_come_later_are_told_of_and_called() {
    let fleeting = Arc::new(Fleeting { tools: Mutex::new([].into()), changed: watch::Sender::new(0) });
    let server = server().0.tools(Arc::clone(&fleeting)).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let filter = rmcp::model::SubscriptionFilter::builder().tools_list_changed().build();
    let mut news = joined.client.listen(filter).await.unwrap();
    let before = joined.client.list_all_tools().await.unwrap().len();

    let tool = |name: &str| {
        Arc::new(Tool::new("fleeting", name, "Say its name.", Effect::Read, json!({ "type": "object" })))
    };
    // One has a name that is taken.
    *fleeting.tools.lock() = [tool("fleeting_one"), tool("search_tools")].into();
    fleeting.changed.send_modify(|revision| *revision += 1);
    let heard = news.next().await.unwrap();
    assert!(format!("{heard:?}").contains("ToolListChanged"), "{heard:?}");
    assert_eq!(joined.client.list_all_tools().await.unwrap().len(), before + 1);
    let called = joined.call("fleeting_one", Value::Null).await;
    assert_eq!(called.structured_content, Some(json!({ "called": "fleeting_one" })));
    drop(news);
    joined.leave().await;
}
