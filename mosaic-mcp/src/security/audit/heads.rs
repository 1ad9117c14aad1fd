//! The head of the chain as the state has it: what all nodes wrote.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{BoxStream, StreamExt as _, empty, unfold};
use mosaic_core::error::{ErrorKind, Result};
use tokio::time::sleep;

use super::Audit;
use super::chain::{AuditHead, CHECKPOINT, Head};
use super::writer::{CHECKPOINTS, head_place};
use crate::state::{Since, Subscription, Topic, TopicFilter};

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
    /// meanwhile are one. Where the store does not answer it is asked again, and none is missed.
    pub fn checkpoints(&self) -> BoxStream<'static, ()> {
        let places = Topic::of(&CHECKPOINTS).and_then(|topic| TopicFilter::new(topic.as_str()));
        let events = match places {
            Ok(places) => self.state().subscribe(places, Since::Now),
            Err(error) => {
                tracing::error!(%error, "checkpoints of the audit are not followed");
                return empty().boxed();
            }
        };
        unfold(events, |mut events| async move {
            next(&mut events).await?;
            // What is at hand already is told with it.
            while let Some(Some(Ok(_))) = events.next().now_or_never() {}
            Some(((), events))
        })
        .boxed()
    }
}

/// Waits for a checkpoint; none once the state is closed.
async fn next(events: &mut Subscription) -> Option<()> {
    loop {
        match events.next().await? {
            Ok(delivery) if *delivery.event.kind == *CHECKPOINT => return Some(()),
            Ok(_) => {}
            // What is removed ends with a checkpoint.
            Err(error) if error.kind() == ErrorKind::NotFound => return Some(()),
            Err(error) => {
                tracing::warn!(%error, "checkpoints of the audit are not followed at present; it is tried again");
                sleep(AGAIN).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AuditEvent, AuditOptions, AuditSigner};
    use super::*;
    use crate::state::{MemoryStore, State};

    #[tokio::test(start_paused = true)]
    async fn each_checkpoint_is_told_and_no_ordinary_record() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let options = || {
            let signer = AuditSigner::generate().unwrap();
            AuditOptions::new(signer).checkpoints(4, Duration::from_secs(3_600))
        };
        let audit = Audit::open(&state, options()).await.unwrap();
        let write = async |records: usize| {
            for _ in 0..records {
                let (by, what) = ("user ann".to_owned(), "roles".to_owned());
                audit.write(AuditEvent::Configuration { by, what, detail: String::new() }).await.unwrap();
            }
        };
        let told = async |stream: &mut BoxStream<'static, ()>| {
            let waited = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
            waited.ok().flatten().is_some()
        };
        write(4).await;
        let mut checkpoints = audit.checkpoints();
        write(3).await;
        assert!(!told(&mut checkpoints).await, "three records are none");
        write(1).await;
        assert!(told(&mut checkpoints).await);
        assert!(!told(&mut checkpoints).await);
        // The second is written after ordinary ones that nobody has looked at.
        write(10).await;
        assert!(told(&mut checkpoints).await);
        assert!(!told(&mut checkpoints).await, "several are one");
        audit.close().await.unwrap();
        assert!(told(&mut checkpoints).await, "the last one, of the end");
        state.close().await.unwrap();
        assert_eq!(checkpoints.next().await, None);
    }
}
