//! Dead messages: listed, and put back.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Cursor, Page, TenantId};

use super::key::{self, Shelf, number};
use super::opened::{self, missing};
use super::record::{Dead, Kept};
use super::{DeadMessage, ListDeadMessages, limit};
use crate::state::{State, Tx};

pub(super) async fn list(
    state: &State,
    tenant: &TenantId,
    op: ListDeadMessages,
) -> Result<Page<DeadMessage>> {
    limit::name("mailbox", &op.mailbox, limit::NAME)?;
    let kept: Kept =
        state.read(&key::mailbox(tenant, &op.mailbox)?).await?.ok_or_else(|| missing(&op.mailbox))?;
    let shelf = Shelf::new(tenant, &kept.id);
    let mut range = shelf.all_dead()?;
    if let Some(cursor) = &op.page.cursor {
        let after = cursor.as_str().parse().map_err(|error| {
            Error::new(ErrorKind::Invalid, "cursor: give the one of the page before").source(error)
        })?;
        range = range.after(&shelf.dead(after)?);
    }
    // Bodies may be large: a page has fewer than it could.
    let most = op.page.limit().min(limit::STEP);
    let mut found = state.range(&range, most + 1).await?;
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|last| Cursor::new(number(&last.key).to_string()));
    let items =
        found.iter().map(|entry| Ok(shown(number(&entry.key), entry.read()?))).collect::<Result<_>>()?;
    Ok(Page::new(items, next))
}

fn shown(number: u64, dead: Dead) -> DeadMessage {
    let Dead { letter, died, deliveries } = dead;
    let mut message =
        DeadMessage::new(number, letter.id, letter.from, letter.body, letter.sent, died, deliveries);
    message.conversation = letter.conversation;
    message.topic = letter.topic;
    message
}

pub(super) async fn replay(tx: &mut Tx<'_>, tenant: &TenantId, name: &str, number: u64) -> Result<()> {
    let mut mailbox = opened::load(tx, tenant, name).await?;
    let place = mailbox.shelf.dead(number)?;
    let Some(Dead { mut letter, .. }) = tx.read(&place).await? else {
        let text = format!("the mailbox {name:?} has no dead message of number {number}");
        return Err(Error::new(ErrorKind::NotFound, text).refused());
    };
    mailbox.make_room(tx).await?;
    tx.delete(place)?;
    mailbox.kept.dead -= 1;
    // Whoever sees to it that it is given out again wants it to be, however late it is.
    letter.expires = None;
    mailbox.put(tx, &letter).await?;
    mailbox.save(tx)
}
