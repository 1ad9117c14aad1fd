//! The events of a guest's tenant, one after the other, as long as the guest may see them.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{self, Stream, StreamExt as _};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use tokio::time::{Sleep, sleep};

use super::Door;
use super::door::Guest;
use crate::coordination::shared::{ReadEvents, SharedEvent, shown};
use crate::state::{Since, Subscription, TopicFilter};

/// An event, and how many of the log follow after it.
pub(super) struct Followed {
    pub(super) event: SharedEvent,
    pub(super) lag: u64,
}

/// What is followed, and who asks for it.
struct Following {
    door: Door,
    guest: Guest,
    /// What the guest has to be allowed.
    asked: ReadEvents,
    at: At,
}

enum At {
    Begin,
    /// The events, and when the proof of the guest ends.
    On(Subscription, Option<Pin<Box<Sleep>>>),
    End,
}

/// Follows the log from after an offset; from now on where there is none. The guest's permission is asked for before each event, so
/// that the first one after it was taken away ends it. The stream ends with an error, one that tells of events that were removed before
/// they were read among them, or when the state is closed.
pub(super) fn follow(
    door: Door,
    guest: Guest,
    topic: Option<String>,
    after: Option<u64>,
) -> impl Stream<Item = Result<Followed>> + Send {
    // Where it begins without an offset is now, and not when it is first looked at.
    let after = after.unwrap_or_else(|| door.state().head().offset);
    let mut asked = ReadEvents::new().after(after);
    asked.topic = topic;
    let following = Following { door, guest, asked, at: At::Begin };
    stream::unfold(following, |mut following| async move {
        let next = following.next().await.transpose()?;
        if next.is_err() {
            following.at = At::End;
        }
        Some((next, following))
    })
}

impl Following {
    async fn next(&mut self) -> Result<Option<Followed>> {
        if matches!(self.at, At::Begin) {
            allowed(&self.door, &self.guest, &self.asked).await?;
            self.at = self.begin()?;
        }
        let At::On(events, end) = &mut self.at else { return Ok(None) };
        let next = match end {
            None => events.next().await,
            Some(end) => match select(events.next(), end).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => {
                    return Err(Error::new(ErrorKind::Unauthenticated, "the proof has expired").refused());
                }
            },
        };
        let Some(delivery) = next.transpose()? else { return Ok(None) };
        allowed(&self.door, &self.guest, &self.asked).await?;
        let event = shown(self.guest.cx.tenant_id(), &delivery.event)?;
        Ok(Some(Followed { event, lag: delivery.lag }))
    }

    fn begin(&self) -> Result<At> {
        let state = self.door.state();
        let filter = self.asked.topic.as_deref().unwrap_or(">");
        let filter = TopicFilter::of_tenant(self.guest.cx.tenant_id(), filter)?;
        let left = |end: Timestamp| Duration::try_from(end.duration_since(state.now())).unwrap_or_default();
        let end = self.guest.expires.map(|end| Box::pin(sleep(left(end))));
        Ok(At::On(state.subscribe(filter, Since::After(self.asked.after)), end))
    }
}

async fn allowed(door: &Door, guest: &Guest, asked: &ReadEvents) -> Result<()> {
    door.desk().allows(&guest.cx, asked).await
}
