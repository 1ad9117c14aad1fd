//! The error-handling flow as pure functions: what to do after a failed attempt, and what may be repeated where.
//!
//! Two predicates, never mixed. [`repeatable_here`] allows another attempt on the *same* provider; [`movable`] allows the
//! *next* provider. An idempotent effect or a key that one provider honours says nothing about another provider.

use std::time::Duration;

use super::{Delivery, ErrorKind};
use crate::types::Effect;

/// What to do after a failed attempt. Computed, never stored.
///
/// ```
/// use mosaic_core::error::{recovery, Delivery, ErrorKind, Recovery, Situation};
/// use mosaic_core::types::Effect;
///
/// let sent = Situation::new(ErrorKind::Timeout, Effect::Create).delivery(Delivery::Unknown);
/// assert_eq!(recovery(&sent), Recovery::Stop); // it may have been made: it is not made again
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Wait by the back-off, then try the same provider again.
    Backoff,
    /// Wait this long, then try the same provider again.
    Wait(Duration),
    /// Renew the credential, then try the same provider again.
    Refresh,
    /// Go to the next provider, where there is one.
    NextProvider,
    /// Report the error.
    Stop,
}

/// All that the decision depends on.
///
/// ```
/// use mosaic_core::error::{ErrorKind, Situation};
/// use mosaic_core::types::Effect;
///
/// let situation = Situation::new(ErrorKind::Network, Effect::Read).attempts_left(false);
/// assert!(!situation.attempts_left);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Situation {
    /// How the attempt ended.
    pub kind: ErrorKind,
    /// What the operation does.
    pub effect: Effect,
    /// The worst delivery over all attempts of this call on this provider.
    pub delivery: Delivery,
    /// Whether any attempt of this call on this provider may have run: sent, and not refused for certain.
    pub may_have_run: bool,
    /// Whether the call has an idempotency key and this provider honours it.
    pub keyed: bool,
    /// Whether the provider's breaker is open now.
    pub breaker_open: bool,
    /// Whether the credential was renewed already in this call.
    pub refreshed: bool,
    /// Whether an attempt and the retry budget are left for this provider.
    pub attempts_left: bool,
    /// How long the provider, or our limiter, asks to wait.
    pub retry_after: Option<Duration>,
    /// How long a wait may be: what is left of the deadline, or the limit set for waits.
    pub patience: Duration,
}

impl Situation {
    /// An error of an operation: not sent, attempts left, one minute of patience, nothing else special.
    pub fn new(kind: ErrorKind, effect: Effect) -> Self {
        Self {
            kind,
            effect,
            delivery: Delivery::NotSent,
            may_have_run: false,
            keyed: false,
            breaker_open: false,
            refreshed: false,
            attempts_left: true,
            retry_after: None,
            patience: Duration::from_secs(60),
        }
    }

    /// The same with this worst delivery; whether it may have run follows from the delivery and the kind.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self.may_have_run = may_have_run(self.kind, delivery, false);
        self
    }

    /// The same, said to have possibly run or not.
    #[must_use]
    pub fn may_have_run(mut self, may_have_run: bool) -> Self {
        self.may_have_run = may_have_run;
        self
    }

    /// The same with an idempotency key that the provider honours, or without.
    #[must_use]
    pub fn keyed(mut self, keyed: bool) -> Self {
        self.keyed = keyed;
        self
    }

    /// The same with the breaker open or not.
    #[must_use]
    pub fn breaker_open(mut self, open: bool) -> Self {
        self.breaker_open = open;
        self
    }

    /// The same with the credential renewed already, or not.
    #[must_use]
    pub fn refreshed(mut self, refreshed: bool) -> Self {
        self.refreshed = refreshed;
        self
    }

    /// The same with attempts left, or none.
    #[must_use]
    pub fn attempts_left(mut self, left: bool) -> Self {
        self.attempts_left = left;
        self
    }

    /// The same with a wait asked for, and the longest wait that is allowed.
    #[must_use]
    pub fn wait(mut self, retry_after: Option<Duration>, patience: Duration) -> Self {
        self.retry_after = retry_after;
        self.patience = patience;
        self
    }
}

/// Whether an attempt that ended so may have been executed.
///
/// `refused` is the provider's own statement that it did not process the request (a 503 that says so, for instance).
pub const fn may_have_run(kind: ErrorKind, delivery: Delivery, refused: bool) -> bool {
    match delivery {
        Delivery::NotSent => false,
        Delivery::Unknown => !refused,
        Delivery::Answered => !(refused || kind.proves_refusal()),
    }
}

/// Whether the same provider may be tried again: it is a read, repeating it changes nothing, the provider honours the key
/// of this call, or nothing that it did can have run.
pub const fn repeatable_here(situation: &Situation) -> bool {
    matches!(situation.effect, Effect::Read | Effect::Idempotent)
        || situation.keyed
        || !situation.may_have_run
}

/// Whether the next provider may be tried: it is a read, or nothing can have run here.
pub const fn movable(situation: &Situation) -> bool {
    matches!(situation.effect, Effect::Read) || !situation.may_have_run
}

/// Whether a call whose attempts on one provider all failed goes to the next one: its kind is of those that another provider
/// may not have, and the call may move.
pub const fn fails_over(situation: &Situation) -> bool {
    let elsewhere = match situation.kind {
        ErrorKind::Network
        | ErrorKind::Timeout
        | ErrorKind::RateLimited
        | ErrorKind::Throttled
        | ErrorKind::Provider
        | ErrorKind::CircuitOpen
        | ErrorKind::Unsupported => true,
        ErrorKind::Protocol => matches!(situation.effect, Effect::Read),
        _ => false,
    };
    elsewhere && movable(situation)
}

/// The error-handling flow: the answer for every kind of error.
pub fn recovery(situation: &Situation) -> Recovery {
    let here = repeatable_here(situation) && situation.attempts_left;
    let next = if fails_over(situation) { Recovery::NextProvider } else { Recovery::Stop };
    match situation.kind {
        ErrorKind::Network | ErrorKind::Timeout => {
            if here {
                Recovery::Backoff
            } else {
                next
            }
        }
        ErrorKind::Unauthenticated => {
            if !situation.refreshed && repeatable_here(situation) {
                Recovery::Refresh
            } else {
                Recovery::Stop
            }
        }
        ErrorKind::RateLimited | ErrorKind::Throttled => match situation.retry_after {
            // Waiting is no attempt on the provider's time: our own throttle may be waited for without an attempt left.
            Some(wait)
                if wait <= situation.patience
                    && repeatable_here(situation)
                    && (situation.attempts_left || situation.kind == ErrorKind::Throttled) =>
            {
                Recovery::Wait(wait)
            }
            // Our own queue was waited in already, as long as that was worth it.
            None if here && situation.kind == ErrorKind::RateLimited => Recovery::Backoff,
            _ => next,
        },
        ErrorKind::Provider => {
            if here && !situation.breaker_open {
                Recovery::Backoff
            } else {
                next
            }
        }
        _ => next,
    }
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
