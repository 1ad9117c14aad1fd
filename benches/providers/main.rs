//! `cargo bench --bench providers [-- [--quick] [--gate] [ROW ..]]`: what a provider adds to a bare HTTP client.
//!
//! The vendor is a server on loopback in a process of its own (this program with `--serve`), so that its time is in no
//! figure. Both sides use one connection, the same bytes, one thread, and the CPU time of this process.

mod call;
mod pages;
mod vendor;

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
    /// Where the vendor is.
    url: String,
}

/// The rows that a group measures, and the group.
type Group = (&'static [&'static str], fn(&mut Bench) -> Result);

const GROUPS: [Group; 2] = [(&["call"], call::rows), (&["pages"], pages::rows)];

fn main() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if args.iter().any(|arg| arg == "--serve") {
        runtime.block_on(vendor::serve())?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::parse(args)?;
    if cfg!(debug_assertions) {
        println!("figures of a development build would say nothing; use cargo bench");
        return Ok(ExitCode::SUCCESS);
    }
    let vendor = vendor::Vendor::start()?;
    let mut bench = Bench { options, report: Report::begin(), runtime, url: vendor.url().to_owned() };
    for (rows, group) in GROUPS {
        if rows.iter().any(|row| bench.options.wants(row)) {
            group(&mut bench)?;
        }
    }
    let missed = bench.report.missed();
    println!("{missed} missed; written to {}", bench.report.write("providers")?.display());
    Ok(if bench.options.gate() && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
