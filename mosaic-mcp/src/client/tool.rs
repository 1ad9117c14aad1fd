//! The tools of a server, as it listed them.

use std::collections::BTreeMap;

use mosaic_core::error::{Error, ErrorKind, Result};
use rmcp::model::{JsonObject, PaginatedRequestParams, Tool};
use rmcp::service::{Peer, RoleClient, ServiceError};
use serde::Serialize;
use serde_json::Value;

use super::failure::of_call;
use super::text::shown;

/// The most tools that are taken from a server.
const TOOLS: usize = 4_096;
/// The most pages that are asked for.
const PAGES: usize = 256;
/// The longest name of a tool, in bytes.
const NAME: usize = 256;

/// A tool of a remote server.
///
/// ```
/// use mosaic_mcp::client::RemoteTool;
///
/// fn line(tool: &RemoteTool) -> String {
///     format!("{}: {}", tool.name, tool.description)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RemoteTool {
    /// Its name at the server.
    pub name: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does; empty where the server does not say.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
    /// The JSON Schema of its structured answer, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// Whether the server says that it changes nothing.
    pub read_only: bool,
    /// Whether the server says that it only adds; true where it says nothing, as the protocol has it.
    pub destructive: bool,
    /// Whether the server says that calling it again changes nothing more.
    pub idempotent: bool,
}

impl From<Tool> for RemoteTool {
    fn from(tool: Tool) -> Self {
        let hints = tool.annotations.unwrap_or_default();
        let object =
            |schema: std::sync::Arc<JsonObject>| Value::Object(std::sync::Arc::unwrap_or_clone(schema));
        Self {
            name: tool.name.into_owned(),
            title: tool.title.or(hints.title),
            description: tool.description.map(|text| text.into_owned()).unwrap_or_default(),
            input_schema: object(tool.input_schema),
            output_schema: tool.output_schema.map(object),
            read_only: hints.read_only_hint.unwrap_or(false),
            destructive: hints.destructive_hint.unwrap_or(true),
            idempotent: hints.idempotent_hint.unwrap_or(false),
        }
    }
}

/// The tools of a server by name.
pub(super) type ToolList = BTreeMap<String, RemoteTool>;

/// Asks a server for all of its tools.
///
/// # Errors
/// `Protocol` where it has more than are taken, and where its pages do not end; else those of a call.
pub(super) async fn fetch(peer: &Peer<RoleClient>) -> Result<ToolList> {
    let mut tools = ToolList::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let asked = PaginatedRequestParams::default().with_cursor(cursor);
        let page = match peer.list_tools(Some(asked)).await {
            Ok(page) => page,
            // A server without tools need not know the question.
            Err(ServiceError::McpError(said)) if said.code == rmcp::model::ErrorCode::METHOD_NOT_FOUND => {
                return Ok(tools);
            }
            Err(error) => return Err(of_call(&error, true)),
        };
        for tool in page.tools {
            if tool.name.is_empty() || tool.name.len() > NAME || tool.name.chars().any(char::is_control) {
                tracing::warn!(target: "mosaic::mcp", name = shown(&tool.name), "a tool with such a name is left out");
                continue;
            }
            tools.insert(tool.name.to_string(), tool.into());
            if tools.len() > TOOLS {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    format!("the server has more than {TOOLS} tools"),
                ));
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(tools);
        }
    }
    Err(Error::new(ErrorKind::Protocol, format!("the list of tools has more than {PAGES} pages")))
}
