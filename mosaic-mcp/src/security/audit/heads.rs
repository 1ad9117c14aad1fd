//! The head of the chain as the state has it: what all nodes wrote.

use std::time::Duration;

use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use mosaic_core::error::{ErrorKind, Result};
use tokio::time::sleep;

use super::Audit;
use super::chain::{AuditHead, Head};
use super::writer::head_place;
use crate::state::{KeyRange, State, Watch};

/// How long it is waited before a store is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

impl Audit {
    /// How far the chain has come, whichever node wrote it; none before the first record.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn stored_head(&self) -> Result<Option<AuditHead>> {
        let head: Option<Head> = self.state().read(&head_place()?).await?;
        Ok(head.map(|head| AuditHead { end: head.end, checkpoint: head.checkpoint }))
    }

    /// An item whenever a checkpoint was written from now on, by whichever node, until the state is closed. Several that were written
    /// meanwhile are one.
    pub fn checkpoints(&self) -> BoxStream<'static, ()> {
        let state = self.state().clone();
        let from = state.head().revision;
        unfold((state, from, None), |(state, mut from, mut known)| async move {
            loop {
                match next(&state, from, &mut known).await {
                    Ok(Some(revision)) => return Some(((), (state, revision, known))),
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::warn!(%error, "the head of the audit is not followed at present; it is tried again");
                        from = state.head().revision;
                        sleep(AGAIN).await;
                    }
                }
            }
        })
        .boxed()
    }
}

/// Waits for the next checkpoint after the known one; gives the revision to go on from, and none once the state is closed.
async fn next(state: &State, from: u64, known: &mut Option<u64>) -> Result<Option<u64>> {
    let place = head_place()?;
    let mut watch: Watch = state.watch(KeyRange::prefix(place.as_str()), from);
    loop {
        let changes = match watch.next().await {
            Ok(changes) => changes,
            Err(error) if error.kind() == ErrorKind::Lifecycle => return Ok(None),
            Err(error) => return Err(error),
        };
        let last = changes.into_iter().rev().find_map(|change| change.value);
        let Some(head) = last.and_then(|value| serde_json::from_slice::<Head>(&value).ok()) else { continue };
        if known.replace(head.checkpointed) != Some(head.checkpointed) && head.checkpoint.is_some() {
            return Ok(Some(watch.revision()));
        }
    }
}
