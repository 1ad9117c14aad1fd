//! A reservation that was refused, before it becomes an error.

use std::sync::Arc;

use super::node::{Kind, Node, Place};
use crate::error::Error;
use crate::types::Timestamp;
use crate::types::budget::BudgetShortage;

/// What was not there.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) node: Arc<Node>,
    pub(super) place: Place,
    pub(super) asked: u64,
    pub(super) left: u64,
    pub(super) now: Timestamp,
}

impl Refusal {
    /// Whether the store that lends may still have some.
    pub(super) fn may_come(&self) -> bool {
        self.node.kind == Kind::Lent
            && !self.node.is_dry(self.place)
            && self.asked <= self.node.whole(self.place)
    }

    /// As an error: which level, what is left, and when it begins anew.
    #[cold]
    pub(super) fn error(&self) -> Error {
        let &Self { place, asked, left, now, .. } = self;
        let (currency, window, limit) = (place.currency(), place.window(), self.node.whole(place));
        let path = self.node.budget().path.clone();
        BudgetShortage { path, currency, window, limit, asked, left, now }.error()
    }
}
