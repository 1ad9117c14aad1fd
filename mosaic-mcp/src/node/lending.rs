//! What an orchestra of this process borrows of the budgets that all nodes share.

use std::sync::Arc;

use mosaic_core::engine::budget::{BudgetLeases, BudgetTree, LeaseConfig};
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::coordination::budgets::Budgets;
use crate::state::Clock;

/// The tree, from when it is first asked for until the node is closed.
pub(super) struct Lending {
    budgets: Budgets,
    clock: Clock,
    lent: Mutex<Lent>,
}

enum Lent {
    NotYet,
    Open(BudgetTree, BudgetLeases),
    Closed,
}

impl Lending {
    pub(super) fn new(budgets: Budgets, clock: Clock) -> Self {
        Self { budgets, clock, lent: Mutex::new(Lent::NotYet) }
    }

    pub(super) async fn tree(&self) -> Result<BudgetTree> {
        let mut lent = self.lent.lock().await;
        match &*lent {
            Lent::Open(tree, _) => return Ok(tree.clone()),
            Lent::Closed => return Err(Error::new(ErrorKind::Lifecycle, "the node is closed")),
            Lent::NotYet => {}
        }
        let clock = self.clock;
        let tree = BudgetTree::builder().clock(move || clock.now()).build();
        // Another name for each life of a node.
        let config = LeaseConfig::new(Uuid::now_v7().to_string());
        let leases = BudgetLeases::start(tree.clone(), Arc::new(self.budgets.clone()), config).await?;
        *lent = Lent::Open(tree.clone(), leases);
        Ok(tree)
    }

    /// Gives back what is not used; nothing is granted from then on.
    pub(super) async fn close(&self) {
        let before = std::mem::replace(&mut *self.lent.lock().await, Lent::Closed);
        if let Lent::Open(_, leases) = before {
            leases.close().await;
        }
    }
}
