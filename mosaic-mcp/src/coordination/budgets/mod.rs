//! Budgets of tenants, as a tree: what may be used, what was used, and what is held for work.
//!
//! Applications reserve in process, from the budget tree of the engine, whose pieces [`Budgets`] lends as a [`BudgetStore`]; agents
//! reserve here, with a transaction. Both use the same accounts.

mod lend;
mod params;
mod place;
mod record;
mod reserve;

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
#[cfg(doc)]
use mosaic_core::ports::BudgetStore;
use mosaic_core::types::budget::{Budget, BudgetPath};
use mosaic_core::types::{Cursor, Page};
use serde_json::json;

pub use params::{
    BudgetReservation, DeleteBudget, GetBudget, ListBudgets, ReserveBudget, SetBudget, SettleBudget,
    TenantBudget,
};

use self::record::Record;
use crate::coordination::untracked;
use crate::function::functions;
use crate::state::{Entry, Expect, State, Tx};

functions! {
    /// The functions on budgets.
    pub table TABLE of Budgets = "budgets";
    /// Set what may be used at a place of the tree and below it. What was used stays.
    fn set_budget(SetBudget) -> TenantBudget { Idempotent on path }
    /// Delete a budget, and forget what was used of it.
    fn delete_budget(DeleteBudget) -> () { Idempotent on path }
    /// Fetch a budget, what was used of it, and when it begins anew.
    fn get_budget(GetBudget) -> TenantBudget { Read on path }
    /// List budgets, and what was used of each.
    fn list_budgets(ListBudgets) -> Page<TenantBudget> { Read below below }
    /// Reserve calls, tokens, time or money before work, from every budget on the way to a place. Refused where one has too little:
    /// the error says which, how much is left, and when it begins anew.
    fn reserve(ReserveBudget) -> BudgetReservation { Create on path }
    /// Say what the work of a reservation really used. The rest is given back; what is beyond is charged.
    fn settle(SettleBudget) -> () { Idempotent on id }
}

/// The budgets of all tenants. No tenant sees another's. Clones share the state.
///
/// A budget stands at a place below its tenant, such as `team:web/agent:writer`; the empty place is the tenant as a whole. What is
/// reserved at a place is taken from every budget on the way to it.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, Window};
/// use mosaic_mcp::coordination::budgets::{Budgets, ReserveBudget, SetBudget, SettleBudget};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
/// let day = vec![BudgetLimit::new(Currency::Tokens, Window::Day, 10_000)];
/// budgets.set_budget(&cx, SetBudget::new("team:web", day)).await?;
/// let writer = |tokens| ReserveBudget::new("team:web/agent:writer", Amounts::new().tokens(tokens));
/// let held = budgets.reserve(&cx, writer(8_000)).await?;
/// assert!(budgets.reserve(&cx, writer(8_000)).await.is_err());
/// budgets.settle(&cx, SettleBudget::new(held.id, Amounts::new().tokens(1_500))).await?;
/// budgets.reserve(&cx, writer(8_000)).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Budgets {
    state: State,
    holds: Duration,
}

impl Budgets {
    /// Over a state. Leases hold 15 seconds.
    pub fn new(state: State) -> Self {
        Self { state, holds: Duration::from_secs(15) }
    }

    /// How long a node may use what it was lent without being heard of: after that it comes back.
    #[must_use]
    pub fn leases_hold(mut self, time: Duration) -> Self {
        self.holds = time;
        self
    }

    /// Sets a budget, or changes what one allows.
    ///
    /// # Errors
    /// `Invalid` for a path, limits or thresholds that mean nothing; those of the state.
    pub async fn set_budget(&self, cx: &CallContext, op: SetBudget) -> Result<TenantBudget> {
        let path = place::path(cx.tenant_id(), &op.path)?;
        let mut budget = Budget::new(path.clone(), op.limits);
        budget.thresholds = op.thresholds;
        budget.check()?;
        let set = self.state.run(move |tx| {
            Box::pin(async move {
                let key = place::key(path.as_str())?;
                let (limits, thresholds) = (budget.limits.clone(), budget.told_at().to_vec());
                let record = match tx.read::<Record>(&key).await? {
                    None => Record::new(budget, tx.revision()),
                    Some(mut record) => {
                        record.set(budget);
                        record
                    }
                };
                changed(tx)?;
                let shown = place::place(path.as_str());
                let data = json!({ "path": shown, "limits": limits, "thresholds": thresholds });
                tx.emit(place::topic(&path)?, "budget.set", &data)?;
                keep(tx, &path, record)
            })
        });
        set.await
    }

    /// Deletes a budget. What is lent of it is granted until its time is over, and counts nowhere.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Invalid` for a path that is none; those of the state.
    pub async fn delete_budget(&self, cx: &CallContext, op: DeleteBudget) -> Result<()> {
        let path = place::path(cx.tenant_id(), &op.path)?;
        let delete = self.state.run(move |tx| {
            Box::pin(async move {
                let key = place::key(path.as_str())?;
                tx.expect(&key, Expect::Present).await.map_err(|_| none(&path))?;
                tx.delete(key)?;
                changed(tx)?;
                let data = json!({ "path": place::place(path.as_str()) });
                tx.emit(place::topic(&path)?, "budget.deleted", &data).map(drop)
            })
        });
        delete.await
    }

    /// Fetches a budget.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Invalid` for a path that is none; those of the state.
    pub async fn get_budget(&self, cx: &CallContext, op: GetBudget) -> Result<TenantBudget> {
        let path = place::path(cx.tenant_id(), &op.path)?;
        let entry = self.state.get(&place::key(path.as_str())?).await?;
        self.shown(&entry.ok_or_else(|| none(&path))?)
    }

    /// Lists budgets.
    ///
    /// # Errors
    /// `Invalid` for a place or a cursor that is none; those of the state.
    pub async fn list_budgets(&self, cx: &CallContext, op: ListBudgets) -> Result<Page<TenantBudget>> {
        let tenant = cx.tenant_id();
        let mut range = place::below(&place::path(tenant, op.below.as_deref().unwrap_or(""))?)?;
        if let Some(cursor) = &op.page.cursor {
            let after = place::path(tenant, if cursor.as_str() == "." { "" } else { cursor.as_str() })?;
            range = range.after(&place::key(after.as_str())?);
        }
        let limit = op.page.limit();
        let mut entries = self.state.range(&range, limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let budgets: Vec<_> = entries.iter().map(|entry| self.shown(entry)).collect::<Result<_>>()?;
        let cursor = |last: &TenantBudget| Cursor::new(if last.path.is_empty() { "." } else { &last.path });
        let next = budgets.last().filter(|_| more).map(cursor);
        Ok(Page::new(budgets, next))
    }

    fn shown(&self, entry: &Entry) -> Result<TenantBudget> {
        let path = place::path_of(&entry.key)?;
        let mut record: Record = decode(entry)?;
        Ok(show(&path, &mut record, self.state.now()))
    }
}

fn show(path: &BudgetPath, record: &mut Record, now: mosaic_core::types::Timestamp) -> TenantBudget {
    TenantBudget::new(place::place(path.as_str()), record.uses(now), record.thresholds())
}

fn decode(entry: &Entry) -> Result<Record> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("{}: what is stored is no budget", entry.key)).source(error)
    })
}

fn none(path: &BudgetPath) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no budget at {:?}", place::place(path.as_str())))
        .refused()
}

/// What budgets allow has changed: nodes that follow them look again.
fn changed(tx: &mut Tx<'_>) -> Result<()> {
    let revision = tx.revision();
    untracked::write(tx, &place::version()?, &revision)
}

/// Writes a budget, and tells of the thresholds that it has reached.
fn keep(tx: &mut Tx<'_>, path: &BudgetPath, mut record: Record) -> Result<TenantBudget> {
    let now = tx.now();
    for reached in record.reached(place::place(path.as_str()), now) {
        tx.emit(place::topic(path)?, "budget.threshold", &reached)?;
    }
    untracked::write(tx, &place::key(path.as_str())?, &record)?;
    Ok(show(path, &mut record, now))
}

#[cfg(test)]
mod tests;
