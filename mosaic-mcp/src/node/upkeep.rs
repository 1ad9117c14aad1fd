//! What a node looks after that nobody asks for.

use std::time::Duration;

use mosaic_core::types::Timestamp;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::coordination::budgets::Budgets;
use crate::state::State;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How much is done with one transaction.
const AT_ONCE: usize = 256;

/// How often old events are looked for, at most and at least.
const OLD_EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));

/// A task that ends reservations whose time is over, so that they are free without anybody who asks for them, and removes old events.
pub(super) struct Upkeep {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    pub(super) fn start(budgets: Budgets, state: State, keep: Option<Duration>) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let _: Option<std::convert::Infallible> =
                stopped.run_until_cancelled(run(budgets, state, keep)).await;
        });
        Self { stop, task: Mutex::new(Some(task)) }
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        let task = self.task.lock().take();
        if let Some(task) = task {
            // One that panicked has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn run(budgets: Budgets, state: State, keep: Option<Duration>) -> std::convert::Infallible {
    if let Some(keep) = keep {
        tokio::join!(end_reservations(budgets), remove_events(state, keep)).0
    } else {
        end_reservations(budgets).await
    }
}

async fn remove_events(state: State, keep: Duration) -> std::convert::Infallible {
    loop {
        let time = state.now().saturating_sub(keep).unwrap_or(Timestamp::MIN);
        if let Err(error) = state.trim_before(time).await {
            tracing::warn!(%error, "old events are not removed; it is tried again");
        }
        sleep((keep / 8).clamp(OLD_EVERY.0, OLD_EVERY.1)).await;
    }
}

async fn end_reservations(budgets: Budgets) -> std::convert::Infallible {
    loop {
        sleep(EVERY).await;
        loop {
            match budgets.sweep(AT_ONCE).await {
                Ok(AT_ONCE) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "reservations of budgets whose time is over are not ended");
                    break;
                }
            }
        }
    }
}
