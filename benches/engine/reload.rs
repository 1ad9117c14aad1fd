//! Row 37: what callers notice of hot reloads.
//!
//! Eight callers call one provider without a pause, with the cache left alone; the provider gives way four times in each
//! call, so that a reload finds calls inside. In every other window of 200 calls the provider is reloaded: a new instance
//! is made, started, asked for its health, swapped in, and the old one is drained, stopped and disposed of, all on the
//! thread of the callers. The pause of a window is the time of its longest call, in CPU time of the process: callers and
//! reload keep the thread busy, so that whatever a call waits for is in it, and what other programs do to the machine is
//! not. The peer is the same load in the windows between, without a reload. A call that fails, or that reaches an instance
//! which is disposed of, fails the bench.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cpu_time::ProcessTime;
use mosaic_benches::{Fault, Goal, Result};
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::git::Repository;
use tokio::task::yield_now;

use crate::Bench;
use crate::cache::operation;
use crate::provider::{config, nothing};

const CALLERS: usize = 8;
const WINDOW: u64 = 200;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let reloads = options.calls(1000);
    let Pauses { mut with, mut without, calls } = runtime.block_on(pauses(reloads))?;
    with.sort_unstable();
    without.sort_unstable();
    report.moon("37", "p99 of the longest call around a hot reload", at(&with, 99), 1_000_000.0);
    report.ratio("37 p50", "the same, p50 / without reloads", at(&with, 50), at(&without, 50), Goal::NONE);
    report.ratio("37 p99", "the same, p99 / without reloads", at(&with, 99), at(&without, 99), Goal::NONE);
    report.aside("for scale: reloads, of which none failed a call", reloads as f64);
    report.aside("for scale: calls meanwhile", calls as f64);
    Ok(())
}

/// The percentile of sorted nanoseconds.
fn at(sorted: &[u64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or(u64::MAX) as f64
}

struct Pauses {
    with: Vec<u64>,
    without: Vec<u64>,
    calls: u64,
}

/// What the callers tell.
#[derive(Default)]
struct Board {
    calls: AtomicU64,
    failed: AtomicU64,
    longest: AtomicU64,
    over: AtomicBool,
}

async fn pauses(reloads: usize) -> Result<Pauses> {
    let mosaic = Orchestrator::builder().provider_with("a", GivesWay::new(), config()).build().await?;
    let board = Arc::<Board>::default();
    let callers: Vec<_> =
        (0..CALLERS).map(|_| tokio::spawn(call(mosaic.clone(), Arc::clone(&board)))).collect();
    let mut pauses = Pauses { with: Vec::new(), without: Vec::new(), calls: 0 };
    let mut leaving = Vec::with_capacity(reloads);
    for _ in 0..reloads {
        pauses.without.push(window(&board).await);
        board.longest.store(0, Ordering::Relaxed);
        leaving.push(mosaic.reload("a", GivesWay::new()).await?);
        pauses.with.push(window(&board).await);
    }
    board.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await??;
    }
    for applied in leaving {
        if applied.settled().await.iter().any(|departure| !departure.in_time || departure.error.is_some()) {
            return Err(Fault::from("an instance did not leave as it should"));
        }
    }
    let status = mosaic.status();
    let generation = status.providers.first().map(|provider| provider.generation);
    mosaic.shutdown().await;
    pauses.calls = board.calls.load(Ordering::Relaxed);
    match (board.failed.load(Ordering::Relaxed), generation) {
        (0, Some(generation)) if generation == reloads as u64 + 1 => Ok(pauses),
        (failed, generation) => {
            Err(Fault::from(format!("{failed} calls failed; at instance {generation:?}")))
        }
    }
}

/// Lets so many calls be made; gives the longest since the board was cleared, and clears it.
async fn window(board: &Board) -> u64 {
    let until = board.calls.load(Ordering::Relaxed) + WINDOW;
    while board.calls.load(Ordering::Relaxed) < until {
        yield_now().await;
    }
    board.longest.swap(0, Ordering::Relaxed)
}

async fn call(mosaic: Orchestrator, board: Arc<Board>) -> Result {
    let git = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    while !board.over.load(Ordering::Relaxed) {
        let began = ProcessTime::try_now()?;
        if git.get_repository(operation(7)).await.is_err() {
            board.failed.fetch_add(1, Ordering::Relaxed);
        }
        let took = u64::try_from(began.try_elapsed()?.as_nanos()).unwrap_or(u64::MAX);
        board.longest.fetch_max(took, Ordering::Relaxed);
        board.calls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// A provider that gives way in the middle of each call, and refuses calls when it is disposed of.
struct GivesWay {
    info: PluginInfo,
    gone: AtomicBool,
}

impl GivesWay {
    fn new() -> Self {
        let info = PluginInfo::new("gives-way", "1.0.0", OpSet::of(&[GetRepository::META]));
        Self { info, gone: AtomicBool::new(false) }
    }
}

impl GitService for GivesWay {
    async fn get_repository(&self, _: &CallContext, _: GetRepository) -> mosaic_core::Result<Repository> {
        for _ in 0..4 {
            yield_now().await;
        }
        if self.gone.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Internal, "the instance is disposed of"));
        }
        Ok(nothing())
    }
}

#[async_trait::async_trait]
impl Plugin for GivesWay {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
    async fn dispose(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}
