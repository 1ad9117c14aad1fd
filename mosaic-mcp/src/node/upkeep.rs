//! What a node looks after that nobody asks for.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::coordination::budgets::Budgets;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How much is done with one transaction.
const AT_ONCE: usize = 256;

/// A task that ends reservations whose time is over, so that they are free without anybody who asks for them.
pub(super) struct Upkeep {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    pub(super) fn start(budgets: Budgets) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let _: Option<std::convert::Infallible> = stopped.run_until_cancelled(run(budgets)).await;
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

async fn run(budgets: Budgets) -> std::convert::Infallible {
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
