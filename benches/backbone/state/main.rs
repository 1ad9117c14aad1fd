//! `cargo bench --bench state [-- [--quick] [--gate] [ROW ..]]`: the state of the backbone against what is below it.
//!
//! The figures of the stores are wall-clock time per call, since waiting for the disk is most of it; all sides write to the same
//! disk, one round in turn. Values have 450 bytes. What happens in memory alone is CPU time.

mod audit;
mod fanout;
mod postgres;
mod server;
mod sqlite;
mod tasks;

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

const GROUPS: [Group; 6] = [
    (&["13", "14", "15"], audit::rows),
    (&["16"], sqlite::rows),
    (&["17"], postgres::rows),
    (&["25"], tasks::claims),
    (&["26"], tasks::dispatch),
    (&["28"], fanout::rows),
];

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
    println!("{missed} missed; written to {}", bench.report.write("state")?.display());
    Ok(if bench.options.gate() && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
