//! Rows 1 and 2: an answer from the cache.
//!
//! Ours is a typed call on a client through the whole orchestrator, driven by `block_on` of one thread: identity; the key of
//! tenant, operation, parameters and credential is digested; the entry is found, its freshness and its tags are checked;
//! the wait is timed; counters; the typed answer with its report is made and dropped. The client is made before. So is the
//! key of the peer; a call of ours needs parameters of its own each time, so what making and dropping them costs alone is
//! measured in the same rounds and taken off.
//!
//! The peer is the bare look-up `moka::sync::Cache<String, Arc<Repository>>::get` with a time to live, its String key made
//! before, of the same capacity and with the same keys in the same order; all its look-ups are hits. What ours forgot is
//! asked for again within the figure: the share of hits is printed below. `quick_cache`, which knows no time, is there for
//! scale.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use mosaic_benches::{Goal, Numbers, Result, Side, measure};
use mosaic_core::engine::cache::CacheConfig;
use mosaic_core::op::git::GetRepository;
use mosaic_core::op::{CacheState, Git};
use mosaic_core::orchestrator::Orchestrator;
use tokio::runtime::Runtime;

use crate::Bench;
use crate::provider::{Noop, nothing, rated};

/// How much the caches hold, for both sides.
pub(crate) const CAPACITY: u64 = 20_000;

const KEYS: usize = 10_000;
const CALLS: usize = 40_000;

/// Parameters of the call with this number.
pub(crate) fn operation(number: usize) -> GetRepository {
    GetRepository::new(format!("org-{:04}", number % 1013), format!("repo-{number:06}"))
}

/// What the peer knows the same call by.
pub(crate) fn key(number: usize) -> String {
    format!("tenant-{:03}/github/repos/org-{:04}/repo-{number:06}", number % 97, number % 1013)
}

/// An orchestrator over one provider that does nothing.
pub(crate) fn orchestrator(runtime: &Runtime, stale: Duration) -> Result<Orchestrator> {
    let cache = CacheConfig { capacity: CAPACITY, stale, ..CacheConfig::default() };
    let builder =
        Orchestrator::builder().cache(cache).provider_with("noop", Arc::new(Noop::answering()), rated());
    Ok(runtime.block_on(builder.build())?)
}

/// The cache of the peer.
pub(crate) fn moka<T: Clone + Send + Sync + 'static>() -> moka::sync::Cache<String, T> {
    moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(Duration::from_secs(3600)).build()
}

/// Both rows, on a hot set of 64 keys and on 10,000 keys in random order.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let operations: Vec<_> = (0..KEYS).map(operation).collect();
    let keys: Vec<_> = (0..KEYS).map(key).collect();
    let mut numbers = Numbers::default();
    for (set, count) in [("hot", 64), ("10k", KEYS)] {
        let order = numbers.many(1 << 16, count);
        let armed = orchestrator(runtime, CacheConfig::default().stale)?;
        let plain = orchestrator(runtime, Duration::ZERO)?;
        let (git, plain_git) = (armed.git(), plain.git());
        let share = Hits::default();
        if options.wants("1") {
            let (moka, quick) = (moka(), quick_cache::sync::Cache::new(CAPACITY as usize));
            for key in &keys[..count] {
                moka.insert(key.clone(), Arc::new(nothing()));
                quick.insert(key.clone(), Arc::new(nothing()));
            }
            moka.run_pending_tasks();
            if moka.entry_count() != count as u64 {
                return Err("the peer does not hold what it was given".into());
            }
            fill(runtime, &git, &operations[..count])?;
            let [ours, owning, peer, front] = measure(
                options,
                [
                    hits(runtime, &git, &operations, &order, &share),
                    Side::each(CALLS, |at| operations[order[at % order.len()]].clone()),
                    Side::each(CALLS, |at| moka.get(&keys[order[at % order.len()]])),
                    Side::each(CALLS, |at| quick.get(&keys[order[at % order.len()]])),
                ],
            )?;
            let goal = Goal::new(1.4, 0.7);
            let own = ours.median - owning.median;
            report.ratio(&format!("1 {set}"), "hit, whole path / moka get", own, peer.median, goal);
            report.aside("taken off: parameters made and dropped", owning.median);
            report.aside("for scale: quick_cache get", front.median);
            report.aside("calls of ours that were hits, in percent", share.percent());
        }
        if options.wants("2") {
            fill(runtime, &git, &operations[..count])?;
            fill(runtime, &plain_git, &operations[..count])?;
            let [ours, peer] = measure(
                options,
                [
                    hits(runtime, &git, &operations, &order, &share),
                    hits(runtime, &plain_git, &operations, &order, &share),
                ],
            )?;
            let goal = Goal::new(1.2, 1.0);
            let name = "hit, stale-if-error armed / not armed";
            report.ratio(&format!("2 {set}"), name, ours.median, peer.median, goal);
        }
        runtime.block_on(async {
            armed.shutdown().await;
            plain.shutdown().await;
        });
    }
    Ok(())
}

/// Asks for everything a few times, so that what the cache is ready to keep is in it.
fn fill(runtime: &Runtime, git: &Git<Orchestrator>, operations: &[GetRepository]) -> Result {
    runtime.block_on(async {
        for operation in operations.iter().cycle().take(4 * operations.len()) {
            git.get_repository(operation.clone()).await?;
        }
        Ok(())
    })
}

/// How many calls were answered from the cache, of how many.
#[derive(Default)]
struct Hits {
    hits: Cell<usize>,
    calls: Cell<usize>,
}

impl Hits {
    fn percent(&self) -> f64 {
        self.hits.get() as f64 * 100.0 / self.calls.get() as f64
    }
}

fn hits<'a>(
    runtime: &'a Runtime,
    git: &'a Git<Orchestrator>,
    operations: &'a [GetRepository],
    order: &'a [usize],
    count: &'a Hits,
) -> Side<'a> {
    Side::new(CALLS, move |calls| {
        let mut hits = 0;
        runtime.block_on(async {
            for at in 0..calls {
                let operation = operations[order[at % order.len()]].clone();
                let answer = black_box(git.get_repository(operation).await?);
                hits += usize::from(answer.cache() == CacheState::Hit);
            }
            Result::Ok(())
        })?;
        count.hits.set(count.hits.get() + hits);
        count.calls.set(count.calls.get() + calls);
        Ok(())
    })
}
