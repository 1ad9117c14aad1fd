//! What MCP clients see of Mosaic: tools, made from the catalogue and from nothing else; resources and prompts beside them;
//! and the server that speaks the protocol, over standard input and output and over HTTP.

mod call;
mod content;
mod fault;
mod functions;
mod guard;
mod handler;
#[cfg(feature = "http")]
mod http;
mod lasting;
mod log;
mod menu;
mod meta;
mod page;
mod prompts;
mod reached;
mod requester;
mod resources;
mod rounds;
mod server;
mod source;
mod tools;
mod wire;

#[cfg(feature = "http")]
pub use self::http::{Authenticate, ConnectionOptions, HttpLoad, HttpOptions, McpHttp};
pub use call::CallToolResult;
pub use content::Content;
pub use fault::Fault;
pub use functions::Functions;
pub use guard::Sight;
pub use lasting::Lasting;
pub use log::LogLevel;
pub use menu::Menu;
#[cfg(any(feature = "http", feature = "stdio"))]
pub(crate) use meta::IDEMPOTENCY_KEY;
pub use prompts::{Prompt, PromptArgument, PromptMessage, PromptRole, PromptSource, Prompts};
pub use requester::{Question, Reply, Requester};
pub use resources::{AuditHeads, OperationDocs, Resource, ResourceContent, ResourceSource, ResourceTemplate};
pub(crate) use server::Servers;
pub use server::{Confirm, McpServer, McpServerBuilder};
pub use source::{Operations, ToolCall, ToolSource};
pub use tools::{Tool, ToolAnnotations, Tools, operation_of, tool_name};
