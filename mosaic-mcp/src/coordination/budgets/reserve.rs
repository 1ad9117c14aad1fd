//! Reservations of agents: held in the state until they are settled or their time is over.

use std::collections::BTreeMap;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::budget::{Amounts, BudgetPath, BudgetShortage, Currency, Window};
use mosaic_core::types::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::record::Record;
use super::{BudgetReservation, Budgets, ReserveBudget, SettleBudget, decode, keep, place};
use crate::coordination::untracked;
use crate::state::{Key, Tx};

/// How long a reservation is held, in seconds: at most, and where nothing is said.
const SECONDS: (u64, u64) = (86_400, 900);
/// How many reservations whose time is over are ended at once.
pub(super) const SWEPT: usize = 64;

/// A reservation, as the state keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    path: BudgetPath,
    amounts: Amounts,
    /// From which limits it was taken, and in which windows.
    taken: Vec<Took>,
    /// Who holds it.
    holder: String,
    until: Timestamp,
    /// Whether it is given back when its time is over.
    give_back: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Took {
    path: BudgetPath,
    currency: Currency,
    window: Window,
    number: i64,
    /// Of which budget at that path.
    #[serde(default)]
    made: u64,
}

/// The budgets that a transaction changes.
type Line = BTreeMap<BudgetPath, Record>;

impl Budgets {
    /// Reserves amounts from every budget on the way to a place, or from none. Held by who calls.
    ///
    /// # Errors
    /// `QuotaExceeded` with the budget, the currency, what is left, and, where waiting helps, how long; `Invalid` for a path or a
    /// time that is none, or for nothing at all; those of the state.
    pub async fn reserve(&self, cx: &CallContext, op: ReserveBudget) -> Result<BudgetReservation> {
        let tenant = cx.tenant_id().clone();
        let path = place::path(&tenant, &op.path)?;
        let seconds = op.seconds.unwrap_or(SECONDS.1);
        if !(1..=SECONDS.0).contains(&seconds) {
            let message = format!("seconds: 1 to {} are held, not {seconds}", SECONDS.0);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if op.amounts.is_nothing() {
            return Err(Error::new(ErrorKind::Invalid, "amounts: nothing is asked for"));
        }
        let holder = cx.caller().to_string();
        loop {
            match self.try_reserve(&tenant, &path, &holder, &op, seconds).await? {
                Ok(reserved) => return Ok(reserved),
                // What more there is whose time is over may be what is missing.
                Err((_, SWEPT)) => {}
                Err((shortage, _)) => return Err(shortage.error()),
            }
        }
    }

    /// Reserves, or ends reservations whose time is over: gives what is missing nevertheless, and how many were ended.
    async fn try_reserve(
        &self,
        tenant: &TenantId,
        path: &BudgetPath,
        holder: &str,
        op: &ReserveBudget,
        seconds: u64,
    ) -> Result<Result<BudgetReservation, (Box<BudgetShortage>, usize)>> {
        let (tenant, path, holder, op) = (tenant.clone(), path.clone(), holder.to_owned(), op.clone());
        let reserve = self.state.run(move |tx| {
            Box::pin(async move {
                let mut line = line(tx, [&path]).await?;
                let mut taken = take(&line, &path, op.amounts, tx.now());
                let mut swept = 0;
                if taken.is_err() {
                    swept = sweep(tx, SWEPT).await?;
                }
                if swept > 0 {
                    // Those whose time was over are gone, and stay so, whatever becomes of this one.
                    line = self::line(tx, [&path]).await?;
                    taken = take(&line, &path, op.amounts, tx.now());
                }
                let (line, taken) = match taken {
                    Ok(taken) => taken,
                    Err(shortage) => return Ok(Err((shortage, swept))),
                };
                let id = tx.revision().to_string();
                let until = tx.now().saturating_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
                for (path, record) in line {
                    keep(tx, &path, record)?;
                }
                let shown = BudgetReservation::new(&*id, place::place(path.as_str()), op.amounts, until);
                tx.emit(place::topic(&path)?, "budget.reserved", &shown)?;
                let held = Held { path, amounts: op.amounts, taken, holder, until, give_back: op.give_back };
                untracked::write(tx, &place::reservation(&tenant, &id)?, &held)?;
                untracked::put(tx, place::due(until, &tenant, &id)?, "")?;
                Ok(Ok(shown))
            })
        });
        reserve.await
    }

    /// Settles a reservation with what was used.
    ///
    /// # Errors
    /// `NotFound` where it was settled or its time is over; `PermissionDenied` where somebody else holds it; those of the state.
    pub async fn settle(&self, cx: &CallContext, op: SettleBudget) -> Result<()> {
        let (tenant, caller) = (cx.tenant_id().clone(), cx.caller().clone());
        let settle = self.state.run(move |tx| {
            Box::pin(async move {
                let none = || {
                    let message =
                        format!("there is no reservation {:?}: it was settled, or its time is over", op.id);
                    Error::new(ErrorKind::NotFound, message).refused()
                };
                // An id that is no part of a key names nothing.
                let key = place::reservation(&tenant, &op.id).map_err(|_| none())?;
                let held = tx.read::<Held>(&key).await?.ok_or_else(none)?;
                // Over is over, also before anybody swept it.
                if held.until <= tx.now() {
                    return Err(none());
                }
                if !caller.is_application() && caller.to_string() != held.holder {
                    let message = format!("reservation {} is held by {}", op.id, held.holder);
                    return Err(Error::new(ErrorKind::PermissionDenied, message).refused());
                }
                let line = line_of(tx, &held).await?;
                end(tx, &tenant, &op.id, (held, line), op.amounts)
            })
        });
        settle.await
    }

    /// Ends reservations whose time is over, a number of them at most; gives how many. A reservation that would be refused does it
    /// first, and so does every report of a node; it is to be called from time to time where there are neither.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn sweep(&self, most: usize) -> Result<usize> {
        // Nodes that look in vain do not take the write turn.
        if self.state.range(&place::due_by(self.state.now())?, 1).await?.is_empty() {
            return Ok(0);
        }
        self.state.run(move |tx| Box::pin(sweep(tx, most))).await
    }
}

/// The budgets on the way to paths, with one question.
async fn line<'p>(tx: &mut Tx<'_>, paths: impl IntoIterator<Item = &'p BudgetPath>) -> Result<Line> {
    let mut texts: Vec<&str> = paths.into_iter().flat_map(BudgetPath::upwards).collect();
    texts.sort_unstable();
    texts.dedup();
    let keys: Vec<Key> = texts.iter().map(|text| place::key(text)).collect::<Result<_>>()?;
    let entries = tx.get_many(&keys).await?;
    entries.into_iter().flatten().map(|entry| Ok((place::path_of(&entry.key)?, decode(&entry)?))).collect()
}

/// What a reservation leaves of the budgets on the way to it, and where it was taken.
fn take(
    line: &Line,
    path: &BudgetPath,
    amounts: Amounts,
    now: Timestamp,
) -> Result<(Line, Vec<Took>), Box<BudgetShortage>> {
    let (mut line, mut took) = (line.clone(), Vec::new());
    // The nearest budget refuses first.
    for path in path.upwards() {
        let Some((path, mut record)) = line.remove_entry(path) else { continue };
        for currency in Currency::ALL.into_iter().filter(|currency| amounts.of(*currency) > 0) {
            for (window, number) in record.take(&path, currency, amounts.of(currency), now)? {
                took.push(Took { path: path.clone(), currency, window, number, made: record.made });
            }
        }
        line.insert(path, record);
    }
    Ok((line, took))
}

/// The budgets that a reservation is of.
async fn line_of(tx: &mut Tx<'_>, held: &Held) -> Result<Line> {
    line(tx, held.taken.iter().map(|took| &took.path).chain([&held.path])).await
}

/// Ends a reservation that used so much.
fn end(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    (held, mut line): (Held, Line),
    actual: Amounts,
) -> Result<()> {
    let now = tx.now();
    for Took { path, currency, window, number, made } in &held.taken {
        let back = held.amounts.of(*currency).saturating_sub(actual.of(*currency));
        // One that was made since has nothing of what was taken.
        if let Some(record) = line.get_mut(path).filter(|record| record.made == *made) {
            record.account(*currency, *window, now).give(*number, back);
        }
    }
    for path in held.path.upwards() {
        let Some(record) = line.get_mut(path) else { continue };
        for currency in Currency::ALL {
            let more = actual.of(currency).saturating_sub(held.amounts.of(currency));
            for limit in record.limits_of(currency) {
                record.account(currency, limit.window, now).charge(more);
            }
        }
    }
    for (path, record) in line {
        keep(tx, &path, record)?;
    }
    tx.delete(place::reservation(tenant, id)?)?;
    tx.delete(place::due(held.until, tenant, id)?)?;
    let data = json!({ "id": id, "path": place::place(held.path.as_str()), "reserved": held.amounts, "used": actual });
    tx.emit(place::topic(&held.path)?, "budget.settled", &data).map(drop)
}

/// Ends reservations whose time is over: as charged, or as given back; gives how many. One that is not readable is left, as it
/// must not keep those of others.
pub(super) async fn sweep(tx: &mut Tx<'_>, most: usize) -> Result<usize> {
    let mut ended = 0;
    for entry in tx.range(&place::due_by(tx.now())?, most).await? {
        match over(tx, &entry.key).await {
            Ok((tenant, id, Some((held, line)))) => {
                let used = if held.give_back { Amounts::new() } else { held.amounts };
                end(tx, &tenant, &id, (held, line), used)?;
            }
            Ok((_, _, None)) => tx.delete(entry.key)?,
            Err(error) if error.kind() == ErrorKind::Internal => {
                tracing::warn!(%error, key = %entry.key, "a reservation whose time is over is not readable, and not ended");
                continue;
            }
            Err(error) => return Err(error),
        }
        ended += 1;
    }
    Ok(ended)
}

/// Whose reservation a key tells of, its id, and what there is of it.
async fn over(tx: &mut Tx<'_>, key: &Key) -> Result<(TenantId, String, Option<(Held, Line)>)> {
    let strange = || Error::new(ErrorKind::Internal, format!("{key}: this is no reservation"));
    let parts: Vec<String> = key.parts().skip(3).collect();
    let [tenant, id] = parts.as_slice() else { return Err(strange()) };
    let tenant = TenantId::new(tenant).map_err(|_| strange())?;
    let Some(held) = tx.read::<Held>(&place::reservation(&tenant, id)?).await? else {
        return Ok((tenant, id.clone(), None));
    };
    let line = line_of(tx, &held).await?;
    Ok((tenant, id.clone(), Some((held, line))))
}
