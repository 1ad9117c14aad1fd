//! `cargo bench --bench providers [-- [--quick] [--gate] [ROW ..]]`: what a provider adds to a bare HTTP client.
//!
//! The vendor is a server on loopback in a process of its own (this program with `--serve`), so that its time is in no
//! figure. Both sides use one connection, the same bytes, one thread, and the CPU time of this process.

mod call;
mod pages;
mod vendor;

use std::process::ExitCode;

use mosaic_benches::{Bench, Options, Report, Result};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if std::env::args().any(|arg| arg == "--serve") {
        runtime.block_on(vendor::serve())?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(options) = Options::given()? else { return Ok(ExitCode::SUCCESS) };
    let vendor = vendor::Vendor::start()?;
    let url = vendor.url();
    let bench = Bench { options, report: Report::begin(), runtime };
    bench.run(
        "providers",
        &[(&["call"], &|bench| call::rows(bench, url)), (&["pages"], &|bench| pages::rows(bench, url))],
    )
}
