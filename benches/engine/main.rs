//! `cargo bench --bench engine [-- [--quick] [--gate] [ROW ..]]`: the request path and its parts against their peers.
//!
//! The rows are those of the table of goals. Each file says of its rows what is inside the figure and what is not. Both
//! sides run in this program, one round in turn, on one thread, with the same allocator, warm.

mod balance;
mod breaker;
mod budget;
mod cache;
mod condition;
mod explain;
mod failover;
mod layers;
mod miss;
mod proof;
mod provider;
mod reload;
mod routing;

use std::process::ExitCode;
use std::time::Instant;

use mosaic_benches::{Bench, Group, Options, Report, Result, Side, measure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GROUPS: [Group<'static>; 13] = [
    (&[], &clock),
    (&["1", "2"], &cache::rows),
    (&["3"], &miss::rows),
    (&["4"], &routing::rows),
    (&["5"], &condition::rows),
    (&["6"], &proof::rows),
    (&["7"], &balance::rows),
    (&["9"], &breaker::rows),
    (&["10"], &budget::rows),
    (&["11"], &failover::rows),
    (&["12"], &layers::rows),
    (&["36"], &explain::rows),
    (&["37"], &reload::rows),
];

fn main() -> Result<ExitCode> {
    let Some(options) = Options::given()? else { return Ok(ExitCode::SUCCESS) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    Bench { options, report: Report::begin(), runtime }.run("engine", &GROUPS)
}

fn clock(bench: &mut Bench) -> Result {
    let [clock] = measure(&bench.options, [Side::each(200_000, |_| Instant::now())])?;
    bench.report.aside("for scale: one read of the clock", clock.median);
    Ok(())
}
