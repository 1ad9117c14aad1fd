//! The rules of access that all nodes over a state share, as one node follows them.

use std::time::Duration;

use mosaic_core::error::Result;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::security::access::Access;
use crate::state::State;

/// How long it waits where the state does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// A task that sets the rules of the state whenever they change.
pub(super) struct Rules {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Rules {
    /// Sets the rules that are there, before anybody is let in, and follows them from then on.
    pub(super) async fn follow(access: &Access, state: &State) -> Result<Self> {
        let known = access.take(state, None).await?;
        let stop = CancellationToken::new();
        let (stopped, access, state) = (stop.clone(), access.clone(), state.clone());
        let task = tokio::spawn(async move {
            let run = async {
                while let Err(error) = access.follow_from(&state, known).await {
                    tracing::warn!(%error, "the rules of access are not followed; it is tried again");
                    sleep(AGAIN).await;
                }
            };
            stopped.run_until_cancelled(run).await;
        });
        Ok(Self { stop, task: Mutex::new(Some(task)) })
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

impl Drop for Rules {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
