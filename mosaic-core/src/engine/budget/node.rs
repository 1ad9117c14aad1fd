//! A budget of the tree: a cell for each currency and window, and which of them count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use arc_swap::ArcSwap;

use super::cell::{Cell, Tag, tag};
use crate::types::Timestamp;
use crate::types::budget::{Amounts, Budget, BudgetLimit, BudgetUse, Currency, MOST, Window};

/// How many windows a currency has.
const WINDOWS: usize = Window::ALL.len();
/// How many cells a node has.
const CELLS: usize = Currency::ALL.len() * WINDOWS;

/// Which cells: one bit for each.
pub(super) type Mask = u32;

/// The cells of a currency.
pub(super) const fn of_currency(currency: Currency) -> Mask {
    ((1 << WINDOWS) - 1) << (currency.index() * WINDOWS)
}

/// The cells of all currencies of which there is something.
#[inline]
pub(super) fn of_amounts(amounts: &Amounts) -> Mask {
    let mut mask = 0;
    for currency in Currency::ALL {
        if amounts.of(currency) > 0 {
            mask |= of_currency(currency);
        }
    }
    mask
}

/// The places of a mask, lowest first.
#[inline]
pub(super) fn places(mut mask: Mask) -> impl Iterator<Item = Place> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let place = Place(mask.trailing_zeros() as u8);
        mask &= mask - 1;
        Some(place)
    })
}

/// Which cell of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(u8);

impl Place {
    pub(super) const fn of(currency: Currency, window: Window) -> Self {
        Self((currency.index() * WINDOWS + window.index()) as u8)
    }

    #[inline]
    pub(super) fn currency(self) -> Currency {
        Currency::ALL[usize::from(self.0) / WINDOWS % Currency::ALL.len()]
    }

    #[inline]
    pub(super) fn window(self) -> Window {
        Window::ALL[usize::from(self.0) % WINDOWS]
    }

    #[inline]
    pub(super) const fn bit(self) -> Mask {
        1 << self.0
    }
}

const fn place(limit: &BudgetLimit) -> Place {
    Place::of(limit.currency, limit.window)
}

/// How the limits of a node come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They are this process's own.
    Own,
    /// Pieces of them are lent by a store that others share.
    Lent,
}

/// A budget.
#[derive(Debug)]
pub(super) struct Node {
    budget: ArcSwap<Budget>,
    pub(super) kind: Kind,
    /// The cells that have a limit.
    mask: AtomicU32,
    /// Lent cells that somebody asked.
    asked: AtomicU32,
    /// Lent cells of which the store has no more just now.
    dry: AtomicU32,
    cells: [Cell; CELLS],
    /// Of lent cells: how much somebody asked for and did not get.
    wanted: [AtomicU64; CELLS],
}

impl Node {
    pub(super) fn new(budget: Budget, kind: Kind) -> Self {
        let node = Self {
            budget: ArcSwap::from_pointee(Budget::new(budget.path.clone(), vec![])),
            kind,
            mask: AtomicU32::new(0),
            asked: AtomicU32::new(0),
            dry: AtomicU32::new(0),
            cells: std::array::from_fn(|_| Cell::default()),
            wanted: std::array::from_fn(|_| AtomicU64::new(0)),
        };
        node.set(budget);
        node
    }

    pub(super) fn budget(&self) -> Arc<Budget> {
        self.budget.load_full()
    }

    /// The cells that count.
    #[inline]
    pub(super) fn mask(&self) -> Mask {
        self.mask.load(SeqCst)
    }

    #[inline]
    pub(super) fn cell(&self, place: Place) -> &Cell {
        &self.cells[usize::from(place.0) % CELLS]
    }

    /// Changes the limits; gives whether other cells count than before. What was used stays, also where a limit is taken away and
    /// set again later.
    pub(super) fn set(&self, budget: Budget) -> bool {
        let before = self.mask();
        let mut mask = 0;
        for limit in &budget.limits {
            let place = place(limit);
            let cell = self.cell(place);
            mask |= place.bit();
            match self.kind {
                Kind::Own => {
                    let lowest = budget.told_at().iter().map(|percent| limit.share(*percent)).min();
                    cell.set_alarm(lowest.unwrap_or(MOST + 1));
                    cell.forget_told();
                    cell.set_limit(limit.amount);
                }
                // What is lent is settled with the store.
                Kind::Lent if before & place.bit() == 0 => cell.lend(0, 0),
                Kind::Lent => {}
            }
        }
        self.budget.store(Arc::new(budget));
        self.mask.store(mask, SeqCst);
        mask != before
    }

    /// The limit of a place as the budget has it, whoever lends it.
    pub(super) fn limit(&self, at: Place) -> Option<BudgetLimit> {
        self.budget.load().limits.iter().find(|limit| place(limit) == at).copied()
    }

    /// The whole amount of a limit.
    pub(super) fn whole(&self, place: Place) -> u64 {
        self.limit(place).map_or(0, |limit| limit.amount)
    }

    /// Notes that so much of a lent cell is wanted.
    pub(super) fn ask(&self, place: Place, amount: u64) {
        self.wanted[usize::from(place.0) % CELLS].fetch_max(amount, SeqCst);
        self.asked.fetch_or(place.bit(), SeqCst);
    }

    /// How much of a lent cell was wanted since this was asked.
    pub(super) fn take_wanted(&self, place: Place) -> u64 {
        self.wanted[usize::from(place.0) % CELLS].swap(0, SeqCst)
    }

    /// Whether the store has no more of a lent cell just now.
    pub(super) fn is_dry(&self, place: Place) -> bool {
        self.dry.load(SeqCst) & place.bit() != 0
    }

    /// Notes whether the store has no more of a lent cell.
    pub(super) fn set_dry(&self, place: Place, dry: bool) {
        if dry {
            self.dry.fetch_or(place.bit(), SeqCst);
        } else {
            self.dry.fetch_and(!place.bit(), SeqCst);
        }
    }

    /// The lent cells that somebody asked.
    pub(super) fn asked(&self) -> Mask {
        self.asked.load(SeqCst) & self.mask()
    }

    /// Nobody asks a lent cell any more.
    pub(super) fn forget(&self, place: Place) {
        self.asked.fetch_and(!place.bit(), SeqCst);
    }

    /// The thresholds that what is used in a window has reached and that were not told in it.
    pub(super) fn reached(&self, place: Place, tag: Tag, refused: bool) -> Vec<u8> {
        let Some(limit) = self.limit(place) else { return Vec::new() };
        let (cell, budget) = (self.cell(place), self.budget.load());
        let used = cell.used(tag);
        let reached = |percent: u8| used >= limit.share(percent) || (refused && percent == 100);
        let told = budget.told_at().iter().enumerate();
        told.filter(|(at, percent)| reached(**percent) && cell.tells(tag, *at))
            .map(|(_, percent)| *percent)
            .collect()
    }

    /// What was used of each limit at a time.
    pub(super) fn uses(&self, now: Timestamp) -> Vec<BudgetUse> {
        let each = |limit: &BudgetLimit| {
            let (number, place) = (limit.window.number(now), place(limit));
            let mut used = BudgetUse::new(
                limit.currency,
                limit.window,
                limit.amount,
                self.cell(place).used(tag(number)),
            );
            used.resets = limit.window.end(number);
            used
        };
        self.budget.load().limits.iter().map(each).collect()
    }
}
