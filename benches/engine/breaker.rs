//! Row 9: asking a closed breaker and telling it the result.
//!
//! Ours is one shared cell with a window of 64 calls, shares of failed and of slow calls, and failures in a row; every
//! result is a success that is not slow. The time comes in, as it does in the request path; "own clock" reads it before
//! and after.
//!
//! The peers are `failsafe` around a closure that succeeds, and `tower-resilience-circuitbreaker` with a window of 100
//! around a ready service, which has its call inside.

use std::hint::black_box;
use std::time::Duration;

use failsafe::CircuitBreaker as _;
use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_core::engine::breaker::{BreakerCell, BreakerConfig};
use mosaic_core::error::Verdict;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use crate::Bench;

const CALLS: usize = 100_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let start = Instant::now();
    let cell = BreakerCell::new(BreakerConfig::default(), start);
    let other = BreakerCell::new(BreakerConfig::default(), start);
    let failsafe = failsafe::Config::new().build();
    let mut now = start;
    let [ours, clocked, simple, resilient] = measure(
        options,
        [
            Side::each(CALLS, |_| {
                now += Duration::from_micros(1);
                let permit = black_box(&cell).ask(now)?;
                Ok::<_, Duration>(permit.record(Verdict::Success, Duration::from_millis(1), || now))
            }),
            Side::each(CALLS, |_| {
                let began = Instant::now();
                let permit = black_box(&other).ask(began)?;
                let ended = Instant::now();
                Ok::<_, Duration>(permit.record(Verdict::Success, ended - began, || ended))
            }),
            Side::each(CALLS, |at| failsafe.call(|| Ok::<_, ()>(at))),
            tower_resilience(runtime)?,
        ],
    )?;
    if cell.times_opened() + other.times_opened() > 0 {
        return Err("the breaker opened".into());
    }
    report.ratio("9", "breaker ask + record / failsafe", ours.median, simple.median, Goal::must(0.3));
    let name = "breaker ask + record / tower-resilience";
    report.ratio("9 resilience", name, ours.median, resilient.median, Goal::must(0.1));
    report.moon("9 absolute", "breaker ask + record / 12 ns", ours.median, 12.0);
    report.ratio("9 clock", "the same, own clock / failsafe", clocked.median, simple.median, Goal::NONE);
    Ok(())
}

fn tower_resilience(runtime: &Runtime) -> Result<Side<'_>> {
    let layer =
        CircuitBreakerLayer::builder().failure_rate_threshold(0.5).sliding_window_size(100).build()?;
    let ready = service_fn(|number: u64| async move { Ok::<_, Fault>(black_box(number) + 1) });
    let mut service = ServiceBuilder::new().layer(layer).service(ready);
    Ok(Side::new(CALLS / 4, move |calls| {
        runtime.block_on(async {
            for number in 0..calls as u64 {
                black_box(service.ready().await?.call(number).await?);
            }
            Ok(())
        })
    }))
}
