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

use mosaic_benches::{Bench, Group, Options, Report, Result};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GROUPS: [Group<'static>; 6] = [
    (&["13", "14", "15"], &audit::rows),
    (&["16"], &sqlite::rows),
    (&["17"], &postgres::rows),
    (&["25"], &tasks::claims),
    (&["26"], &tasks::dispatch),
    (&["28"], &fanout::rows),
];

fn main() -> Result<ExitCode> {
    let Some(options) = Options::given()? else { return Ok(ExitCode::SUCCESS) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Bench { options, report: Report::begin_as("time per call, medians"), runtime }.run("state", &GROUPS)
}
