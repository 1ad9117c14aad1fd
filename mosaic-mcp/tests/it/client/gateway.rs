//! Tools of remote servers in a server of our own.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_mcp::client::{RemoteConfig, RemoteServers};
use mosaic_mcp::surface::{Confirm, McpServer, ToolCall, ToolSource as _};
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::play::command;

fn config() -> RemoteConfig {
    RemoteConfig::command(command()).tools(["echo", "count", "fail", "crash"]).trust_hints(true).stop_ms(200)
}

async fn gateway() -> (RemoteServers, Orchestrator) {
    let servers = RemoteServers::new();
    let plugin = servers.plugin(ProviderId::new("played").unwrap(), ServiceKind::Docs, config()).unwrap();
    let mosaic = Orchestrator::builder().provider("played", plugin).build().await.unwrap();
    (servers, mosaic)
}

#[tokio::test]
async fn clients_call_tools_of_servers_behind() {
    let (servers, mosaic) = gateway().await;
    let source = servers.source(mosaic.clone());
    let server = McpServer::builder()
        .tools(source)
        .confirm(Confirm::Never)
        .acts_as(CallContext::new())
        .build()
        .unwrap();
    let (here, there) = tokio::io::duplex(64 * 1024);
    let stop = CancellationToken::new();
    let (read, write) = tokio::io::split(there);
    let served = tokio::spawn({
        let stop = stop.clone();
        async move { server.serve(read, write, stop).await }
    });
    let client = ().serve(here).await.unwrap();
    let names: Vec<_> = client.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["played__count", "played__crash", "played__echo", "played__fail"]);
    let call = async |name: &'static str| {
        let arguments = json!({ "text": "hi" }).as_object().cloned().unwrap();
        client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await.unwrap()
    };
    assert_eq!(call("played__echo").await.structured_content, Some(json!({ "text": "hi" })));
    let failed = call("played__fail").await;
    assert_eq!(failed.is_error, Some(true));
    assert!(failed.content[0].as_text().unwrap().text.contains("there is no such file"));
    client.cancel().await.unwrap();
    stop.cancel();
    served.await.unwrap().unwrap();
    mosaic.shutdown().await;
}

#[tokio::test]
async fn tools_of_a_dead_server_are_gone_and_a_call_says_why() {
    let (servers, mosaic) = gateway().await;
    let source = servers.source(mosaic.clone());
    let mut changed = source.changed().unwrap();
    assert_eq!(source.tools().len(), 4);
    assert!(std::ptr::eq(&*source.tools(), &*source.tools()), "the list is kept");
    let call = |name: &str| source.call(ToolCall::new(CallContext::new(), name, json!({})));
    assert!(call("played__crash").await.is_error);
    while !source.tools().is_empty() {
        changed.changed().await.unwrap();
    }
    for (name, why) in [
        ("played__echo", "cannot be called"),
        ("none__echo", "no remote server"),
        ("echo", "no remote server"),
    ] {
        let said = call(name).await;
        assert!(said.is_error && format!("{said:?}").contains(why), "{said:?}");
    }
    mosaic.shutdown().await;
}

#[test]
fn a_name_that_would_make_tools_ambiguous_is_refused() {
    for name in ["a__b", "a_"] {
        let made = RemoteServers::new().plugin(ProviderId::new(name).unwrap(), ServiceKind::Docs, config());
        assert_eq!(made.unwrap_err().kind(), ErrorKind::Config, "{name}");
    }
}
