//! What nodes borrow of budgets that they share.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::ports::BudgetStore;
use mosaic_core::types::budget::{Budget, BudgetPath, Lease, LeaseQuestion};

use super::record::Record;
use super::reserve::{SWEPT, sweep};
use super::{Budgets, decode, keep, place};
use crate::state::{Key, limits};

/// Every question of a node is answered in one transaction, with two questions to the store.
///
/// What a node reports as used and reserved counts as used; what it was lent beyond that counts as used for others, and is shown as lent.
#[async_trait]
impl BudgetStore for Budgets {
    async fn budgets(&self, known: u64) -> Result<Option<(u64, Vec<Budget>)>> {
        // Read before the budgets: a change in between is seen the next time.
        let version = self.state.read::<u64>(&place::version()?).await?.unwrap_or(0);
        if version == known {
            return Ok(None);
        }
        let (mut budgets, mut rest) = (Vec::new(), place::all()?);
        loop {
            let entries = self.state.range(&rest, limits::READ).await?;
            for entry in &entries {
                budgets.push(decode(entry)?.budget(place::path_of(&entry.key)?));
            }
            match entries.last() {
                Some(last) if entries.len() == limits::READ => rest = rest.after(&last.key),
                _ => return Ok(Some((version, budgets))),
            }
        }
    }

    async fn lease(&self, questions: Vec<LeaseQuestion>) -> Result<Vec<Lease>> {
        let holds = self.holds;
        let lease = self.state.run(move |tx| {
            Box::pin(async move {
                // What agents hold no longer is there for nodes.
                sweep(tx, SWEPT).await?;
                let mut paths: Vec<&BudgetPath> = questions.iter().map(|question| &question.path).collect();
                paths.sort_unstable();
                paths.dedup();
                let keys: Vec<Key> =
                    paths.iter().map(|path| place::key(path.as_str())).collect::<Result<_>>()?;
                let entries = tx.get_many(&keys).await?;
                let mut records: BTreeMap<&BudgetPath, Record> = BTreeMap::new();
                for (path, entry) in paths.into_iter().zip(entries) {
                    if let Some(entry) = entry {
                        records.insert(path, decode(&entry)?);
                    }
                }
                let now = tx.now();
                let answer = |question: &LeaseQuestion| {
                    let LeaseQuestion { path, currency, window, .. } = question;
                    let record = records.get_mut(path);
                    let found = record.and_then(|record| Some((record.limit(*currency, *window)?, record)));
                    let Some((limit, record)) = found else {
                        return Lease::new(window.number(now), 0, holds).unlimited();
                    };
                    record.account(*currency, *window, now).lease(limit.amount, question, now, holds)
                };
                let leases = questions.iter().map(answer).collect();
                for (path, record) in records {
                    keep(tx, path, record)?;
                }
                Ok(leases)
            })
        });
        lease.await
    }
}
