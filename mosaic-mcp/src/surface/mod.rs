//! What MCP clients see of Mosaic: tools, made from the catalogue and from nothing else.

mod call;
mod fault;
mod tools;

pub use call::{CallToolResult, Content};
pub use fault::Fault;
pub use tools::{Tool, ToolAnnotations, Tools, operation_of, tool_name};
