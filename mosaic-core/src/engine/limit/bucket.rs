//! Client-side limits of one provider: calls per time (governor's GCRA) and calls at once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};

/// What one provider may be asked for.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::limit::LimitsConfig;
///
/// let limits = LimitsConfig { rate: Some((5000, Duration::from_secs(3600))), ..LimitsConfig::default() };
/// assert_eq!(limits.concurrency, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsConfig {
    /// So many units (see [`OpMeta::cost`](crate::op::OpMeta::cost)) in so much time; none by default. The whole number may
    /// be used at once; it fills up evenly.
    pub rate: Option<(u32, Duration)>,
    /// So many calls at once; none by default.
    pub concurrency: Option<u32>,
    /// How long a call may wait for its turn among the calls at once; 5 s by default.
    pub queue: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { rate: None, concurrency: None, queue: Duration::from_secs(5) }
    }
}

/// Tokio's clock in the form that governor reads, so that paused tests pause the limiter too.
#[derive(Debug, Clone, Copy, Default)]
struct TokioClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Instant);

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;
    fn add(self, nanos: Nanos) -> Self {
        Self(self.0 + Duration::from(nanos))
    }
}
impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }
    fn saturating_sub(&self, duration: Nanos) -> Self {
        self.0.checked_sub(duration.into()).map_or(*self, Self)
    }
}
impl Clock for TokioClock {
    type Instant = Moment;
    fn now(&self) -> Moment {
        Moment(Instant::now())
    }
}

type Rate = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>;

/// The limits of one provider at work.
#[derive(Debug)]
pub struct Limiter {
    rate: Option<Rate>,
    burst: u32,
    turns: Option<Arc<Semaphore>>,
    queue: Duration,
}

/// The right to one of the calls at once; given back when dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Whether it had to be waited for.
    pub waited: bool,
    turns: Option<(&'a Arc<Semaphore>, SemaphorePermit<'a>)>,
}

impl Turn<'_> {
    /// The same right, to be held by something that outlives the limiter's borrow.
    pub fn into_owned(self) -> OwnedTurn {
        OwnedTurn(self.turns.map(|(turns, permit)| {
            permit.forget();
            Arc::clone(turns)
        }))
    }
}

/// A [`Turn`] that borrows nothing.
#[derive(Debug)]
pub struct OwnedTurn(Option<Arc<Semaphore>>);

impl Drop for OwnedTurn {
    fn drop(&mut self) {
        if let Some(turns) = &self.0 {
            turns.add_permits(1);
        }
    }
}

impl Limiter {
    /// A limiter with nothing used yet. A rate of zero units or of no time is taken as one unit or one nanosecond.
    pub fn new(config: LimitsConfig) -> Self {
        let (rate, burst) = match config.rate {
            None => (None, 0),
            Some((units, window)) => {
                let burst = NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN);
                let each = (window / burst.get()).max(Duration::from_nanos(1));
                let quota = Quota::with_period(each).map(|quota| quota.allow_burst(burst));
                (quota.map(|quota| RateLimiter::direct_with_clock(quota, TokioClock)), burst.get())
            }
        };
        let turns = config.concurrency.map(|most| Arc::new(Semaphore::new(most.max(1) as usize)));
        Self { rate, burst, turns, queue: config.queue }
    }

    /// Takes units from the rate.
    ///
    /// # Errors
    /// `Throttled` with the time to wait, where they are not there.
    #[inline]
    pub fn check(&self, units: u32) -> Result<()> {
        let Some(rate) = &self.rate else { return Ok(()) };
        // What costs more than the whole bucket takes the whole bucket: it must be possible at some time.
        let units = NonZeroU32::new(units.clamp(1, self.burst.max(1))).unwrap_or(NonZeroU32::MIN);
        let wait = match rate.check_n(units) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(until)) => until.wait_time_from(TokioClock.now()),
            Err(_) => Duration::ZERO,
        };
        Err(Error::new(ErrorKind::Throttled, "the rate set for this provider is used up").retry_after(wait))
    }

    /// Waits for a turn among the calls at once. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// `Throttled` where the turn did not come in time.
    pub async fn turn(&self) -> Result<Turn<'_>> {
        let Some(turns) = &self.turns else { return Ok(Turn { waited: false, turns: None }) };
        if let Ok(permit) = turns.try_acquire() {
            return Ok(Turn { waited: false, turns: Some((turns, permit)) });
        }
        let turn = Box::pin(tokio::time::timeout(self.queue, turns.acquire()));
        match turn.await {
            Ok(Ok(permit)) => Ok(Turn { waited: true, turns: Some((turns, permit)) }),
            _ => Err(Error::new(ErrorKind::Throttled, "too many calls to this provider at once")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rate_is_a_bucket_that_fills_evenly() {
        let limiter =
            Limiter::new(LimitsConfig { rate: Some((10, Duration::from_secs(10))), ..Default::default() });
        assert!((0..10).all(|_| limiter.check(1).is_ok()));
        let error = limiter.check(1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.wait(), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(limiter.check(1).is_ok());
        assert!(limiter.check(1).is_err());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(limiter.check(500).is_ok(), "what costs more than everything waits for everything");
        assert!(limiter.check(1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_back_when_dropped() {
        let limiter = Limiter::new(LimitsConfig { concurrency: Some(1), ..Default::default() });
        let first = limiter.turn().await.unwrap();
        assert_eq!(limiter.turn().await.unwrap_err().kind(), ErrorKind::Throttled);
        drop(first);
        assert!(limiter.turn().await.is_ok());
    }
}
