//! Who is shown what: the head of the audit, documents, prompts and tools behind the one check.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::OpSet;
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use mosaic_core::types::Effect;
use mosaic_mcp::coordination::shared::PutValue;
use mosaic_mcp::function::Ledger;
use mosaic_mcp::node::Node;
use mosaic_mcp::security::access::{Access, AccessConfig};
use mosaic_mcp::security::audit::{AuditHead, AuditKeys, AuditSigner, verify};
use mosaic_mcp::state::MemoryStore;
use mosaic_mcp::surface::{
    CallToolResult, McpServer, OperationDocs, Prompts, Resource, ResourceContent, ResourceSource, Tool,
    ToolCall, ToolSource,
};
use parking_lot::Mutex;
use rmcp::model::*;
use serde_json::{Value, json};

use super::client::{Heard, Joined, Speaks, join, text};
use super::forge;

fn config(json: Value) -> AccessConfig {
    serde_json::from_value(json).unwrap()
}

fn user(name: &str) -> CallContext {
    CallContext::new().principal(Principal::user(name))
}

/// A role for each name, bound to the user of that name.
fn roles(roles: &Value) -> AccessConfig {
    let names = roles.as_object().unwrap().keys();
    let bindings: Vec<_> =
        names.map(|name| json!({ "who": format!("user:{name}"), "tenant": "*", "roles": [name] })).collect();
    config(json!({ "roles": roles, "bindings": bindings }))
}

async fn read(joined: &Joined, uri: &str) -> std::result::Result<String, String> {
    let read = joined.client.read_resource(ReadResourceRequestParams::new(uri)).await;
    let page = read.map_err(|error| error.to_string())?;
    match page.contents.into_iter().next() {
        Some(ResourceContents::TextResourceContents { text, .. }) => Ok(text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[expect(deprecated, reason = "clients of the protocols before that of 2026 subscribe so")]
async fn the_head_of_the_audit_is_read_and_watched_by_those_who_may() {
    const HEAD: &str = "mosaic://audit/head";
    let signer = AuditSigner::generate().unwrap();
    let access = roles(&json!({
        "auditor": { "allow": ["audit:read:*"] },
        "reader": { "allow": ["mcp:@read:*", "state:*:*"] },
    }));
    let node = Node::builder(MemoryStore::new()).audit(signer.clone()).access(access).open().await.unwrap();
    node.desk().call(&CallContext::new(), PutValue::new("a", 1)).await.unwrap();
    let audit = node.audit().unwrap();
    audit.flush().await.unwrap();
    let server = |name: &str| node.server(forge::forge().0).acts_as(user(name)).build().unwrap();

    let reader = join(&server("reader"), Speaks::New, Heard::default()).await;
    let listed = reader.client.list_all_resources().await.unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|known| known.uri != HEAD), "{listed:?}");
    assert!(read(&reader, HEAD).await.unwrap_err().contains("audit:read:head"));
    reader.leave().await;

    let server = server("auditor");
    let [old, new] = [
        join(&server, Speaks::Old, Heard::default()).await,
        join(&server, Speaks::New, Heard::default()).await,
    ];
    let listed = new.client.list_all_resources().await.unwrap();
    assert_eq!(listed.iter().map(|known| known.uri.as_str()).collect::<Vec<_>>(), [HEAD]);
    let head: AuditHead = serde_json::from_str(&read(&new, HEAD).await.unwrap()).unwrap();
    // The write, and that the reader was denied.
    assert_eq!((head.end.records >= 2, head.checkpoint), (true, None));
    assert!(head.end.is_signed(&AuditKeys::of(&signer)));

    old.client.subscribe(SubscribeRequestParams::new(HEAD)).await.unwrap();
    let filter = SubscriptionFilter::builder().resource_subscription(HEAD).build();
    let mut news = new.client.listen(filter).await.unwrap();
    // A record alone is no news; the checkpoint at the end is.
    audit.close().await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), news.next()).await.unwrap();
    assert!(format!("{heard:?}").contains(HEAD), "{heard:?}");
    while old.heard.updates.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    let head: AuditHead = serde_json::from_str(&read(&new, HEAD).await.unwrap()).unwrap();
    let checkpoint = head.checkpoint.unwrap();
    assert!(checkpoint.is_signed(&AuditKeys::of(&signer)));
    assert_eq!(checkpoint.records + 1, head.end.records, "the checkpoint is a record itself");
    let report = verify(node.state(), &AuditKeys::of(&signer), &[checkpoint]).await.unwrap();
    assert!(report.fault.is_none() && report.hash == head.end.hash, "{report:?}");
    drop(news);
    old.leave().await;
    new.leave().await;
    node.close().await.unwrap();
}

/// A tool whose source asks nobody, and a document that changes whenever it is asked to.
struct Own(Arc<[Arc<Tool>]>);

impl Own {
    fn new() -> Self {
        let schema = json!({ "type": "object", "properties": {} });
        Self([Arc::new(Tool::new("own", "own_ring", "Ring the bell.", Effect::Create, schema))].into())
    }
}

#[async_trait]
impl ToolSource for Own {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.0)
    }
    async fn call(&self, _: ToolCall) -> CallToolResult {
        CallToolResult::value(json!({ "rung": true }))
    }
}

const BELL: &str = "own://bell";

#[async_trait]
impl ResourceSource for Own {
    async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
        Ok(vec![Resource::new(BELL, "bell")])
    }
    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        Ok((uri == BELL).then(|| vec![ResourceContent::text(uri, "text/plain", "ding")]))
    }
    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        (uri == BELL).then(|| Box::pin(futures_util::stream::pending()) as BoxStream<'static, ()>)
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl AuditSink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().push(record);
    }
}

#[tokio::test]
async fn what_may_not_be_read_is_neither_completed_nor_in_the_index() {
    let rules = json!({ "ann": {
        "allow": ["mcp:read_resource:*"], "deny": ["mcp:read_resource:mosaic://operations/git.get_*"],
    } });
    let server = McpServer::builder()
        .resources(OperationDocs::new(OpSet::service(mosaic_core::types::ServiceKind::Git)))
        .acts_as(user("ann"))
        .gate(Access::new(&roles(&rules)).unwrap())
        .build()
        .unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let docs = || Reference::for_resource("mosaic://operations/{name}");
    let request = CompleteRequestParams::new(docs(), ArgumentInfo::new("name", "git."));
    let names = joined.client.complete(request).await.unwrap().completion.values;
    assert!(!names.is_empty() && names.iter().all(|name| !name.starts_with("git.get_")), "{names:?}");
    let index = read(&joined, "mosaic://operations").await.unwrap();
    assert!(index.contains("- `git.delete_branch`") && !index.contains("git.get_"), "{index}");
    joined.leave().await;
}

/// What somebody was let do, each by a word.
async fn done(joined: &Joined) -> BTreeSet<&'static str> {
    let mut done = BTreeSet::new();
    let mut note = |word, passed: bool| {
        if passed {
            done.insert(word);
        }
    };
    let client = &joined.client;
    note("list", client.list_all_resources().await.unwrap().iter().any(|known| known.uri == BELL));
    note("read", read(joined, BELL).await.is_ok());
    let templates = client.list_all_resource_templates().await.unwrap();
    note("templates", !templates.is_empty());
    note("docs", read(joined, "mosaic://operations/git.get_file").await.is_ok());
    let complete = async |reference, argument, typed| {
        let request = CompleteRequestParams::new(reference, ArgumentInfo::new(argument, typed));
        client.complete(request).await.is_ok_and(|found| !found.completion.values.is_empty())
    };
    let docs = Reference::for_resource("mosaic://operations/{name}");
    note("complete docs", complete(docs, "name", "git.").await);
    note("complete prompt", complete(Reference::for_prompt("review_pull_request"), "focus", "se").await);
    let prompts = client.list_all_prompts().await.unwrap();
    note("prompts", prompts.iter().any(|known| known.name == "review_pull_request"));
    let arguments = json!({ "owner": "acme", "name": "widget", "number": "7" });
    let filled = GetPromptRequestParams::new("review_pull_request")
        .with_arguments(arguments.as_object().unwrap().clone());
    note("get prompt", client.get_prompt(filled).await.is_ok());
    let tools = client.list_all_tools().await.unwrap();
    note("tools", tools.iter().any(|tool| tool.name == "own_ring"));
    note("search", found(joined, "ring bell").await.contains(&"own_ring".to_owned()));
    note("call", joined.call("own_ring", json!({})).await.is_error != Some(true));
    let through = json!({ "name": "own_ring", "arguments": {} });
    note("call through", joined.call("call_tool", through).await.is_error != Some(true));
    done
}

async fn found(joined: &Joined, query: &str) -> Vec<String> {
    let found = joined.call("search_tools", json!({ "query": query, "limit": 25 })).await;
    let found = found.structured_content.unwrap();
    found["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
#[expect(deprecated, reason = "clients of the protocols before that of 2026 subscribe so")]
async fn each_role_gets_of_each_surface_what_is_written_and_nothing_else() {
    let bell = ["list", "read", "subscribe"];
    let docs = ["complete docs", "docs", "templates"];
    let prompts = ["complete prompt", "get prompt", "prompts"];
    let tools = ["call", "call through", "search", "tools"];
    let rules = json!({
        "nobody": {},
        "other": { "allow": ["git:*:*", "state:*:*", "audit:read:*"] },
        "ringer": { "allow": ["mcp:read_resource:own://*"] },
        "scholar": { "allow": ["mcp:read_resource:mosaic://operations*"] },
        "reviewer": { "allow": ["mcp:get_prompt:review_*"] },
        "caller": { "allow": ["mcp:call_tool:own_*"] },
        "reader": { "allow": ["*:@read:*"] },
        "deaf": { "allow": ["*:*:*"], "deny": ["mcp:read_resource:OWN://*", "mcp:call_tool:*"] },
        "owner": { "allow": ["*:*:*"] },
    });
    let all = [&bell[..], &docs, &prompts, &tools].concat();
    let rows: [(&str, Vec<&str>); 9] = [
        ("nobody", vec![]),
        ("other", vec![]),
        ("ringer", bell.to_vec()),
        ("scholar", docs.to_vec()),
        ("reviewer", prompts.to_vec()),
        ("caller", tools.to_vec()),
        ("reader", [&bell[..], &docs, &prompts].concat()),
        ("deaf", [&docs[..], &prompts].concat()),
        ("owner", all),
    ];
    let access = Access::new(&roles(&rules)).unwrap();
    for (name, expected) in rows {
        let kept = Kept::default();
        let server = McpServer::builder()
            .tools(Own::new())
            .resources(Own::new())
            .resources(OperationDocs::new(OpSet::service(mosaic_core::types::ServiceKind::Git)))
            .prompts(Prompts::common())
            .acts_as(user(name))
            .gate(access.clone())
            .audit(Arc::new(kept.clone()))
            .build()
            .unwrap();
        let mut expected: BTreeSet<&str> = expected.into_iter().collect();
        let old = join(&server, Speaks::Old, Heard::default()).await;
        let subscribed = old.client.subscribe(SubscribeRequestParams::new(BELL)).await.is_ok();
        assert_eq!(subscribed, expected.remove("subscribe"), "{name}");
        kept.0.lock().clear();
        for joined in [old, join(&server, Speaks::New, Heard::default()).await] {
            assert_eq!(done(&joined).await, expected, "{name}");
            joined.leave().await;
            // Whoever asks for what it may not is told of; what a list leaves out is not.
            let records = std::mem::take(&mut *kept.0.lock());
            let (denied, made): (Vec<_>, Vec<_>) =
                records.into_iter().partition(|record| record.outcome == AuditOutcome::Denied);
            assert!(denied.iter().chain(&made).all(|record| record.principal.name() == name));
            // Called by its name, and by the tool that calls others.
            let calls: Vec<_> =
                made.iter().map(|record| (record.operation, record.subject.as_str())).collect();
            assert!(made.iter().all(|record| record.outcome == AuditOutcome::Made), "{made:?}");
            let rung = if expected.contains("call") { 2 } else { 0 };
            assert_eq!(calls, vec![("mcp.call_tool", "own_ring"); rung], "{name}");
            let denied: BTreeSet<_> =
                denied.into_iter().map(|record| format!("{} {}", record.operation, record.subject)).collect();
            let asked = [
                ("read", "mcp.read_resource own://bell"),
                ("docs", "mcp.read_resource mosaic://operations/git.get_file"),
                ("complete docs", "mcp.read_resource mosaic://operations/{name}"),
                ("get prompt", "mcp.get_prompt review_pull_request"),
                ("call", "mcp.call_tool own_ring"),
            ];
            let told = asked.iter().filter(|(word, _)| !expected.contains(word));
            assert_eq!(denied, told.map(|(_, text)| (*text).to_owned()).collect(), "{name}");
        }
    }
}

/// Takes records, and says of each what it is told to.
struct Slow(Kept, Option<ErrorKind>);

impl Ledger for Slow {
    fn enter(&self, record: AuditRecord) -> BoxFuture<'static, Result<()>> {
        let (kept, fails) = (self.0.clone(), self.1);
        Box::pin(async move {
            // Whoever does not wait has its answer before this.
            tokio::task::yield_now().await;
            kept.record(record);
            fails.map_or(Ok(()), |kind| Err(Error::new(kind, "it is not written")))
        })
    }
    fn lost(&self) -> u64 {
        0
    }
    fn settled(&self) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_write_of_an_own_tool_is_answered_when_it_is_written_down() {
    let rules = json!({ "owner": { "allow": ["*:*:*"] }, "guest": {} });
    let access = Access::new(&roles(&rules)).unwrap();
    for (name, fails) in [("owner", None), ("owner", Some(ErrorKind::Network)), ("guest", None)] {
        let kept = Kept::default();
        let server = McpServer::builder().tools(Own::new()).acts_as(user(name)).gate(access.clone());
        let server = server.audit_written(Arc::new(Slow(kept.clone(), fails))).build().unwrap();
        let joined = join(&server, Speaks::New, Heard::default()).await;
        let answer = joined.call("own_ring", json!({})).await;
        let records = std::mem::take(&mut *kept.0.lock());
        let expected = if name == "owner" { AuditOutcome::Made } else { AuditOutcome::Denied };
        assert_eq!(records.iter().map(|record| record.outcome).collect::<Vec<_>>(), [expected]);
        let failed = answer.is_error == Some(true);
        assert_eq!(failed, name == "guest" || fails.is_some(), "{answer:?}");
        if fails.is_some() {
            assert!(text(&answer).contains("audit record is not written"), "{answer:?}");
        }
        joined.leave().await;
    }
}

#[tokio::test]
async fn lists_and_the_search_leave_out_what_may_not_be_called() {
    let access = |allow: &[&str]| {
        let rule = json!({ "maintainer": { "allow": allow, "deny": ["git:delete_branch:*"] }, "guest": {} });
        roles(&rule)
    };
    let rules = Access::new(&access(&["git:@read:acme/*", "git:delete_branch:*"])).unwrap();
    let server = |name: &str| {
        McpServer::over(forge::forge().0).acts_as(user(name)).gate(rules.clone()).build().unwrap()
    };
    for speaks in Speaks::BOTH {
        let guest = join(&server("guest"), speaks, Heard::default()).await;
        assert!(guest.client.list_all_tools().await.unwrap().is_empty());
        assert!(found(&guest, "branch").await.is_empty());
        guest.leave().await;
    }
    let maintainer = join(&server("maintainer"), Speaks::New, Heard::default()).await;
    let names = async || -> Vec<String> {
        let tools = maintainer.client.list_all_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    };
    let listed = names().await;
    assert!(listed.contains(&"git_get_file".to_owned()) && !listed.contains(&"git_delete_branch".to_owned()));
    assert!(listed.iter().all(|name| name.starts_with("git_")), "{listed:?}");
    assert!(!found(&maintainer, "delete a branch").await.contains(&"git_delete_branch".to_owned()));

    // Other rules are another list, of which the client hears.
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    let mut news = maintainer.client.listen(filter).await.unwrap();
    rules.replace(&access(&["project:@read:*"])).unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), news.next()).await.unwrap();
    assert!(format!("{heard:?}").contains("ToolListChanged"), "{heard:?}");
    let listed = names().await;
    assert!(!listed.is_empty() && listed.iter().all(|name| name.starts_with("project_")), "{listed:?}");
    drop(news);
    maintainer.leave().await;
}

#[tokio::test]
async fn a_tool_of_a_node_is_shown_to_those_who_may_call_it_and_asked_about_when_it_is_called() {
    let access = roles(&json!({ "worker": { "allow": ["state:@read:*", "state:put_value:own/*"] } }));
    let node = Node::builder(MemoryStore::new()).access(access).open().await.unwrap();
    let server = node.server(forge::forge().0).acts_as(user("worker")).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let tools = joined.client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.name.starts_with("state_")), "{tools:?}");
    let writes = tools
        .iter()
        .filter(|tool| tool.annotations.as_ref().is_some_and(|hints| hints.read_only_hint != Some(true)));
    assert_eq!(writes.map(|tool| tool.name.as_ref()).collect::<Vec<_>>(), ["state_put_value"]);
    let put = async |key: &str| joined.call("state_put_value", json!({ "key": key, "value": 1 })).await;
    assert_ne!(put("own/a").await.is_error, Some(true));
    let denied = put("others/a").await;
    assert!(text(&denied).contains("state:put_value:others/a"), "{denied:?}");
    let hidden = joined.call("state_delete_value", json!({ "key": "own/a" })).await;
    assert!(text(&hidden).contains("permission_denied"), "{hidden:?}");
    joined.leave().await;
    node.close().await.unwrap();
}
