//! The servers behind the gateway: a child process that adds, and another Mosaic over HTTP with a forge of two lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use mosaic::mcp::surface::{
    CallToolResult, Content, HttpOptions, McpHttp, McpServer, Tool, ToolCall, ToolSource,
};
use mosaic::op::{Direct, OpSet, Operation as _};
use mosaic::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic::prelude::*;
use mosaic::types::Effect;
use mosaic::types::git::Repository;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Done;

/// A server on a port of loopback.
pub(crate) struct Listening {
    pub(crate) url: String,
    http: McpHttp,
    stop: CancellationToken,
    task: JoinHandle<mosaic::Result<()>>,
}

impl Listening {
    /// Serves beside the routes of an application.
    pub(crate) async fn start(http: McpHttp, app: Router) -> Done<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let stop = CancellationToken::default();
        let (serving, token) = (http.clone(), stop.clone());
        let task = tokio::spawn(async move { serving.serve_beside(app, listener, token).await });
        Ok(Self { url, http, stop, task })
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Done {
        self.http.close();
        self.stop.cancel();
        Ok(self.task.await??)
    }
}

/// The child: serves sums over standard input and output until it is closed.
pub(crate) async fn sums() -> mosaic::Result<()> {
    let server = McpServer::builder().tools(Sums::new()).acts_as(CallContext::new()).build()?;
    server.serve_stdio(CancellationToken::default()).await
}

struct Sums(Arc<[Arc<Tool>]>);

impl Sums {
    fn new() -> Self {
        let number = json!({ "type": "number" });
        let two =
            json!({ "type": "object", "properties": { "a": number, "b": number }, "required": ["a", "b"] });
        let add = Tool::new("sums", "add", "Add two numbers.", Effect::Read, two);
        let none = json!({ "type": "object", "properties": {} });
        let fail = Tool::new("sums", "fail", "Fail.", Effect::Create, none);
        Self([Arc::new(add), Arc::new(fail)].into())
    }
}

#[async_trait]
impl ToolSource for Sums {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.0)
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        let number = |name: &str| call.arguments[name].as_i64();
        match (call.name.as_str(), number("a"), number("b")) {
            ("add", Some(a), Some(b)) => CallToolResult::value(json!({ "sum": a.saturating_add(b) })),
            _ => {
                let mut failed = CallToolResult::content(vec![Content::text("it does not add up")]);
                failed.is_error = true;
                failed
            }
        }
    }
}

/// Another Mosaic over HTTP, and how often its forge was asked.
pub(crate) async fn forge() -> Done<(Listening, Arc<AtomicUsize>)> {
    let asked = Arc::new(AtomicUsize::new(0));
    let info = PluginInfo::new("forge", "1.0.0", OpSet::of(&[GetRepository::META]));
    let direct = Arc::new(Direct::new(Arc::new(Forge { info, asked: Arc::clone(&asked) })));
    let server = McpServer::over(direct).acts_as(CallContext::new()).build()?;
    let listening = Listening::start(server.http(HttpOptions::new())?, Router::new()).await?;
    Ok((listening, asked))
}

struct Forge {
    info: PluginInfo,
    asked: Arc<AtomicUsize>,
}

impl GitService for Forge {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> mosaic::Result<Repository> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Repository::of(op.repo, "main"))
    }
}

impl Plugin for Forge {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
}
