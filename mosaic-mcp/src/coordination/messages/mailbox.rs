//! Opening, listing and closing mailboxes, and the topics that they follow.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Cursor, Page, TenantId};
use serde_json::json;

use super::key::{self, Shelf};
use super::opened::{self, Opened};
use super::record::Kept;
use super::{ListMailboxes, Mailbox, OpenMailbox, Overflow, limit, route};
use crate::coordination::untracked;
use crate::state::{Entry, State, TopicFilter, Tx, ordered};

pub(super) fn shown(name: &str, kept: Kept) -> Mailbox {
    let mut mailbox = Mailbox::new(name, kept.limit, kept.overflow, kept.lease, kept.attempts)
        .topics(kept.topics)
        .held(kept.held)
        .given(kept.given)
        .dropped(kept.dropped)
        .expired(kept.expired)
        .dead(kept.dead);
    mailbox.project = kept.project;
    mailbox
}

pub(super) async fn open(tx: &mut Tx<'_>, tenant: &TenantId, op: OpenMailbox) -> Result<Mailbox> {
    limit::name("mailbox", &op.mailbox, limit::NAME)?;
    if let Some(project) = &op.project {
        limit::name("project", project, limit::NAME)?;
    }
    let place = key::mailbox(tenant, &op.mailbox)?;
    let old = tx.read::<Kept>(&place).await?;
    let mut kept = match &old {
        Some(kept) => kept.clone(),
        None => fresh(&op, ordered(tx.revision())),
    };
    let other = op.project.is_some() && op.project != kept.project
        || op.overflow.is_some_and(|overflow| overflow != kept.overflow);
    if other {
        let text = format!("the mailbox {:?} is there with another project or overflow policy", op.mailbox);
        return Err(Error::new(ErrorKind::Conflict, text).refused());
    }
    kept.limit = limit::number("limit", op.limit, 1, limit::HELD, kept.limit)?;
    kept.lease = limit::number("lease", op.lease, 1, limit::DAY, kept.lease)?;
    let attempts = limit::number("attempts", op.attempts.map(u64::from), 1, 100, u64::from(kept.attempts))?;
    kept.attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    let mailbox = opened::opened(tenant, &op.mailbox, kept)?;
    mailbox.save(tx)?;
    if old.is_none() {
        if let Some(project) = &op.project {
            untracked::put(tx, key::member(tenant, project, &op.mailbox)?, "")?;
        }
        mailbox.tell(tx, "mailbox.opened", &json!({ "project": op.project }))?;
    }
    Ok(shown(&op.mailbox, mailbox.kept))
}

fn fresh(op: &OpenMailbox, id: String) -> Kept {
    Kept {
        id,
        project: op.project.clone(),
        limit: 1_000,
        overflow: op.overflow.unwrap_or(Overflow::Reject),
        lease: 60,
        attempts: 5,
        topics: Vec::new(),
        last: 0,
        held: 0,
        ready: 0,
        given: 0,
        expiring: 0,
        dropped: 0,
        expired: 0,
        dead: 0,
    }
}

pub(super) async fn list(state: &State, tenant: &TenantId, op: ListMailboxes) -> Result<Page<Mailbox>> {
    let mut range = match &op.project {
        Some(project) => key::members(tenant, project)?,
        None => key::mailboxes(tenant)?,
    };
    if let Some(cursor) = &op.page.cursor {
        let after = match &op.project {
            Some(project) => key::member(tenant, project, cursor.as_str())?,
            None => key::mailbox(tenant, cursor.as_str())?,
        };
        range = range.after(&after);
    }
    let limit = op.page.limit();
    let mut found = state.range(&range, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Cursor::new(last.key.last_part()));
    if op.project.is_some() {
        let places: Vec<_> = found
            .iter()
            .map(|member| key::mailbox(tenant, &member.key.last_part()))
            .collect::<Result<_>>()?;
        // One that was closed in between is left out.
        found = state.get_many(&places).await?.into_iter().flatten().collect();
    }
    let items =
        found.iter().map(|entry| Ok(shown(&entry.key.last_part(), entry.read()?))).collect::<Result<_>>()?;
    Ok(Page::new(items, next))
}

/// Takes a mailbox away from senders and readers. What it held is removed by [`purge`].
pub(super) async fn close(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<()> {
    let mailbox = opened::load(tx, tenant, name).await?;
    for filter in &mailbox.kept.topics {
        route::remove(tx, tenant, filter, name).await?;
    }
    if let Some(project) = &mailbox.kept.project {
        tx.delete(key::member(tenant, project, name)?)?;
    }
    tx.delete(key::mailbox(tenant, name)?)?;
    untracked::put(tx, key::closed(tenant, &mailbox.kept.id)?, "")?;
    mailbox.tell(tx, "mailbox.closed", &json!({ "held": mailbox.kept.held }))
}

/// Removes a part of what closed mailboxes held; tells whether there is more.
pub(super) async fn purge(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<bool> {
    let Some(closed) = tx.range(&key::all_closed(tenant)?, 1).await?.pop() else { return Ok(false) };
    let held = tx.range(&Shelf::new(tenant, &closed.key.last_part()).all()?, limit::PURGE).await?;
    let whole = held.len() < limit::PURGE;
    for Entry { key, .. } in held {
        tx.delete(key)?;
    }
    if whole {
        tx.delete(closed.key)?;
    }
    Ok(true)
}

pub(super) async fn follow(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    name: &str,
    filter: TopicFilter,
) -> Result<()> {
    let mut mailbox = opened::load(tx, tenant, name).await?;
    if mailbox.kept.topics.contains(&filter) {
        return Ok(());
    }
    if mailbox.kept.topics.len() >= limit::TOPICS {
        let text = format!("the mailbox {name:?} follows {} topics already", limit::TOPICS);
        return Err(Error::new(ErrorKind::QuotaExceeded, text).refused());
    }
    route::add(tx, tenant, &filter, name).await?;
    told(tx, &mailbox, "mailbox.followed", &filter)?;
    mailbox.kept.topics.push(filter);
    mailbox.save(tx)
}

pub(super) async fn unfollow(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    name: &str,
    filter: TopicFilter,
) -> Result<()> {
    let mut mailbox = opened::load(tx, tenant, name).await?;
    let Some(at) = mailbox.kept.topics.iter().position(|topic| *topic == filter) else { return Ok(()) };
    mailbox.kept.topics.remove(at);
    route::remove(tx, tenant, &filter, name).await?;
    told(tx, &mailbox, "mailbox.unfollowed", &filter)?;
    mailbox.save(tx)
}

fn told(tx: &mut Tx<'_>, mailbox: &Opened, kind: &'static str, filter: &TopicFilter) -> Result<()> {
    mailbox.tell(tx, kind, &json!({ "topic": filter }))
}
