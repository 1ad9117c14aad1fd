//! A server for the tests, played by the SDK: in this process, or by this very program started as a child.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic_mcp::client::CommandConfig;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What it can do, and what it remembers.
#[derive(Clone)]
pub(super) struct Played {
    calls: Arc<AtomicU64>,
    learned: watch::Sender<bool>,
}

impl Played {
    pub(super) fn new() -> Self {
        Self { calls: Arc::default(), learned: watch::Sender::new(false) }
    }

    fn tools(&self) -> Vec<Tool> {
        let mut tools = vec![
            tool("echo").with_annotations(ToolAnnotations::new().read_only(true)),
            tool("count"),
            tool("fail"),
            tool("crash"),
            tool("hang"),
            tool("variable"),
            tool("child"),
            tool("big"),
            tool("learn"),
        ];
        if *self.learned.borrow() {
            tools.push(tool("learned"));
        }
        tools
    }
}

fn tool(name: &'static str) -> Tool {
    let schema = json!({ "type": "object", "properties": {} });
    Tool::new(name, format!("Plays {name}."), schema.as_object().cloned().unwrap_or_default())
}

fn answer(value: Value) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(value.to_string())]);
    result.structured_content = Some(value);
    result
}

fn text<'a>(arguments: &'a JsonObject, name: &str) -> &'a str {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl ServerHandler for Played {
    fn get_info(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        ServerConfig::new(tools)
    }

    async fn list_tools(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // Four on a page, so that there are several.
        let from: usize = asked.and_then(|asked| asked.cursor?.parse().ok()).unwrap_or(0);
        let tools = self.tools();
        let mut page = ListToolsResult::with_all_items(tools.iter().skip(from).take(4).cloned().collect());
        page.next_cursor = (from + 4 < tools.len()).then(|| (from + 4).to_string());
        Ok(page)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let given = request.arguments.unwrap_or_default();
        let result = match &*request.name {
            "echo" => answer(Value::from(given)),
            "count" => answer(json!({ "calls": self.calls.fetch_add(1, Ordering::SeqCst) + 1 })),
            "fail" => CallToolResult::error(vec![ContentBlock::text("there is no\nsuch file")]),
            "crash" => std::process::exit(7),
            "hang" => {
                context.ct.cancelled().await;
                std::fs::write(text(&given, "file"), "given up").unwrap();
                answer(json!({}))
            }
            "variable" => {
                let name = text(&given, "name");
                answer(
                    json!({ "value": std::env::var(name).ok(), "arguments": std::env::args().collect::<Vec<_>>() }),
                )
            }
            "child" => {
                let child = tokio::process::Command::new("sleep").arg("1000").spawn().unwrap();
                answer(json!({ "pid": child.id() }))
            }
            "big" => {
                let bytes = given["bytes"].as_u64().unwrap_or_default();
                answer(json!({ "text": "x".repeat(usize::try_from(bytes).unwrap()) }))
            }
            "learn" => {
                self.learned.send_replace(true);
                // Revisions before 2026-07-28 hear it without asking.
                let _ = context.peer.notify_tool_list_changed().await;
                answer(json!({}))
            }
            name => return Err(ErrorData::invalid_params(format!("there is no tool {name}"), None)),
        };
        Ok(result.into())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut learned = self.learned.subscribe();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                _ = learned.changed() => {
                    if context.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// This program as a child that plays the server. What the test harness prints goes nowhere: the server writes to the third
/// descriptor.
pub(super) fn command() -> CommandConfig {
    let this: PathBuf = std::env::current_exe().unwrap();
    CommandConfig::new("sh")
        .arg("-c")
        .arg(r#"exec 3>&1 1>/dev/null; exec "$0" --ignored --exact client::play::plays_a_server --nocapture"#)
        .arg(this.display().to_string())
}

#[tokio::test]
#[ignore = "started by other tests, as a child"]
async fn plays_a_server() {
    let output = tokio::net::unix::pipe::OpenOptions::new().open_sender("/proc/self/fd/3").unwrap();
    eprintln!("the server plays");
    let running = Played::new().serve((tokio::io::stdin(), output)).await.unwrap();
    running.waiting().await.unwrap();
}
