//! The tools of remote servers among those of a server of our own.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::error::Result;
use mosaic_core::op::Caller;
use mosaic_core::types::{Effect, ProviderId};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use super::server::{reads, verb};
use super::servers::RemoteServers;
use super::tool::RemoteTool;
use crate::surface::{CallToolResult, Content, Fault, Tool, ToolCall, ToolSource};

/// What stands between the name of a server and that of its tool.
pub(super) const BETWEEN: &str = "__";

type List = Arc<[Arc<Tool>]>;

/// The tools of remote servers as a source of tools, each named after its server: `files__read_text_file`. Those of a server
/// that is dead are gone until it lives again. Made by [`RemoteServers::source`].
pub struct RemoteTools<C> {
    servers: RemoteServers,
    caller: C,
    changed: watch::Receiver<u64>,
    /// The list, and the state of the servers that it was made from.
    known: Mutex<Option<(u64, List)>>,
}

impl<C: Caller> RemoteTools<C> {
    pub(super) fn new(servers: RemoteServers, caller: C) -> Self {
        let changed = servers.changed();
        Self { servers, caller, changed, known: Mutex::new(None) }
    }

    fn list(&self) -> List {
        let tools = self.servers.offered(|server, service, config, tool| {
            let trusted = config.trust_hints;
            let effect = match () {
                () if reads(config, tool) => Effect::Read,
                () if trusted && tool.idempotent => Effect::Idempotent,
                () if trusted && !tool.destructive => Effect::Create,
                () => Effect::Irreversible,
            };
            Arc::new(shown(server, tool, effect).asks(service.as_str(), verb(config, tool)))
        });
        tools.into()
    }
}

fn shown(server: &ProviderId, tool: &RemoteTool, effect: Effect) -> Tool {
    let name = format!("{server}{BETWEEN}{}", tool.name);
    let mut shown = Tool::new(server.as_str(), name, &tool.description, effect, tool.input_schema.clone())
        .titled(tool.title.as_ref().unwrap_or(&tool.name));
    shown.output_schema = tool.output_schema.clone();
    shown
}

#[async_trait]
impl<C: Caller> ToolSource for RemoteTools<C> {
    fn tools(&self) -> List {
        let state = *self.changed.borrow();
        let mut known = self.known.lock();
        match &*known {
            Some((of, list)) if *of == state => Arc::clone(list),
            _ => {
                let list = self.list();
                *known = Some((state, Arc::clone(&list)));
                list
            }
        }
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        let effect = self.tool(&call.name).map_or(Effect::Irreversible, |tool| tool.effect);
        match self.answer(&call).await {
            Ok(answer) => result_of(answer),
            Err(error) => CallToolResult::fault(&Fault::new(&error, effect)),
        }
    }

    fn changed(&self) -> Option<watch::Receiver<u64>> {
        Some(self.servers.changed())
    }
}

impl<C: Caller> RemoteTools<C> {
    async fn answer(&self, call: &ToolCall) -> Result<Value> {
        let (server, tool) = call.name.split_once(BETWEEN).unwrap_or((&call.name, ""));
        let server = ProviderId::new(server)?;
        self.servers.call(&self.caller, &call.cx, &server, tool, call.arguments.clone()).await
    }
}

/// What a server said, in our words. Content of a kind that we have no word for stays JSON, as text.
fn result_of(mut answer: Value) -> CallToolResult {
    let pieces = match answer.get_mut("content").map(Value::take) {
        Some(Value::Array(pieces)) => pieces,
        _ => Vec::new(),
    };
    let mut result = CallToolResult::content(pieces.into_iter().map(content_of).collect());
    result.structured_content = answer.get_mut("structuredContent").map(Value::take);
    result
}

fn content_of(piece: Value) -> Content {
    let text = |name: &str| piece.get(name).and_then(Value::as_str);
    let bytes = || STANDARD.decode(text("data")?).ok();
    let read = match text("type") {
        Some("text") => text("text").map(Content::text),
        Some("image") => bytes().zip(text("mimeType")).map(|(data, kind)| Content::image(data, kind)),
        Some("audio") => bytes()
            .zip(text("mimeType"))
            .map(|(data, kind)| Content::Audio { data, mime_type: kind.to_owned() }),
        _ => None,
    };
    read.unwrap_or_else(|| Content::text(piece.to_string()))
}

impl<C> fmt::Debug for RemoteTools<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTools").field("servers", &self.servers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_server_said_is_said_again() {
        let said = json!({
            "content": [
                { "type": "text", "text": "hi" },
                { "type": "image", "data": "AQID", "mimeType": "image/png" },
                { "type": "image", "data": "no base64!", "mimeType": "image/png" },
                { "type": "resource_link", "uri": "file:///x", "name": "x" },
            ],
            "structuredContent": { "a": 1 },
        });
        let result = result_of(said);
        assert_eq!(result.structured_content, Some(json!({ "a": 1 })));
        assert_eq!(result.content[0], Content::text("hi"));
        assert_eq!(result.content[1], Content::image([1, 2, 3], "image/png"));
        for piece in &result.content[2..] {
            assert!(matches!(piece, Content::Text { text } if text.contains("type")), "{piece:?}");
        }
        assert!(result_of(json!({})).content.is_empty());
    }
}
