//! The events of a guest's tenant, one after the other, as long as the guest may see them.

use std::collections::VecDeque;

use futures_util::stream::{self, Stream};
use mosaic_core::error::{Error, ErrorKind, Result};

use super::Door;
use super::door::Guest;
use crate::coordination::shared::{ReadEvents, SharedEvent};

/// How many events are read at once.
const PIECE: u64 = 256;

/// An event, and how many of the log follow after it.
pub(super) struct Followed {
    pub(super) event: SharedEvent,
    pub(super) lag: u64,
}

struct Following {
    door: Door,
    guest: Guest,
    topic: Option<String>,
    after: u64,
    lag: u64,
    ready: VecDeque<SharedEvent>,
    ended: bool,
}

/// Follows the log from after an offset; from now on where there is none. Each piece is asked for at the desk, so that a permission
/// that is taken away ends it. The stream ends with an error, or when the state is closed.
pub(super) fn follow(
    door: Door,
    guest: Guest,
    topic: Option<String>,
    after: Option<u64>,
) -> impl Stream<Item = Result<Followed>> + Send {
    let after = after.unwrap_or_else(|| door.state().head().offset);
    let following = Following { door, guest, topic, after, lag: 0, ready: VecDeque::new(), ended: false };
    stream::unfold(following, |mut following| async move {
        let next = following.next().await?;
        Some((next, following))
    })
}

impl Following {
    async fn next(&mut self) -> Option<Result<Followed>> {
        if self.ended {
            return None;
        }
        let next = self.wait().await;
        self.ended = next.is_err();
        next.transpose()
    }

    async fn wait(&mut self) -> Result<Option<Followed>> {
        let mut heads = self.door.state().heads();
        loop {
            if let Some(event) = self.ready.pop_front() {
                let behind = self.lag + self.ready.len() as u64;
                return Ok(Some(Followed { event, lag: behind }));
            }
            // Marked before reading, so that what is committed in between wakes it again.
            heads.mark_unchanged();
            self.read().await?;
            if self.ready.is_empty() && !self.moved_on(&mut heads).await? {
                self.ended = true;
                return Ok(None);
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        let mut read = ReadEvents::new().after(self.after).limit(PIECE);
        read.topic.clone_from(&self.topic);
        let found = self.door.desk().call(&self.guest.cx, read).await?;
        self.after = found.next;
        self.lag = found.lag;
        self.ready.extend(found.events);
        Ok(())
    }

    /// Waits until there may be more; tells false where there will be none.
    async fn moved_on(&self, heads: &mut tokio::sync::watch::Receiver<crate::state::Head>) -> Result<bool> {
        if heads.borrow().offset > self.after {
            return Ok(true);
        }
        let Some(end) = self.guest.expires else { return Ok(heads.changed().await.is_ok()) };
        let left = end.duration_since(self.door.state().now());
        let left = std::time::Duration::try_from(left).unwrap_or_default();
        match tokio::time::timeout(left, heads.changed()).await {
            Ok(changed) => Ok(changed.is_ok()),
            Err(_) => Err(Error::new(ErrorKind::Unauthenticated, "the proof has expired").refused()),
        }
    }
}
