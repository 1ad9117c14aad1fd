//! The events of a guest's tenant, one after the other, as long as the guest may see them.

use std::future::pending;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt as _};
use mosaic_core::error::{Error, Result};

use super::Door;
use super::guest::Guest;
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
    guest: Arc<Guest>,
    /// What the guest has to be allowed.
    asked: ReadEvents,
    /// What ends it before the log does.
    end: Option<BoxFuture<'static, Error>>,
    at: At,
}

enum At {
    Begin,
    On(Subscription),
    End,
}

/// Follows the log from after an offset; from now on where there is none. The guest's permission is asked for before each event, so
/// that the first one after it was taken away ends it, and so does `end`, which is [`ended`](super::guest::ended) where nobody else
/// looks after the proof. The stream ends with an error, one that tells of events that were removed before they were read among them, or
/// when the state is closed.
pub(super) fn follow(
    door: Door,
    guest: Arc<Guest>,
    topic: Option<String>,
    after: Option<u64>,
    end: Option<BoxFuture<'static, Error>>,
) -> impl Stream<Item = Result<Followed>> + Send {
    // Where it begins without an offset is now, and not when it is first looked at.
    let after = after.unwrap_or_else(|| door.state().head().offset);
    let mut asked = ReadEvents::new().after(after);
    asked.topic = topic;
    let following = Following { door, guest, asked, end, at: At::Begin };
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
        let (At::On(events), end) = (&mut self.at, &mut self.end) else { return Ok(None) };
        let ended = async {
            match end {
                Some(end) => end.await,
                None => pending().await,
            }
        };
        // The end first: there may always be one more event.
        let next = tokio::select! {
            biased;
            error = ended => return Err(error),
            next = events.next() => next,
        };
        let Some(delivery) = next.transpose()? else { return Ok(None) };
        allowed(&self.door, &self.guest, &self.asked).await?;
        let event = shown(self.guest.cx().tenant_id(), &delivery.event)?;
        Ok(Some(Followed { event, lag: delivery.lag }))
    }

    fn begin(&self) -> Result<At> {
        let filter = self.asked.topic.as_deref().unwrap_or(">");
        let filter = TopicFilter::of_tenant(self.guest.cx().tenant_id(), filter)?;
        Ok(At::On(self.door.state().subscribe(filter, Since::After(self.asked.after))))
    }
}

async fn allowed(door: &Door, guest: &Guest, asked: &ReadEvents) -> Result<()> {
    door.desk().allows(&guest.cx(), asked).await
}
