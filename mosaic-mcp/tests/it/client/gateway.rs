//! Tools of remote servers in a server of our own.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_mcp::client::{RemoteConfig, RemoteServers};
use mosaic_mcp::node::Node;
use mosaic_mcp::security::audit::{AuditKeys, AuditSigner, verify};
use mosaic_mcp::state::MemoryStore;
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

#[tokio::test]
async fn a_call_of_a_tool_behind_is_answered_when_its_record_is_written() {
    let signer = AuditSigner::generate().unwrap();
    let keys = AuditKeys::of(&signer);
    let node = Node::builder(MemoryStore::new()).audit(signer).answer_when_audited().open().await.unwrap();
    let servers = RemoteServers::new();
    let trusting_nobody = config().trust_hints(false);
    let plugin =
        servers.plugin(ProviderId::new("played").unwrap(), ServiceKind::Docs, trusting_nobody).unwrap();
    let orchestra = Orchestrator::builder().provider("played", plugin).audit(node.audit().unwrap().clone());
    let mosaic = orchestra.build().await.unwrap();
    // Nobody has to remember that this source is to wait.
    let server = node.server(mosaic.clone()).tools(servers.source(mosaic.clone()));
    let server = server.confirm(Confirm::Never).acts_as(CallContext::new()).build().unwrap();
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (read, write) = tokio::io::split(there);
    let served = tokio::spawn(async move { server.serve(read, write, CancellationToken::new()).await });
    let client = ().serve(here).await.unwrap();
    node.audit().unwrap().flush().await.unwrap();
    let written = async || verify(node.state(), &keys, &[]).await.unwrap().records;
    let before = written().await;
    for (at, name) in ["played__echo", "played__fail", "played__echo", "played__echo"].into_iter().enumerate()
    {
        let arguments = json!({ "text": "hi" }).as_object().cloned().unwrap();
        let call = client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments));
        assert_eq!(call.await.unwrap().is_error == Some(true), name == "played__fail");
        assert_eq!(written().await, before + at as u64 + 1, "{name}");
    }
    // One whose record cannot be written is no success.
    node.audit().unwrap().close().await.unwrap();
    let arguments = json!({ "text": "hi" }).as_object().cloned().unwrap();
    let call = client.call_tool(CallToolRequestParams::new("played__echo").with_arguments(arguments));
    let said = call.await.unwrap();
    assert!(said.is_error == Some(true) && format!("{said:?}").contains("audit"), "{said:?}");
    client.cancel().await.unwrap();
    served.await.unwrap().unwrap();
    mosaic.shutdown().await;
    node.close().await.unwrap();
}
