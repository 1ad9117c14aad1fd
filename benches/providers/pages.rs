//! Row `pages`: 10,000 repositories as one stream, page by page, through the whole engine; memory stays where it was.
//!
//! The time of an item is compared with bare reqwest and serde over the same pages. What is held in memory is looked at
//! after each page: once the first tenth is read, it may not grow by more than 2 MiB to the end, or the bench fails.

use futures_util::StreamExt as _;
use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::op::git::ListRepositories;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::PageRequest;

use crate::Bench;
use crate::vendor::REPOSITORIES;

/// What may be added after the first tenth.
const GROWTH: usize = 2 << 20;

/// The row.
pub(crate) fn rows(bench: &mut Bench, url: &str) -> Result {
    let Bench { options, report, runtime } = bench;
    let mosaic =
        runtime.block_on(Orchestrator::builder().provider("github", crate::call::provider(url)?).build())?;
    let cx = CallContext::new().cache(CacheUse::Bypass);
    let (mut seen, mut at_tenth, mut most) = (0, 0, 0);
    runtime.block_on(each(&mosaic, &cx, REPOSITORIES, |_| {
        seen += 1;
        if seen % 100 == 0 {
            let held = resident().unwrap_or(usize::MAX);
            if seen == REPOSITORIES / 10 {
                at_tenth = held;
            }
            most = most.max(held);
        }
    }))?;
    if seen != REPOSITORIES {
        return Err(format!("{seen} of {REPOSITORIES} repositories came").into());
    }
    let growth = most.saturating_sub(at_tenth);
    report.aside("for scale: bytes in memory after the first tenth", at_tenth as f64);
    report.aside("for scale: bytes added by the other nine", growth as f64);
    if growth > GROWTH {
        return Err(
            format!("listing {REPOSITORIES} repositories holds {growth} bytes more at its end").into()
        );
    }

    let plain = reqwest::Client::builder().no_proxy().build()?;
    let ours = Side::new(REPOSITORIES, |items| {
        runtime.block_on(each(&mosaic, &cx, items, |name| {
            std::hint::black_box(name);
        }))
    });
    let peer = Side::new(REPOSITORIES, |items| {
        runtime.block_on(async {
            for page in 1..=items.div_ceil(100) {
                let address = format!("{url}/user/repos?page={page}&per_page=100");
                let body = plain.get(address).send().await?.error_for_status()?.bytes().await?;
                std::hint::black_box(serde_json::from_slice::<Vec<crate::call::Plain>>(&body)?);
            }
            Ok(())
        })
    });
    let [ours, peer] = measure(options, [ours, peer])?;
    report.ratio(
        "pages",
        "one of 10,000 repositories / reqwest and serde",
        ours.median,
        peer.median,
        Goal::NONE,
    );
    runtime.block_on(mosaic.shutdown());
    Ok(())
}

async fn each(mosaic: &Orchestrator, cx: &CallContext, items: usize, mut visit: impl FnMut(&str)) -> Result {
    let mut list = ListRepositories::new();
    list.page = PageRequest::first(100);
    let mut all = Box::pin(mosaic.with(cx.clone()).git().all(list, items));
    while let Some(repository) = all.next().await {
        visit(&repository?.repo.name);
    }
    Ok(())
}

/// The bytes of this process that are in memory.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kib| kib * 1024)
}
