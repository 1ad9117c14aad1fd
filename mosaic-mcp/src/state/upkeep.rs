//! Upkeep: expired values are deleted, and old deletions are forgotten.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::store::StateStore;
use super::writer::{Work, submit};
use super::{Clock, Head, Key, StateOptions};

/// How many expired values are deleted in one transaction.
const SWEEP: usize = 512;
/// How often it is looked for values of other nodes, where there are some.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// In how many steps deletions are forgotten while the time passes for which they are kept.
const STEPS: u32 = 8;

/// The task that keeps the store tidy. It sleeps until there is something to do: it has no beat of its own.
pub(super) struct Upkeep {
    store: Arc<dyn StateStore>,
    clock: Clock,
    queue: mpsc::Sender<Box<dyn Work>>,
    heads: watch::Receiver<Head>,
    ends: Arc<watch::Sender<Option<Timestamp>>>,
    every: Duration,
    marks: Marks,
}

/// Revisions, and when they were the newest.
struct Marks {
    keep: Duration,
    marks: VecDeque<(Timestamp, u64)>,
}

impl Marks {
    /// Notes a revision; gives the one up to which deletions are old enough to be forgotten.
    fn note(&mut self, now: Timestamp, revision: u64) -> Option<u64> {
        let step = (self.keep / STEPS).max(Duration::from_secs(1));
        if self.marks.back().is_none_or(|(last, _)| since(*last, now) >= step) {
            self.marks.push_back((now, revision));
        }
        let mut old = None;
        while let Some((at, revision)) = self.marks.front()
            && since(*at, now) >= self.keep.max(step)
        {
            old = Some(*revision);
            self.marks.pop_front();
        }
        old
    }
}

/// How long it is from one time to another; nothing where that is past.
fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

impl Upkeep {
    pub(super) fn new(
        options: &StateOptions,
        store: Arc<dyn StateStore>,
        queue: mpsc::Sender<Box<dyn Work>>,
        heads: watch::Receiver<Head>,
        ends: Arc<watch::Sender<Option<Timestamp>>>,
    ) -> Self {
        let marks = Marks { keep: options.keep_deletions, marks: VecDeque::new() };
        Self { store, clock: options.clock, queue, heads, ends, every: options.sweep_every, marks }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let _: Option<std::convert::Infallible> = stop
            .run_until_cancelled(async {
                loop {
                    // Whatever is written from here on is told again.
                    self.ends.send_replace(None);
                    let next = self.sweep().await.unwrap_or_else(|error| {
                        tracing::warn!(%error, "expired values cannot be deleted");
                        Some(self.clock.now())
                    });
                    self.wait(next).await;
                }
            })
            .await;
    }

    /// Deletes what has expired; gives when the next value does.
    async fn sweep(&self) -> Result<Option<Timestamp>> {
        loop {
            let found = self.store.expiring(SWEEP).await?;
            let now = self.clock.now();
            let past: Vec<Key> =
                found.iter().take_while(|(_, end)| *end <= now).map(|(key, _)| key.clone()).collect();
            let next = found.get(past.len()).map(|(_, end)| *end);
            let asked = past.len();
            if asked == 0 {
                return Ok(next);
            }
            let deleted = submit(self.queue.clone(), move |tx| {
                Box::pin(async move {
                    let found = tx.get_many(&past).await?;
                    let gone: Vec<Key> = past
                        .into_iter()
                        .zip(found)
                        .filter(|(_, now)| now.is_none())
                        .map(|(key, _)| key)
                        .collect();
                    let count = gone.len();
                    gone.into_iter().try_for_each(|key| tx.delete(key))?;
                    Ok(count)
                })
            });
            if deleted.await? < asked {
                // Put anew meanwhile, or not yet past by the time of the store.
                return Ok(Some(now));
            }
            if asked < SWEEP {
                return Ok(next);
            }
        }
    }

    /// Waits until a value ceases to be; not shorter than between two sweeps. Meanwhile it forgets old deletions.
    async fn wait(&mut self, next: Option<Timestamp>) {
        let begin = Instant::now();
        let mut told = self.ends.subscribe();
        loop {
            let first = [next, *told.borrow_and_update()].into_iter().flatten().min();
            let shared = self.store.poll_every().map(|_| LOOK_EVERY);
            let wait = [first.map(|end| since(self.clock.now(), end)), shared].into_iter().flatten().min();
            let wait = wait.map(|wait| wait.max(self.every.saturating_sub(begin.elapsed())));
            let due = async {
                match wait {
                    Some(wait) => sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => return,
                _ = told.changed() => {}
                moved = self.heads.changed() => {
                    if moved.is_err() {
                        return std::future::pending().await;
                    }
                    self.forget().await;
                }
            }
        }
    }

    async fn forget(&mut self) {
        let revision = self.heads.borrow_and_update().revision;
        let Some(old) = self.marks.note(self.clock.now(), revision) else { return };
        let forgotten = submit(self.queue.clone(), move |tx| {
            Box::pin(async move {
                tx.forget_deletions(old);
                Ok(())
            })
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "old deletions cannot be forgotten");
        }
    }
}

#[cfg(test)]
#[path = "upkeep_tests.rs"]
mod tests;
