//! What was taken from budgets before the work, until the work says what it took.

use std::fmt;
use std::sync::Arc;

use super::handle::{Level, Line};
use super::node::{Mask, of_currency, places};
use super::tags::Tags;
use crate::types::budget::{Amounts, BudgetPath, Currency};

/// What becomes of a reservation that is dropped before it is settled.
///
/// ```
/// use mosaic_core::engine::budget::OnDrop;
///
/// assert_eq!(OnDrop::default(), OnDrop::Charge);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnDrop {
    /// All of it counts as used: the work may have been done.
    #[default]
    Charge,
    /// All of it is given back: the work was certainly not done.
    GiveBack,
}

/// Amounts that were taken from every budget on the way to a path. [`Reservation::settle`] says what the work really took. One that
/// is dropped before is charged in full, unless [`Reservation::on_drop`] says otherwise.
///
/// What is given back goes to the windows that it was taken from; what is charged beyond the reservation counts in the windows that
/// run when it is settled.
///
/// ```
/// use mosaic_core::engine::budget::{BudgetTree, OnDrop};
/// use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, Window};
///
/// let tree = BudgetTree::new();
/// let path = BudgetPath::new("acme")?;
/// tree.set(Budget::new(path.clone(), vec![BudgetLimit::new(Currency::Calls, Window::Total, 10)]))?;
/// let used = || tree.get(&path).map(|status| status.uses[0].used);
///
/// drop(tree.reserve(&path, Amounts::new().calls(2))?.on_drop(OnDrop::GiveBack));
/// assert_eq!(used(), Some(0));
/// drop(tree.reserve(&path, Amounts::new().calls(2))?);
/// assert_eq!(used(), Some(2));
/// // Work that took more than it reserved leaves a debt.
/// tree.reserve(&path, Amounts::new().calls(8))?.settle(Amounts::new().calls(20));
/// assert_eq!(used(), Some(22));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[must_use = "a reservation that is dropped is charged in full"]
pub struct Reservation {
    line: Arc<Line>,
    amounts: Amounts,
    tags: Tags,
    /// From which cells of each node it was taken.
    taken: [Mask; BudgetPath::LEVELS],
    on_drop: OnDrop,
}

impl Reservation {
    #[inline]
    pub(super) fn new(
        line: Arc<Line>,
        amounts: Amounts,
        tags: Tags,
        taken: [Mask; BudgetPath::LEVELS],
    ) -> Self {
        Self { line, amounts, tags, taken, on_drop: OnDrop::Charge }
    }

    /// What is reserved.
    pub fn amounts(&self) -> Amounts {
        self.amounts
    }

    /// What becomes of it where it is dropped.
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// The work is done and took so much: gives back what was not needed, and charges what was needed beyond, whether it is there
    /// or not. A budget that is overdrawn so refuses further reservations.
    #[inline]
    pub fn settle(mut self, actual: Amounts) {
        self.on_drop = OnDrop::Charge;
        let mut back = Amounts::new();
        for currency in Currency::ALL {
            let (reserved, actual) = (self.amounts.of(currency), actual.of(currency));
            if actual < reserved {
                back = back.with(currency, reserved - actual);
            } else if actual > reserved {
                self.charge_more(currency, actual - reserved);
            }
        }
        if !back.is_nothing() {
            self.line.give(&back, &self.taken, &self.tags);
        }
    }

    /// The work was certainly not done: gives everything back.
    pub fn give_back(mut self) {
        self.on_drop = OnDrop::GiveBack;
    }

    /// The work was done, or may have been: everything counts as used.
    pub fn charge(mut self) {
        self.on_drop = OnDrop::Charge;
    }

    #[cold]
    fn charge_more(&self, currency: Currency, more: u64) {
        let trunk = &self.line.trunk;
        let mut tags = Tags::new();
        for Level { node, .. } in &self.line.levels {
            for place in places(node.mask() & of_currency(currency)) {
                let tag = tags.of(place.window(), &trunk.clock);
                if node.cell(place).charge(tag, more) {
                    trunk.ring(node, place, tag, None);
                }
            }
        }
    }
}

impl Drop for Reservation {
    #[inline]
    fn drop(&mut self) {
        if self.on_drop == OnDrop::GiveBack {
            self.line.give(&self.amounts, &self.taken, &self.tags);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("amounts", &self.amounts).finish_non_exhaustive()
    }
}
