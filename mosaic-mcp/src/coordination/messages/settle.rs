//! What becomes of messages that were given out: acknowledged or returned.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;

use super::opened::{self, Opened};
use super::receipt::Receipt;
use super::record::Lane;
use super::{Settled, limit};
use crate::state::Tx;

/// Reads receipts.
pub(super) fn receipts(texts: &[String]) -> Result<Vec<Receipt>> {
    let most = usize::try_from(limit::GIVEN).unwrap_or(usize::MAX);
    if texts.is_empty() || texts.len() > most {
        return Err(limit::invalid(format!("receipts: 1 to {most} are allowed, not {}", texts.len())));
    }
    texts.iter().map(|text| text.parse()).collect()
}

/// The lane whose head is given out for a receipt; none where the receipt is no longer good.
pub(super) async fn held(tx: &mut Tx<'_>, mailbox: &Opened, receipt: &Receipt) -> Result<Option<Lane>> {
    let lane = mailbox.lane(tx, &receipt.lane).await?;
    let now = tx.now();
    Ok(lane.filter(|lane| {
        let good = lane.given.is_some_and(|given| given.token == receipt.token && now < given.until);
        lane.head == receipt.number && good
    }))
}

/// What is done with each message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settle {
    Acknowledge,
    /// After so many seconds.
    Return(u64),
}

pub(super) async fn settle(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    name: &str,
    receipts: Vec<Receipt>,
    how: Settle,
) -> Result<Settled> {
    let mut mailbox = opened::load(tx, tenant, name).await?;
    let mut places = Vec::with_capacity(receipts.len() * 2);
    for receipt in &receipts {
        places.push(mailbox.shelf.lane(&receipt.lane)?);
        places.push(mailbox.shelf.letter(&receipt.lane, receipt.number)?);
    }
    tx.get_many(&places).await?;
    let (mut settled, mut refused) = (0_u64, Vec::new());
    for receipt in receipts {
        let Some(lane) = held(tx, &mailbox, &receipt).await? else {
            refused.push(receipt.to_string());
            continue;
        };
        settled += 1;
        match how {
            Settle::Acknowledge => {
                let letter = mailbox.take_head(tx, &receipt.lane, lane).await?;
                mailbox.tell_of(tx, "message.acknowledged", &letter)?;
            }
            Settle::Return(0) => {
                mailbox.lapse(tx, &receipt.lane, lane).await?;
                mailbox.tell(tx, "message.returned", &serde_json::json!({ "number": receipt.number }))?;
            }
            Settle::Return(seconds) => {
                let until = limit::later(tx.now(), seconds)?;
                mailbox.put_off(tx, &receipt.lane, lane, until)?;
                mailbox.tell(tx, "message.returned", &serde_json::json!({ "number": receipt.number }))?;
            }
        }
    }
    if settled == 0 {
        return Err(stale());
    }
    mailbox.save(tx)?;
    Ok(Settled::new(settled).refused(refused))
}

/// The error of a receipt that is no longer good.
pub(super) fn stale() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the receipt is no longer good: the message was given out again, or is gone; receive again",
    )
    .refused()
}
