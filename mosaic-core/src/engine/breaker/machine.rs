//! The state machine of a breaker: no clock, no lock, no task; time comes in with every step.
//!
//! Closed counts the last calls in a window; too many failures in a row, or too large a share of failed or slow calls,
//! opens it. Open rejects until its time is over. Half-open lets a few trials through: any failure opens it again, enough
//! successes close it. Every change of state begins a new epoch, and the result of a call that began in another epoch does
//! not count.

use std::time::Duration;

use crate::error::Verdict;

/// When a breaker opens and closes.
///
/// ```
/// use mosaic_core::engine::breaker::BreakerConfig;
///
/// let config = BreakerConfig { failures_in_a_row: 3, ..BreakerConfig::default() };
/// assert_eq!(config.window, 64);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerConfig {
    /// So many failures in a row open it; 5 by default.
    pub failures_in_a_row: u32,
    /// How many calls the shares are taken over, at most 128; 64 by default.
    pub window: u32,
    /// How many calls there must be before shares count; 20 by default.
    pub least_calls: u32,
    /// The share of failed calls that opens it, in percent; 50 by default.
    pub failure_percent: u32,
    /// What counts as slow; 10 s by default.
    pub slow_call: Duration,
    /// The share of slow calls that opens it, in percent; 100 by default.
    pub slow_percent: u32,
    /// How long it stays open; 30 s by default.
    pub open_for: Duration,
    /// How many trials may be under way at once when half-open; 1 by default.
    pub trials: u32,
    /// How many trials must succeed in a row to close it; 2 by default.
    pub successes_to_close: u32,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures_in_a_row: 5,
            window: 64,
            least_calls: 20,
            failure_percent: 50,
            slow_call: Duration::from_secs(10),
            slow_percent: 100,
            open_for: Duration::from_secs(30),
            trials: 1,
            successes_to_close: 2,
        }
    }
}

/// The right to make one call; its result is given to [`Machine::record`], or the ticket to [`Machine::give_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    epoch: u64,
    trial: bool,
}

impl Ticket {
    pub(super) const fn epoch(self) -> u64 {
        self.epoch
    }

    pub(super) const fn closed(epoch: u64) -> Self {
        Self { epoch, trial: false }
    }

    /// The same call without a place among the trials: for what is learned of it after its result.
    pub(super) const fn afterwards(self) -> Self {
        Self::closed(self.epoch)
    }
}

/// The answer to a request to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Go ahead.
    Granted(Ticket),
    /// Not now; it is worth asking again after this time.
    Rejected(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failed: u128, slow: u128, seen: u32, in_a_row: u32 },
    Open { until: Duration },
    HalfOpen { under_way: u32, succeeded: u32 },
}

const CLEAN: State = State::Closed { failed: 0, slow: 0, seen: 0, in_a_row: 0 };

/// A breaker. Times are durations since an origin that the owner chooses and keeps.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::breaker::{Ask, BreakerConfig, Machine};
/// use mosaic_core::error::Verdict;
///
/// let mut breaker = Machine::new(BreakerConfig { failures_in_a_row: 1, ..Default::default() });
/// let now = Duration::ZERO;
/// let Ask::Granted(ticket) = breaker.ask(now) else { unreachable!() };
/// breaker.record(ticket, Verdict::Failure, Duration::ZERO, || now);
/// assert!(matches!(breaker.ask(now), Ask::Rejected(_)));
/// ```
#[derive(Debug, Clone)]
pub struct Machine {
    config: BreakerConfig,
    mask: u128,
    state: State,
    epoch: u64,
    opened: u64,
}

impl Machine {
    /// A closed breaker that has seen nothing.
    pub fn new(mut config: BreakerConfig) -> Self {
        config.window = config.window.clamp(1, 128);
        config.trials = config.trials.max(1);
        config.successes_to_close = config.successes_to_close.max(1);
        let mask = if config.window == 128 { u128::MAX } else { (1 << config.window) - 1 };
        Self { config, mask, state: CLEAN, epoch: 1, opened: 0 }
    }

    /// Asks to make a call at `now`.
    pub fn ask(&mut self, now: Duration) -> Ask {
        if let State::Open { until } = self.state {
            if now < until {
                return Ask::Rejected(until - now);
            }
            self.enter(State::HalfOpen { under_way: 0, succeeded: 0 });
        }
        match &mut self.state {
            State::HalfOpen { under_way, .. } => {
                if *under_way >= self.config.trials {
                    return Ask::Rejected(Duration::ZERO);
                }
                *under_way += 1;
                Ask::Granted(Ticket { epoch: self.epoch, trial: true })
            }
            _ => Ask::Granted(Ticket::closed(self.epoch)),
        }
    }

    /// Takes the result of a call that lasted `elapsed` and ended at `now`, which is asked for only where it matters. Says
    /// whether the state changed.
    #[inline]
    pub fn record(
        &mut self,
        ticket: Ticket,
        verdict: Verdict,
        elapsed: Duration,
        now: impl FnOnce() -> Duration,
    ) -> bool {
        if ticket.epoch != self.epoch {
            return false;
        }
        let failure = verdict == Verdict::Failure;
        match &mut self.state {
            State::Closed { failed, slow, seen, in_a_row } => {
                if verdict == Verdict::Neutral {
                    return false;
                }
                let is_slow = elapsed >= self.config.slow_call;
                *failed = (*failed << 1 | u128::from(failure)) & self.mask;
                *slow = (*slow << 1 | u128::from(is_slow)) & self.mask;
                *seen = (*seen + 1).min(self.config.window);
                *in_a_row = if failure { *in_a_row + 1 } else { 0 };
                // Only a bad call can open it, so a good one costs no counting.
                let opens = (failure || is_slow)
                    && (*in_a_row >= self.config.failures_in_a_row
                        || *seen >= self.config.least_calls
                            && (failed.count_ones() * 100 >= self.config.failure_percent * *seen
                                || slow.count_ones() * 100 >= self.config.slow_percent * *seen));
                if opens {
                    self.open(now());
                }
                opens
            }
            State::HalfOpen { under_way, succeeded } => {
                *under_way = under_way.saturating_sub(u32::from(ticket.trial));
                match verdict {
                    Verdict::Failure => {
                        self.open(now());
                        true
                    }
                    Verdict::Neutral => false,
                    Verdict::Success => {
                        *succeeded += 1;
                        let closes = *succeeded >= self.config.successes_to_close;
                        if closes {
                            self.enter(CLEAN);
                        }
                        closes
                    }
                }
            }
            State::Open { .. } => false,
        }
    }

    /// Takes the results of `count` calls of this epoch at once that all ended well and soon, as if each had been recorded.
    pub fn record_successes(&mut self, epoch: u64, count: u32) {
        if epoch != self.epoch || count == 0 {
            return;
        }
        if let State::Closed { failed, slow, seen, in_a_row } = &mut self.state {
            *failed = failed.checked_shl(count).unwrap_or(0) & self.mask;
            *slow = slow.checked_shl(count).unwrap_or(0) & self.mask;
            *seen = seen.saturating_add(count).min(self.config.window);
            *in_a_row = 0;
        }
    }

    /// Takes a ticket back whose call ended without a result.
    pub fn give_back(&mut self, ticket: Ticket) {
        if let State::HalfOpen { under_way, .. } = &mut self.state
            && ticket.epoch == self.epoch
            && ticket.trial
        {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn open(&mut self, now: Duration) {
        self.opened += 1;
        self.enter(State::Open { until: now + self.config.open_for });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// Until when it rejects every call, where it is open.
    pub fn open_until(&self) -> Option<Duration> {
        match self.state {
            State::Open { until } => Some(until),
            _ => None,
        }
    }

    /// How often it opened.
    pub fn times_opened(&self) -> u64 {
        self.opened
    }

    /// What counts as slow.
    pub fn slow_call(&self) -> Duration {
        self.config.slow_call
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
