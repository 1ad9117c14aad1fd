//! `cargo bench --bench mcp [-- [--quick] [--gate] [ROW ..]]`: the surface against the SDK below it.
//!
//! The figures are CPU time per call: of this process in memory, of the server's thread over HTTP. The hop through a gateway is
//! wall-clock time, since that is what a client waits. Peers are servers of the SDK alone, with the same tools and the same clients.

mod duplex;
mod gateway;
mod http;
mod servers;
mod typed;
mod wire;

use std::process::ExitCode;

use mosaic_benches::{Bench, Group, Options, Report, Result};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GROUPS: [Group<'static>; 4] =
    [(&["18"], &typed::rows), (&["19"], &duplex::rows), (&["20"], &http::rows), (&["21"], &gateway::rows)];

fn main() -> Result<ExitCode> {
    let Some(options) = Options::given()? else { return Ok(ExitCode::SUCCESS) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Bench { options, report: Report::begin_as("time per call, medians"), runtime }.run("mcp", &GROUPS)
}
