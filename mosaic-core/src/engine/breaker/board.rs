//! One breaker per provider and service, shared by all calls, readable by routing without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::machine::{Ask, BreakerConfig, Machine, Ticket};
use crate::error::Verdict;

/// What a breaker is doing, for people and for routing.
///
/// ```
/// use mosaic_core::engine::breaker::BreakerState;
///
/// assert_eq!(BreakerState::HalfOpen.to_string(), "half-open");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are rejected.
    Open,
    /// Its time is over: a few calls are let through to see.
    HalfOpen,
}

impl std::fmt::Display for BreakerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

const EPOCH: u64 = 0xffff_ffff_0000_0000;

/// The low half of an epoch in the high half of a word: two epochs that far apart never meet.
const fn packed(epoch: u64) -> u64 {
    epoch << 32
}

/// A breaker that many calls share.
///
/// ```
/// use mosaic_core::engine::breaker::{BreakerCell, BreakerConfig, BreakerState};
/// use mosaic_core::error::Verdict;
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let cell = BreakerCell::new(BreakerConfig { failures_in_a_row: 1, ..Default::default() }, now);
/// let permit = cell.ask(now).map_err(|wait| format!("{wait:?}"))?;
/// permit.record(Verdict::Failure, Duration::ZERO, || now);
/// assert_eq!(cell.state(now), BreakerState::Open);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct BreakerCell {
    origin: Instant,
    machine: Mutex<Machine>,
    /// The epoch while closed, else 0: a call in the usual state takes no lock to begin.
    closed: AtomicU64,
    /// Calls that ended well and soon since the machine was last asked: their number in the low half, the epoch they belong
    /// to in the high half. The usual end of a call is one exchange here, and takes no lock.
    well: AtomicU64,
    slow_call: Duration,
    /// Nanoseconds since the origin until which calls are rejected, 0 where they are not.
    open_until: AtomicU64,
}

impl BreakerCell {
    /// A closed breaker.
    pub fn new(config: BreakerConfig, now: Instant) -> Self {
        let machine = Machine::new(config);
        let closed = AtomicU64::new(machine.epoch());
        let (well, slow_call) = (AtomicU64::new(packed(machine.epoch())), machine.slow_call());
        Self {
            origin: now,
            machine: Mutex::new(machine),
            closed,
            well,
            slow_call,
            open_until: AtomicU64::new(0),
        }
    }

    /// Asks to make a call.
    ///
    /// # Errors
    /// The time after which it is worth asking again.
    #[inline]
    pub fn ask(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let epoch = self.closed.load(Ordering::Acquire);
        if epoch != 0 {
            return Ok(Permit { cell: self, ticket: Some(Ticket::closed(epoch)) });
        }
        let mut machine = self.machine.lock();
        let answer = machine.ask(self.since(now));
        self.publish(&machine);
        match answer {
            Ask::Granted(ticket) => Ok(Permit { cell: self, ticket: Some(ticket) }),
            Ask::Rejected(wait) => Err(wait),
        }
    }

    /// What it is doing.
    #[inline]
    pub fn state(&self, now: Instant) -> BreakerState {
        if self.closed.load(Ordering::Acquire) != 0 {
            return BreakerState::Closed;
        }
        let until = self.open_until.load(Ordering::Acquire);
        if u128::from(until) > self.since(now).as_nanos() {
            BreakerState::Open
        } else {
            BreakerState::HalfOpen
        }
    }

    /// Takes a failure that came to light after the result of a call, such as in the middle of a stream. Says whether the breaker
    /// changed its state.
    pub fn fail_afterwards(&self, ticket: Ticket, now: Instant) -> bool {
        let mut machine = self.machine();
        let changed =
            machine.record(ticket.afterwards(), Verdict::Failure, Duration::ZERO, || self.since(now));
        if changed {
            self.publish(&machine);
        }
        changed
    }

    /// How often it opened.
    pub fn times_opened(&self) -> u64 {
        self.machine.lock().times_opened()
    }

    /// The machine, with everything that was counted beside it.
    fn machine(&self) -> MutexGuard<'_, Machine> {
        let mut machine = self.machine.lock();
        let epoch = machine.epoch();
        let counted = self.well.swap(packed(epoch), Ordering::AcqRel);
        if counted & EPOCH == packed(epoch) {
            machine.record_successes(epoch, (counted & !EPOCH) as u32);
        }
        machine
    }

    /// Counts a call that ended well and soon. Says whether that was all there was to do.
    #[inline]
    fn count_well(&self, ticket: Ticket) -> bool {
        let mine = |counted: u64| {
            (counted & EPOCH == packed(ticket.epoch()) && counted & !EPOCH != !EPOCH).then_some(counted + 1)
        };
        self.closed.load(Ordering::Acquire) == ticket.epoch()
            && self.well.fetch_update(Ordering::AcqRel, Ordering::Acquire, mine).is_ok()
    }

    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.origin)
    }

    fn publish(&self, machine: &Machine) {
        let until =
            machine.open_until().map_or(0, |until| u64::try_from(until.as_nanos()).unwrap_or(u64::MAX));
        self.open_until.store(until, Ordering::Release);
        self.closed.store(if machine.is_closed() { machine.epoch() } else { 0 }, Ordering::Release);
    }
}

/// The right to make one call. Dropped without a result it gives its place back.
#[derive(Debug)]
pub struct Permit<'a> {
    cell: &'a BreakerCell,
    ticket: Option<Ticket>,
}

impl Permit<'_> {
    /// The call that it stands for.
    pub fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Takes the result of the call, which ended at `now`. Says whether the breaker changed its state.
    #[inline]
    pub fn record(mut self, verdict: Verdict, elapsed: Duration, now: impl FnOnce() -> Instant) -> bool {
        let Some(ticket) = self.ticket.take() else { return false };
        if verdict == Verdict::Success && elapsed < self.cell.slow_call && self.cell.count_well(ticket) {
            return false;
        }
        let mut machine = self.cell.machine();
        let changed = machine.record(ticket, verdict, elapsed, || self.cell.since(now()));
        if changed {
            self.cell.publish(&machine);
        }
        changed
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.cell.machine.lock().give_back(ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(cell: &BreakerCell, now: Instant) -> bool {
        cell.ask(now).unwrap().record(Verdict::Failure, Duration::ZERO, || now)
    }

    fn well(cell: &BreakerCell, now: Instant) {
        assert!(!cell.ask(now).unwrap().record(Verdict::Success, Duration::ZERO, || now));
    }

    #[test]
    fn successes_counted_beside_the_machine_break_a_row_of_failures() {
        let now = Instant::now();
        let cell = BreakerCell::new(BreakerConfig { failures_in_a_row: 2, ..Default::default() }, now);
        for _ in 0..5 {
            assert!(!failed(&cell, now));
            well(&cell, now);
        }
        assert!(!failed(&cell, now));
        assert!(failed(&cell, now));
        assert_eq!(cell.state(now), BreakerState::Open);
    }

    #[test]
    fn successes_count_in_the_share() {
        let now = Instant::now();
        let config = BreakerConfig { failures_in_a_row: 1000, least_calls: 10, ..Default::default() };
        let cell = BreakerCell::new(config, now);
        (0..30).for_each(|_| well(&cell, now));
        for _ in 0..29 {
            assert!(!failed(&cell, now), "less than half failed");
        }
        assert!((0..10).any(|_| failed(&cell, now)));
    }

    #[test]
    fn what_began_before_opening_does_not_count_afterwards() {
        let now = Instant::now();
        let config = BreakerConfig { failures_in_a_row: 1, successes_to_close: 1, ..Default::default() };
        let cell = BreakerCell::new(config, now);
        let early = cell.ask(now).unwrap();
        let other = cell.ask(now).unwrap();
        assert!(failed(&cell, now));
        assert!(!early.record(Verdict::Success, Duration::ZERO, || now));
        assert_eq!(cell.state(now), BreakerState::Open);
        let later = now + Duration::from_secs(31);
        assert!(cell.ask(later).unwrap().record(Verdict::Success, Duration::ZERO, || later));
        assert!(
            !other.record(Verdict::Failure, Duration::ZERO, || later),
            "closed again, and not by a late failure"
        );
        assert_eq!(cell.state(later), BreakerState::Closed);
    }
}
