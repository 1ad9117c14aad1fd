//! Row 3: a call that the cache cannot answer: everything but the provider.
//!
//! Ours is a typed call on a client with parameters that were never asked for, through the whole orchestrator: what a hit
//! does (see [`cache`](crate::cache)), then single flight, notes of tags, routing, failover, and around the provider retry,
//! breaker, limits of the rate (governor inside) and of the calls at once, timeout, load; the typed handler; then the
//! answer is put into the cache. The provider answers with an empty value that allocates nothing.
//!
//! The peer does the same work with the crates that one would take for it, in one function: `moka::sync` look-up with a
//! key made before, governor's direct check (with its fast clock), tower's `load_shed`, `concurrency_limit`, `timeout`,
//! `map_request` and `map_err` around a service that is ready and answers with the same empty value, and the insertion
//! into moka. It neither routes, breaks, retries, coalesces, counts nor audits.
//!
//! "as written" leaves the peer's insertion out, as the table of goals does, and keeps ours in; "no fill" leaves the cache
//! out of both.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use mosaic_benches::{Fault, Goal, Result, Side, measure, timed};
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::engine::cache::CacheConfig;
use mosaic_core::op::Git;
use mosaic_core::op::git::GetRepository;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::git::Repository;
use tokio::runtime::Runtime;
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

use crate::Bench;
use crate::cache::{key, moka, operation, orchestrator};
use crate::provider::{AT_ONCE, PER_SECOND, nothing};

const CALLS: usize = 10_000;

/// The row and its two variants.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let runtime = &*runtime;
    let mosaic = orchestrator(runtime, CacheConfig::default().stale)?;
    let git = mosaic.git();
    let bypassing = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    let [ours, bypass, full, literal, bare] = measure(
        options,
        [
            misses(runtime, &git),
            misses(runtime, &bypassing),
            peer(runtime, Cached::Filled)?,
            peer(runtime, Cached::Looked)?,
            peer(runtime, Cached::Not)?,
        ],
    )?;
    let goal = Goal::new(1.5, 0.8);
    report.ratio(
        "3",
        "miss with fill / tower 5 + governor + moka get, insert",
        ours.median,
        full.median,
        goal,
    );
    report.ratio(
        "3 as written",
        "miss with fill / tower 5 + governor + moka get",
        ours.median,
        literal.median,
        goal,
    );
    report.ratio("3 no fill", "cache bypassed / tower 5 + governor", bypass.median, bare.median, goal);
    runtime.block_on(mosaic.shutdown());
    Ok(())
}

/// Calls with parameters that were never asked for.
pub(crate) fn misses<'a>(runtime: &'a Runtime, git: &'a Git<Orchestrator>) -> Side<'a> {
    let mut asked = 0;
    Side::prepared(CALLS, move |calls| {
        let operations: Vec<_> = (asked..asked + calls).map(operation).collect();
        asked += calls;
        timed(|| {
            runtime.block_on(async {
                for operation in operations {
                    black_box(git.get_repository(operation).await?);
                }
                Ok(())
            })
        })
    })
}

/// What the peer does about a cache.
#[derive(Clone, Copy, PartialEq)]
enum Cached {
    Not,
    Looked,
    Filled,
}

fn peer(runtime: &Runtime, cached: Cached) -> Result<Side<'_>> {
    let cache = moka::<Arc<Repository>>();
    let limiter = limiter()?;
    let mut service = five();
    let mut asked = 0;
    Ok(Side::prepared(CALLS, move |calls| {
        let requests: Vec<_> = (asked..asked + calls).map(|at| (key(at), operation(at))).collect();
        asked += calls;
        timed(|| {
            runtime.block_on(async {
                for (key, operation) in requests {
                    if cached != Cached::Not && cache.get(&key).is_some() {
                        continue;
                    }
                    limiter.check().map_err(|_| Fault::from("the rate is used up"))?;
                    let answer = black_box(service.ready().await?.call(operation).await?);
                    if cached == Cached::Filled {
                        cache.insert(key, Arc::new(answer));
                    }
                }
                Ok(())
            })
        })
    }))
}

fn limiter() -> Result<RateLimiter<NotKeyed, InMemoryState, DefaultClock>> {
    let rate = NonZeroU32::new(PER_SECOND).ok_or("the rate is zero")?;
    Ok(RateLimiter::direct(Quota::per_second(rate)))
}

/// Tower's five layers around a service that is ready.
fn five() -> impl Service<GetRepository, Response = Repository, Error = Fault> {
    ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(AT_ONCE as usize)
        .timeout(Duration::from_secs(30))
        .map_request(|operation: GetRepository| operation)
        .map_err(|error: Fault| error)
        .service(service_fn(|operation: GetRepository| async move {
            drop(black_box(operation));
            Ok::<_, Fault>(nothing())
        }))
}
