//! Row 11: what it costs to move on to the next provider.
//!
//! Both calls go through the whole orchestrator with the cache left alone, to two providers of which one refuses the
//! connection. Ours is the time of a call that fails on the first and is answered by the second, less the time of the same
//! call answered by the first: the failed attempt through all layers of its provider, the error with its trail, the
//! decision, the report. The errors are made anew in each layer that adds to them; the provider's own was made before.
//!
//! The peer is one whole miss of ours, with fill: see [`miss`](crate::miss).

use std::hint::black_box;
use std::sync::Arc;

use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::engine::cache::CacheConfig;
use mosaic_core::engine::route::Rule;
use mosaic_core::op::Git;
use mosaic_core::orchestrator::Orchestrator;
use tokio::runtime::Runtime;

use crate::Bench;
use crate::cache::{operation, orchestrator};
use crate::miss::misses;
use crate::provider::{Noop, rated};

const CALLS: usize = 10_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let runtime = &*runtime;
    let failing_first = pair(runtime, "broken", "works")?;
    let working_first = pair(runtime, "works", "broken")?;
    let whole = orchestrator(runtime, CacheConfig::default().stale)?;
    let bypass = || CallContext::new().cache(CacheUse::Bypass);
    let clients = (failing_first.with(bypass()).git(), working_first.with(bypass()).git(), whole.git());
    let [moved, direct, miss] = measure(
        options,
        [answered(runtime, &clients.0, 2), answered(runtime, &clients.1, 1), misses(runtime, &clients.2)],
    )?;
    let decision = moved.median - direct.median;
    report.ratio(
        "11",
        "failed attempt + decision / one whole miss",
        decision,
        miss.median,
        Goal::new(1.0, 0.5),
    );
    report.aside("for scale: the call that moves, in all", moved.median);
    report.aside("for scale: the call that need not", direct.median);
    runtime.block_on(async {
        failing_first.shutdown().await;
        working_first.shutdown().await;
        whole.shutdown().await;
    });
    Ok(())
}

fn pair(runtime: &Runtime, first: &str, second: &str) -> Result<Orchestrator> {
    let builder = Orchestrator::builder()
        .provider_with("broken", Arc::new(Noop::failing()), rated())
        .provider_with("works", Arc::new(Noop::answering()), rated())
        .default_rule(Rule::any().to(first).fallback([second]));
    Ok(runtime.block_on(builder.build())?)
}

fn answered<'a>(runtime: &'a Runtime, git: &'a Git<Orchestrator>, attempts: u32) -> Side<'a> {
    let operation = operation(7);
    Side::new(CALLS, move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let answer = black_box(git.get_repository(operation.clone()).await?);
                if answer.attempts() != attempts {
                    return Err(Fault::from(format!("{} attempts, not {attempts}", answer.attempts())));
                }
            }
            Ok(())
        })
    })
}
