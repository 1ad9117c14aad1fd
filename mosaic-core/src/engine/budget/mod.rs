//! Budgets as a tree: what is used at a path is used of every budget on the way to it, or of none.
//!
//! | what | where |
//! | --- | --- |
//! | [`BudgetTree`] | the budgets of this process, set and changed while calls run |
//! | [`BudgetHandle`] | the way to a path, found once: reserves in nanoseconds |
//! | [`Reservation`] | what was taken before the work; settled with what the work took |
//! | [`BudgetLeases`] | pieces of budgets that several nodes share, lent by a [`BudgetStore`](crate::ports::BudgetStore) |
//! | [`CallBudgets`] | which budget a call through the engine belongs to, and what it costs |
//!
//! A reservation takes its amounts from every level, or from none, and never more than a limit allows. Work that took more than was
//! reserved is charged all the same: the budget is in debt, and further reservations are refused until the window ends or the limit
//! is raised. What was used beyond the limit of a window does not count against the next.
//!
//! Nothing is locked and nothing allocated where a reservation is granted by a handle. One that is refused has held nothing; while
//! two that do not fit together race, both may be refused, never both granted.
//!
//! ```
//! use mosaic_core::ErrorKind;
//! use mosaic_core::engine::budget::BudgetTree;
//! use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, Window};
//!
//! let tree = BudgetTree::new();
//! let limit = |amount| vec![BudgetLimit::new(Currency::Tokens, Window::Day, amount)];
//! tree.set(Budget::new(BudgetPath::new("acme")?, limit(1_000)))?;
//! tree.set(Budget::new(BudgetPath::new("acme/team:web")?, limit(300)))?;
//!
//! let web = tree.handle(BudgetPath::new("acme/team:web/task:17")?);
//! let reserved = web.reserve(Amounts::new().tokens(250))?;
//! let refused = web.reserve(Amounts::new().tokens(100)).unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::QuotaExceeded);
//! assert!(refused.message().contains("acme/team:web") && refused.wait().is_some());
//! reserved.settle(Amounts::new().tokens(120));
//! web.reserve(Amounts::new().tokens(100))?.settle(Amounts::new().tokens(100));
//! # Ok::<(), mosaic_core::Error>(())
//! ```
mod calls;
mod cell;
mod handle;
mod leases;
mod node;
mod refusal;
mod reservation;
mod tags;
mod tree;

pub use calls::CallBudgets;
pub(crate) use calls::not_made;
pub use handle::BudgetHandle;
pub use leases::{BudgetLeases, LeaseConfig};
pub use reservation::{OnDrop, Reservation};
pub use tree::{BudgetAlert, BudgetTree, BudgetTreeBuilder};

#[cfg(test)]
mod tests;
