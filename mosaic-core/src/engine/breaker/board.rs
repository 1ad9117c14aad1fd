//! One breaker per provider and service, shared by all calls, readable by routing without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
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
    /// Nanoseconds since the origin until which calls are rejected, 0 where they are not.
    open_until: AtomicU64,
}

impl BreakerCell {
    /// A closed breaker.
    pub fn new(config: BreakerConfig, now: Instant) -> Self {
        let machine = Machine::new(config);
        let closed = AtomicU64::new(machine.epoch());
        Self { origin: now, machine: Mutex::new(machine), closed, open_until: AtomicU64::new(0) }
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

    /// Takes a failure that came to light after the result of a call, such as in the middle of a stream.
    pub fn fail_afterwards(&self, ticket: Ticket, now: Instant) {
        let mut machine = self.machine.lock();
        if machine.record(ticket.afterwards(), Verdict::Failure, Duration::ZERO, || self.since(now)) {
            self.publish(&machine);
        }
    }

    /// How often it opened.
    pub fn times_opened(&self) -> u64 {
        self.machine.lock().times_opened()
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
        let mut machine = self.cell.machine.lock();
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
