//! Taking messages out of a mailbox, and waiting for one.

use std::time::Duration;

use mosaic_core::error::Result;
use mosaic_core::types::{TenantId, Timestamp};
use tokio::time::{Instant, timeout};

use super::key::number;
use super::opened::{self, lost, text};
use super::receipt::Receipt;
use super::record::{Given, Lane, Letter};
use super::{Message, ReceiveMessages, Received, limit};
use crate::state::{Entry, Parked, State, Tx};

/// What one look into a mailbox found.
struct Look {
    received: Received,
    /// Whether more could be given out at once.
    more: bool,
    /// How long it is until something can be given out that is not now.
    next: Option<Duration>,
}

pub(super) async fn receive(state: &State, tenant: &TenantId, op: ReceiveMessages) -> Result<Received> {
    limit::name("mailbox", &op.mailbox, limit::NAME)?;
    let most = limit::number("limit", op.limit, 1, limit::GIVEN, 10)?;
    let wait = limit::number("wait", op.wait, 0, limit::WAIT, 0)?;
    let end = Instant::now() + Duration::from_secs(wait);
    // The place is taken before the look, so that what comes in between is not missed.
    let place =
        (wait > 0).then(|| opened::topic(tenant, &op.mailbox).map(|topic| state.park(&topic))).transpose()?;
    let mut turn = Turn { place: place.as_ref(), owed: false };
    loop {
        let (tenant, mailbox) = (tenant.clone(), op.mailbox.clone());
        let found =
            state.run(move |tx| Box::pin(async move { look(tx, &tenant, &mailbox, most).await })).await?;
        // One event wakes one reader: where there is more than this one takes, another is woken. And where something is given
        // out, one of those who wait has to know when its time is over: whoever goes leaves that to another.
        turn.owed = found.more || found.next.is_some() || !found.received.messages.is_empty();
        let left = end.saturating_duration_since(Instant::now());
        let again = found.next == Some(Duration::ZERO);
        if !found.received.messages.is_empty() || (!again && left.is_zero()) {
            return Ok(found.received);
        }
        let Some(place) = turn.place.filter(|_| !again) else { continue };
        let pause = found.next.map_or(left, |next| next.min(left));
        // Woken or not, it looks again: what was given out before may be due.
        turn.owed |= timeout(pause, place.woken()).await.is_ok();
    }
}

/// Somebody who was woken for an event, or knows when there is something to do: where they do not look, another one must.
struct Turn<'a> {
    place: Option<&'a Parked>,
    owed: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.filter(|_| self.owed) {
            place.pass_on();
        }
    }
}

async fn look(tx: &mut Tx<'_>, tenant: &TenantId, name: &str, most: u64) -> Result<Look> {
    let mut mailbox = opened::load(tx, tenant, name).await?;
    let before = mailbox.kept.clone();
    let next = mailbox.lapse_due(tx).await?;
    let more_expired = mailbox.drop_expired(tx).await?;
    let mut messages = Vec::new();
    let mut bytes = 0;
    if mailbox.kept.ready > 0 {
        let found = tx.range(&mailbox.shelf.all_ready()?, usize::try_from(most).unwrap_or(1)).await?;
        let mut places = Vec::with_capacity(found.len() * 2);
        for entry in &found {
            let lane = text(entry);
            places.push(mailbox.shelf.lane(&lane)?);
            places.push(mailbox.shelf.letter(&lane, number(&entry.key))?);
        }
        let stored = tx.get_many(&places).await?;
        let until = limit::later(tx.now(), mailbox.kept.lease)?;
        for (entry, stored) in found.iter().zip(stored.chunks(2)) {
            let [Some(lane), Some(letter)] = stored else { return Err(lost(&text(entry))) };
            // What expired and was not dropped yet is not given out, either.
            let worthless = lane.read::<Lane>()?.expires.is_some_and(|end| end <= tx.now());
            bytes += letter.value.len();
            if worthless || (bytes > limit::GIVEN_BYTES && !messages.is_empty()) {
                break;
            }
            let (name, mut lane, letter) =
                (text(entry), lane.read::<Lane>()?, Entry::read::<Letter>(letter)?);
            let token = tx.revision();
            mailbox.give(tx, &name, &mut lane, Given { token, until })?;
            let receipt = Receipt { lane: name, number: number(&entry.key), token };
            messages.push(message(letter, &receipt, until, lane.deliveries));
        }
    }
    if mailbox.kept != before {
        mailbox.save(tx)?;
    }
    let kept = &mailbox.kept;
    let nothing_yet = messages.is_empty() && (more_expired || kept.ready > 0);
    Ok(Look {
        more: kept.ready > 0,
        next: if nothing_yet { Some(Duration::ZERO) } else { next },
        received: Received::new(messages, kept.held - kept.given, kept.dropped, kept.expired),
    })
}

fn message(letter: Letter, receipt: &Receipt, until: Timestamp, deliveries: u32) -> Message {
    let mut message = Message::new(
        letter.id,
        letter.from,
        letter.body,
        letter.sent,
        receipt.to_string(),
        until,
        deliveries,
    );
    message.conversation = letter.conversation;
    message.topic = letter.topic;
    message.answer_by = letter.answer_by;
    message.in_reply_to = letter.in_reply_to;
    message
}
