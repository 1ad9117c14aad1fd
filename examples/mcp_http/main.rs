//! Mosaic as an MCP server over HTTP, mounted at `/mcp` beside an application's own routes.
//!
//! `cargo run --example mcp_http --features mcp -- [--port N] [--folder PATH] [--conformance]`. It listens on loopback, so that
//! nobody has to be authenticated: every client acts as this program. With `--conformance` the server also offers what the
//! official conformance suite looks for.

mod desk;
mod fixtures;

use std::path::PathBuf;

use axum::Router;
use axum::routing::get;
use mosaic::mcp::surface::HttpOptions;
use mosaic::prelude::*;
use tokio::net::TcpListener;

/// What the command line says.
struct Wanted {
    port: u16,
    folder: PathBuf,
    conformance: bool,
}

fn wanted() -> Result<Wanted, String> {
    let folder = std::env::temp_dir().join("mosaic-mcp");
    let mut wanted = Wanted { port: 8642, folder, conformance: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--port" => wanted.port = value()?.parse().map_err(|error| format!("--port: {error}"))?,
            "--folder" => wanted.folder = value()?.into(),
            "--conformance" => wanted.conformance = true,
            _ => return Err(format!("{word:?} is none of --port N, --folder PATH, --conformance")),
        }
    }
    Ok(wanted)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = wanted()?;
    let mosaic = desk::mosaic(&wanted.folder).await?;
    let mut server = mosaic::mcp::server(&mosaic).acts_as(CallContext::new());
    if wanted.conformance {
        server = fixtures::add(server);
    }
    // Pages that this machine serves may call it; those of the web may not.
    let origins = ["http://localhost:*", "http://127.0.0.1:*"];
    let http = server.build()?.http(HttpOptions::new().origins(origins))?;

    let app = Router::new().route("/", get("An application, with Mosaic at /mcp.\n"));
    let listener = TcpListener::bind(("127.0.0.1", wanted.port)).await?;
    println!("http://{}/mcp", listener.local_addr()?);
    http.serve_beside(app, listener, Default::default()).await?;
    mosaic.shutdown().await;
    Ok(())
}
