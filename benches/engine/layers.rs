//! Row 12: five layers of resilience, boxed at the ends.
//!
//! Ours are retry, breaker, limit (calls at once), timeout and load around the shortest provider, with a box before them and
//! one before the provider. The call exists already, as the number does that the peer is given; the line below it makes the
//! call anew each time, with its own read of the clock.
//!
//! The peer is tower's `load_shed`, `concurrency_limit`, `timeout`, `map_request` and `map_err` around a ready service that
//! adds to a number, in a `BoxCloneService`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::engine::stack::provider_path;
use mosaic_core::engine::{BoxStep, Call, Step};
use mosaic_core::op::Payload;
use mosaic_core::op::git::GetRepository;
use mosaic_core::types::ProviderId;
use tokio::runtime::Runtime;
use tower::util::BoxCloneService;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

use crate::Bench;
use crate::provider::{AT_ONCE, Ready, config};

const CALLS: usize = 40_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let runtime = &*runtime;
    let path = provider_path(ProviderId::new("noop")?, Arc::new(Ready::new()), config());
    let (cx, payload) = (CallContext::new(), Payload::new(GetRepository::new("acme", "widget")));
    let made = Call::new(cx.clone(), payload.clone());
    let [ours, making, peer] = measure(
        options,
        [
            same_call(runtime, &path, &made),
            calls(runtime, &path, || Call::new(cx.clone(), payload.clone())),
            five_boxed(runtime),
        ],
    )?;
    let goal = Goal::new(1.5, 1.0);
    report.ratio("12", "5 layers, boxed / tower 5, boxed", ours.median, peer.median, goal);
    report.ratio("12 made", "the same, call made each time", making.median, peer.median, Goal::NONE);
    Ok(())
}

fn same_call<'a>(runtime: &'a Runtime, path: &'a BoxStep, call: &'a Call) -> Side<'a> {
    Side::new(CALLS, move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(Step::call(path, black_box(call)).await?);
            }
            Ok(())
        })
    })
}

fn calls<'a>(runtime: &'a Runtime, path: &'a BoxStep, call: impl Fn() -> Call + 'a) -> Side<'a> {
    Side::new(CALLS, move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(Step::call(path, &call()).await?);
            }
            Ok(())
        })
    })
}

fn five_boxed(runtime: &Runtime) -> Side<'_> {
    let mut service = BoxCloneService::new(
        ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(AT_ONCE as usize)
            .timeout(Duration::from_secs(30))
            .map_request(|number: u64| number ^ 1)
            .map_err(|error: Fault| error)
            .service(service_fn(|number: u64| async move { Ok::<_, Fault>(black_box(number) + 1) })),
    );
    Side::new(CALLS, move |calls| {
        runtime.block_on(async {
            for number in 0..calls as u64 {
                black_box(service.ready().await?.call(number).await?);
            }
            Ok(())
        })
    })
}
