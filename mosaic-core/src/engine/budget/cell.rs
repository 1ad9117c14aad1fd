//! One limit and what was used of it: a few atomics, no lock.
//!
//! What was used stands in one word with the tag of its window, so that a window that ended is noticed, and begun anew, by the
//! same exchange that takes. The limit stands in a word of its own, so that it changes without touching what was used; who takes
//! looks at it again afterwards, so that nothing is taken by a limit that was lowered in between.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use crate::types::budget::MOST;

/// Tells one window from the others of about its time.
pub(super) type Tag = u16;

/// The tag of a limit that holds in every window.
const ANY: Tag = Tag::MAX;
/// How many windows the clock of one thread may be behind another's. One that is further back is taken for the next round of tags.
const BEHIND: u16 = 2;

/// The tag of the window of a number.
pub(super) fn tag(number: i64) -> Tag {
    // It is below the divisor, which fits.
    number.rem_euclid(i64::from(ANY)) as Tag
}

const fn pack(tag: Tag, amount: u64) -> u64 {
    (tag as u64) << 48 | if amount > MOST { MOST } else { amount }
}

const fn unpack(word: u64) -> (Tag, u64) {
    ((word >> 48) as Tag, word & MOST)
}

/// Whether a tag is of a window shortly after another's.
const fn later(one: Tag, other: Tag) -> bool {
    let ahead = (one as u32 + ANY as u32 - other as u32) % ANY as u32;
    ahead != 0 && ahead <= BEHIND as u32
}

/// What taking from a cell comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is taken, or there; and whether so much is used now that somebody wants to know.
    Yes { rings: bool },
    /// It is not there; so much is left.
    No { left: u64 },
    /// Others are in a later window already.
    Later(Tag),
}

/// A limit and what was used of it. It never lies across two lines of the processor's cache.
#[derive(Debug, Default)]
#[repr(align(32))]
pub(super) struct Cell {
    used: AtomicU64,
    limit: AtomicU64,
    /// From how much used on somebody wants to know.
    alarm: AtomicU64,
    /// The tag of a window, and which thresholds were told in it.
    told: AtomicU32,
}

impl Cell {
    /// What is used in a window and what may be; or the tag of a later window.
    #[inline]
    fn look(&self, tag: Tag, used: u64) -> Result<(u64, u64), Tag> {
        let (used_tag, used) = unpack(used);
        let (limit_tag, limit) = unpack(self.limit.load(SeqCst));
        // The usual case, first.
        if used_tag != tag && later(used_tag, tag) {
            return Err(used_tag);
        }
        let limit = match limit_tag {
            ANY => limit,
            _ if limit_tag == tag => limit,
            _ if later(limit_tag, tag) => return Err(limit_tag),
            _ => 0,
        };
        Ok((if used_tag == tag { used } else { 0 }, limit))
    }

    /// Whether an amount is there, without taking it.
    #[inline]
    pub(super) fn has(&self, tag: Tag, amount: u64) -> Taken {
        match self.look(tag, self.used.load(SeqCst)) {
            Err(tag) => Taken::Later(tag),
            Ok((used, limit)) if fits(used, amount, limit) => Taken::Yes { rings: false },
            Ok((used, limit)) => Taken::No { left: limit.saturating_sub(used) },
        }
    }

    /// Takes an amount, where it is there.
    #[inline]
    pub(super) fn take(&self, tag: Tag, amount: u64) -> Taken {
        let mut word = self.used.load(SeqCst);
        loop {
            let (used, limit) = match self.look(tag, word) {
                Ok(found) => found,
                Err(tag) => return Taken::Later(tag),
            };
            if !fits(used, amount, limit) {
                return Taken::No { left: limit.saturating_sub(used) };
            }
            let new = used + amount;
            match self.used.compare_exchange_weak(word, pack(tag, new), SeqCst, SeqCst) {
                Err(found) => word = found,
                Ok(_) => {
                    // Who lowers the limit looks at what is used afterwards; so one of the two sees the other.
                    match self.look(tag, pack(tag, new)) {
                        Ok((_, limit)) if new <= limit => {}
                        _ => {
                            self.give(tag, amount);
                            word = self.used.load(SeqCst);
                            continue;
                        }
                    }
                    return Taken::Yes { rings: new >= self.alarm.load(SeqCst) };
                }
            }
        }
    }

    /// Gives an amount back that was taken in a window. Where that is over it is forgotten anyway.
    #[inline]
    pub(super) fn give(&self, tag: Tag, amount: u64) {
        let mut word = self.used.load(SeqCst);
        loop {
            let (used_tag, used) = unpack(word);
            if used_tag != tag {
                return;
            }
            let new = pack(tag, used.saturating_sub(amount));
            match self.used.compare_exchange_weak(word, new, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(found) => word = found,
            }
        }
    }

    /// Takes an amount whether it is there or not; gives whether somebody wants to know.
    pub(super) fn charge(&self, tag: Tag, amount: u64) -> bool {
        let mut word = self.used.load(SeqCst);
        loop {
            let (used_tag, used) = unpack(word);
            let (tag, used) = match used_tag {
                _ if used_tag == tag => (tag, used),
                _ if later(used_tag, tag) => (used_tag, used),
                _ => (tag, 0),
            };
            let new = used.saturating_add(amount).min(MOST);
            match self.used.compare_exchange_weak(word, pack(tag, new), SeqCst, SeqCst) {
                Ok(_) => return new >= self.alarm.load(SeqCst),
                Err(found) => word = found,
            }
        }
    }

    /// What is used in a window.
    pub(super) fn used(&self, tag: Tag) -> u64 {
        match unpack(self.used.load(SeqCst)) {
            (used_tag, used) if used_tag == tag || later(used_tag, tag) => used,
            _ => 0,
        }
    }

    /// The limit in a window.
    pub(super) fn limit(&self, tag: Tag) -> u64 {
        match unpack(self.limit.load(SeqCst)) {
            (ANY, limit) => limit,
            (limit_tag, limit) if limit_tag == tag => limit,
            _ => 0,
        }
    }

    /// Sets a limit that holds in every window. What was used stays.
    pub(super) fn set_limit(&self, limit: u64) {
        self.limit.store(pack(ANY, limit), SeqCst);
    }

    /// Sets a limit that holds in one window, and none in others. What was used stays.
    pub(super) fn lend(&self, tag: Tag, limit: u64) {
        self.limit.store(pack(tag, limit), SeqCst);
    }

    /// Whether so much is used in a window that somebody wants to know.
    pub(super) fn is_rung(&self, tag: Tag) -> bool {
        self.used(tag) >= self.alarm.load(SeqCst)
    }

    /// From how much used on somebody wants to know.
    pub(super) fn set_alarm(&self, amount: u64) {
        self.alarm.store(amount, SeqCst);
    }

    /// Forgets which thresholds were told.
    pub(super) fn forget_told(&self) {
        self.told.store(0, SeqCst);
    }

    /// Notes that a threshold is told in a window; gives whether it was not told before.
    pub(super) fn tells(&self, tag: Tag, threshold: usize) -> bool {
        let bit = 1u32 << threshold;
        let told = |word: u32| if (word >> 16) as Tag == tag { word & 0xffff } else { 0 };
        let next = |word: u32| (told(word) & bit == 0).then(|| u32::from(tag) << 16 | told(word) | bit);
        self.told.fetch_update(SeqCst, SeqCst, next).is_ok()
    }
}

#[inline]
const fn fits(used: u64, amount: u64, limit: u64) -> bool {
    match used.checked_add(amount) {
        Some(sum) => sum <= limit,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_that_ended_is_begun_anew_and_one_that_lies_ahead_is_told() {
        let cell = Cell::default();
        cell.set_limit(10);
        cell.set_alarm(8);
        assert_eq!(cell.take(5, 7), Taken::Yes { rings: false });
        assert_eq!(cell.take(5, 4), Taken::No { left: 3 });
        assert_eq!(cell.take(6, 8), Taken::Yes { rings: true });
        assert_eq!(cell.take(5, 1), Taken::Later(6));
        cell.give(5, 7);
        assert_eq!(cell.used(6), 8);
        // The tags begin anew after the last.
        assert_eq!(cell.take(ANY - 1, 1), Taken::Yes { rings: false });
        assert_eq!(cell.take(0, 1), Taken::Yes { rings: false });
        assert_eq!(cell.take(ANY - 1, 1), Taken::Later(0));
    }

    #[test]
    fn what_is_lent_for_a_window_holds_in_no_other() {
        let cell = Cell::default();
        cell.lend(3, 5);
        assert_eq!(cell.take(3, 5), Taken::Yes { rings: true });
        assert_eq!(cell.take(4, 1), Taken::No { left: 0 });
        assert_eq!(cell.take(2, 1), Taken::Later(3));
        cell.lend(4, 2);
        assert_eq!(cell.has(4, 2), Taken::Yes { rings: false });
    }

    #[test]
    fn a_threshold_is_told_once_in_a_window() {
        let cell = Cell::default();
        assert_eq!(
            [(7, 0), (7, 1), (7, 0), (8, 0)].map(|(tag, at)| cell.tells(tag, at)),
            [true, true, false, true]
        );
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u64),
        Give(usize),
        Charge(u64),
        Limit(u64),
        Next,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0u64..40).prop_map(Step::Take),
            2 => any::<usize>().prop_map(Step::Give),
            1 => (0u64..40).prop_map(Step::Charge),
            1 => (0u64..100).prop_map(Step::Limit),
            1 => Just(Step::Next),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn it_counts_as_one_would_with_plain_numbers(steps in steps(), first in 0i64..70_000) {
            let cell = Cell::default();
            cell.set_limit(50);
            let (mut number, mut used, mut limit) = (first, 0u64, 50u64);
            let mut held: Vec<(i64, u64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Take(amount) => {
                        let fits = used + amount <= limit;
                        prop_assert_eq!(matches!(cell.take(tag(number), amount), Taken::Yes { .. }), fits);
                        if fits {
                            used += amount;
                            held.push((number, amount));
                        }
                    }
                    Step::Give(_) if held.is_empty() => {}
                    Step::Give(which) => {
                        let (when, amount) = held.swap_remove(which % held.len());
                        cell.give(tag(when), amount);
                        used -= if when == number { amount } else { 0 };
                    }
                    Step::Charge(amount) => {
                        cell.charge(tag(number), amount);
                        used += amount;
                    }
                    Step::Limit(amount) => {
                        cell.set_limit(amount);
                        limit = amount;
                    }
                    Step::Next => {
                        number += 1;
                        used = 0;
                    }
                }
                prop_assert_eq!(cell.used(tag(number)), used);
            }
        }
    }
}
