//! The servers that are compared: ours and one of the SDK alone, with the same two tools.
//!
//! `git_get_repository` takes the parameters of the operation and gives a repository. Behind ours stands the whole engine,
//! whose cache is passed by; behind the peer's a function. `add` adds two numbers on both sides: nothing but the surface.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{OpSet, Operation as _};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::Effect;
use mosaic_core::types::git::Repository;
use mosaic_mcp::surface::{CallToolResult, McpServer, Tool, ToolCall, ToolSource};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{Json, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The answer of both sides.
fn repository() -> Repository {
    Repository::new("acme", "widget", "main")
}

/// A provider that answers at once.
struct Forge(PluginInfo);

impl GitService for Forge {
    async fn get_repository(&self, _: &CallContext, _: GetRepository) -> mosaic_core::Result<Repository> {
        Ok(repository())
    }
}

impl Plugin for Forge {
    fn info(&self) -> &PluginInfo {
        &self.0
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
}

/// An orchestrator over one provider that answers at once.
pub(crate) async fn orchestrator() -> mosaic_core::Result<Orchestrator> {
    let forge = Forge(PluginInfo::new("forge", "1.0.0", OpSet::of(&[GetRepository::META])));
    Orchestrator::builder().provider("forge", Arc::new(forge)).build().await
}

/// Whoever calls: the cache is passed by, so that every call reaches the provider.
pub(crate) fn caller() -> CallContext {
    CallContext::new().cache(CacheUse::Bypass)
}

/// What is added, and what comes out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
struct Terms {
    a: i64,
    b: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
struct Sum {
    sum: i64,
}

/// A source of one small tool.
struct Adder(Arc<[Arc<Tool>]>);

impl Adder {
    fn new() -> Self {
        let number = json!({ "type": "integer", "format": "int64" });
        let terms =
            json!({ "type": "object", "properties": { "a": number, "b": number }, "required": ["a", "b"] });
        let sum = json!({ "type": "object", "properties": { "sum": number }, "required": ["sum"] });
        let tool = Tool::new("sums", "add", "Add two integers.", Effect::Read, terms).answers(sum);
        Self([Arc::new(tool)].into())
    }
}

#[async_trait]
impl ToolSource for Adder {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.0)
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        match serde_json::from_value::<Terms>(call.arguments) {
            Ok(Terms { a, b }) => CallToolResult::value(json!({ "sum": a.wrapping_add(b) })),
            Err(error) => {
                CallToolResult::content(vec![mosaic_mcp::surface::Content::text(error.to_string())])
            }
        }
    }
}

/// Ours: all operations of the catalogue, and the small tool.
pub(crate) fn ours(mosaic: Orchestrator) -> mosaic_core::Result<McpServer> {
    McpServer::over(mosaic).tools(Adder::new()).acts_as(caller()).build()
}

/// The peer: a server as the SDK's macros make it.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    router: ToolRouter<Self>,
}

#[tool_router(router = router)]
impl Bare {
    pub(crate) fn new() -> Self {
        Self { router: Self::router() }
    }

    #[tool(name = "git_get_repository", description = "Fetch one repository.")]
    async fn get_repository(&self, params: Parameters<GetRepository>) -> Result<Json<Repository>, String> {
        drop(std::hint::black_box(params));
        Ok(Json(repository()))
    }

    #[tool(name = "add", description = "Add two integers.")]
    async fn add(&self, params: Parameters<Terms>) -> Result<Json<Sum>, String> {
        let Parameters(Terms { a, b }) = params;
        Ok(Json(Sum { sum: a.wrapping_add(b) }))
    }
}

#[tool_handler(router = self.router)]
impl ServerHandler for Bare {}
