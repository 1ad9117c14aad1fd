//! Mosaic as a server entry of any MCP client, over standard input and output.
//!
//! `cargo run --example mcp_stdio --features mcp -- FOLDER`, and in the configuration of a client:
//!
//! ```json
//! { "mcpServers": { "mosaic": { "command": "mcp_stdio", "args": ["FOLDER"] } } }
//! ```
//!
//! Below the folder are a git forge, pipelines, documents and a tracker, all on this disk.

use mosaic::mcp::surface::Menu;
use mosaic::prelude::*;

#[path = "mcp_http/desk.rs"]
mod desk;

#[tokio::main]
async fn main() -> mosaic::Result<()> {
    let folder =
        std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("mosaic-mcp"), Into::into);
    let mosaic = desk::mosaic(&folder).await?;
    // Whoever starts this program may do what it may do. The list stays small; `search_tools` finds the rest.
    let server = mosaic::mcp::server(&mosaic)
        .acts_as(CallContext::new())
        .menu(Menu::all().first(["git_*", "project_*"]).budget(16_000))
        .instructions(
            "Git, pipelines, documents and issues of this machine. `search_tools` finds what is not listed.",
        )
        .build()?;
    server.serve_stdio(Default::default()).await?;
    mosaic.shutdown().await;
    Ok(())
}
