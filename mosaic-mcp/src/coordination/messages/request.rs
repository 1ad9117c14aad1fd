//! Requests and their answers.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};
use tokio::time::{Instant, timeout};

use super::key;
use super::opened;
use super::post::Draft;
use super::receipt::Receipt;
use super::record::{Kept, Letter, Request};
use super::settle::{held, stale};
use super::{Replied, Reply, ReplyMessage, limit};
use crate::state::{State, Topic, Tx};

/// Notes a request, until a while after its answer is due.
pub(super) fn keep(tx: &mut Tx<'_>, tenant: &TenantId, id: &str, request: &Request) -> Result<()> {
    let end = request.answer_by.saturating_add(limit::GRACE).unwrap_or(request.answer_by);
    let json = serde_json::to_vec(request)
        .map_err(|error| Error::new(ErrorKind::Internal, "the request has no JSON form").source(error))?;
    tx.put_untracked(key::request(tenant, id)?, json, Some(end))
}

/// The topic under which the log tells of an answer for which a call waits.
fn topic(tenant: &TenantId, id: &str) -> Result<Topic> {
    Topic::of_tenant(tenant, &["reply", id])
}

/// Asks and waits.
pub(super) async fn ask(state: &State, tenant: &TenantId, draft: Draft, seconds: u64) -> Result<Reply> {
    let end = Instant::now() + std::time::Duration::from_secs(seconds);
    let posted = state.run(move |tx| Box::pin(draft.post(tx))).await?;
    let id = posted.request.ok_or_else(|| Error::new(ErrorKind::Internal, "the request was not noted"))?;
    let place = state.park(&topic(tenant, &id)?);
    loop {
        let (owner, request) = (tenant.clone(), id.clone());
        let over = Instant::now() >= end;
        let found =
            state.run(move |tx| Box::pin(async move { take(tx, &owner, &request, over).await })).await?;
        if let Some(reply) = found {
            return Ok(reply);
        }
        if over {
            return Err(Error::new(
                ErrorKind::DeadlineExceeded,
                format!("nobody answered within {seconds} seconds; an answer that comes now is dropped"),
            ));
        }
        // Woken or not, it looks again.
        let _ = timeout(end.saturating_duration_since(Instant::now()), place.woken()).await;
    }
}

/// Takes the answer of a request, or gives the request up.
async fn take(tx: &mut Tx<'_>, tenant: &TenantId, id: &str, give_up: bool) -> Result<Option<Reply>> {
    let place = key::request(tenant, id)?;
    let answer = tx.read::<Request>(&place).await?.and_then(|request| request.answer);
    if answer.is_some() || give_up {
        tx.delete(place)?;
    }
    Ok(answer)
}

/// Answers a message and is done with it.
pub(super) async fn reply(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    from: String,
    op: ReplyMessage,
) -> Result<Replied> {
    limit::body(&op.body)?;
    let receipt: Receipt = op.receipt.parse()?;
    let mut mailbox = opened::load(tx, tenant, &op.mailbox).await?;
    let lane = held(tx, &mailbox, &receipt).await?.ok_or_else(stale)?;
    let place = mailbox.shelf.letter(&receipt.lane, receipt.number)?;
    let asked: Letter = tx.read(&place).await?.ok_or_else(|| opened::lost(&receipt.lane))?;
    let Some(id) = &asked.request else {
        return Err(limit::invalid("the message asks for no answer: acknowledge it".to_owned()));
    };
    mailbox.take_head(tx, &receipt.lane, lane).await?;
    mailbox.tell_of(tx, "message.acknowledged", &asked)?;
    mailbox.save(tx)?;
    let reply = Reply::new(from, op.body, tx.now());
    match deliver(tx, tenant, id, &asked, reply).await? {
        None => Ok(Replied::new(true)),
        Some(reason) => {
            mailbox.tell(
                tx,
                "message.reply_dropped",
                &serde_json::json!({ "id": asked.id, "reason": reason }),
            )?;
            Ok(Replied::new(false).reason(reason))
        }
    }
}

/// Brings an answer to whoever asked; tells why it cannot.
async fn deliver(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    asked: &Letter,
    reply: Reply,
) -> Result<Option<&'static str>> {
    let now = tx.now();
    if asked.answer_by.is_some_and(|end: Timestamp| end <= now) {
        return Ok(Some("it came too late"));
    }
    let Some(mut request) = tx.read::<Request>(&key::request(tenant, id)?).await? else {
        return Ok(Some("whoever asked no longer waits, or has an answer"));
    };
    if request.answered {
        return Ok(Some("there is an answer already"));
    }
    request.answered = true;
    let Some(name) = request.reply_to.clone() else {
        request.answer = Some(reply);
        keep(tx, tenant, id, &request)?;
        tx.emit(topic(tenant, id)?, "message.replied", &serde_json::json!({ "id": asked.id }))?;
        return Ok(None);
    };
    let Some(kept) = tx.read::<Kept>(&key::mailbox(tenant, &name)?).await? else {
        return Ok(Some("the mailbox for the answer is gone"));
    };
    let mut mailbox = opened::opened(tenant, &name, kept)?;
    mailbox.make_room(tx).await?;
    let letter = Letter {
        id: crate::state::ordered(tx.revision()),
        from: reply.from,
        body: reply.body,
        sent: reply.sent,
        conversation: asked.conversation.clone(),
        topic: None,
        expires: None,
        answer_by: None,
        request: None,
        in_reply_to: Some(asked.id.clone()),
        unordered: asked.unordered,
    };
    mailbox.put(tx, &letter).await?;
    mailbox.save(tx)?;
    keep(tx, tenant, id, &request)?;
    Ok(None)
}
