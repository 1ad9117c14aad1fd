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

use mosaic_benches::{Options, Report, Result};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What every group of rows is given.
struct Bench {
    options: Options,
    report: Report,
    runtime: Runtime,
}

/// The rows that a group measures, and the group.
type Group = (&'static [&'static str], fn(&mut Bench) -> Result);

const GROUPS: [Group; 4] =
    [(&["18"], typed::rows), (&["19"], duplex::rows), (&["20"], http::rows), (&["21"], gateway::rows)];

fn main() -> Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    if cfg!(debug_assertions) {
        println!("figures of a development build would say nothing; use cargo bench");
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut bench = Bench { options, report: Report::begin_as("time per call, medians"), runtime };
    for (rows, group) in GROUPS {
        if rows.iter().any(|row| bench.options.wants(row)) {
            group(&mut bench)?;
        }
    }
    let missed = bench.report.missed();
    println!("{missed} missed; written to {}", bench.report.write("mcp")?.display());
    Ok(if bench.options.gate() && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
