//! Turns: where the server does not say which run a dispatch made, the dispatches of one workflow go one after the other, so that
//! each finds its own.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// How many workflows are remembered, and for how long after their last dispatch.
const LINES: u64 = 10_000;
const REMEMBERED: Duration = Duration::from_secs(600);

/// How long after a dispatch its run may begin to show.
const SETTLED: Duration = Duration::from_secs(60);

/// The lines of all workflows.
#[derive(Debug)]
pub(super) struct Turns(Cache<String, Arc<Line>>);

/// Who waits to start one workflow.
#[derive(Debug, Default)]
struct Line {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// When a dispatch was given up of which no run was found.
    lost: Mutex<Option<Instant>>,
}

/// The right to start a workflow; the next one in the line gets it when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    line: Arc<Line>,
    /// Whether a run may have been made that nobody found.
    open: bool,
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(LINES).time_to_idle(REMEMBERED).build())
    }

    /// Waits for the turn to start a workflow.
    pub(super) async fn take(&self, workflow: String) -> Turn {
        let line = self.0.get_with(workflow, Arc::default);
        let guard = Arc::clone(&line.turn).lock_owned().await;
        Turn { line, open: false, _guard: guard }
    }
}

impl Turn {
    /// A dispatch is about to be sent.
    pub(super) fn begin(&mut self) {
        self.open = true;
    }

    /// It made nothing, or its run is known.
    pub(super) fn end(&mut self) {
        self.open = false;
    }

    /// Whether no run of an earlier dispatch may show yet.
    pub(super) fn is_clear(&self) -> bool {
        self.line.lost.lock().is_none_or(|at| at.elapsed() > SETTLED)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.open {
            *self.line.lost.lock() = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_workflow_is_started_by_one_after_the_other() {
        let turns = Turns::new();
        let mut first = turns.take("a".into()).await;
        assert!(turns.take("a".into()).now_or_never().is_none());
        assert!(turns.take("b".into()).now_or_never().is_some(), "another workflow waits for nobody");
        first.begin();
        first.end();
        drop(first);
        let mut second = turns.take("a".into()).now_or_never().unwrap();
        assert!(second.is_clear());
        second.begin();
        drop(second);
        assert!(!turns.take("a".into()).await.is_clear(), "a run may still show that nobody found");
        assert!(turns.take("b".into()).await.is_clear());
        tokio::time::advance(SETTLED + Duration::from_millis(1)).await;
        assert!(turns.take("a".into()).await.is_clear());
    }
}
