//! What answers say about limits, and how much of them one credential has left.
//!
//! The families of headers: `Retry-After` (seconds or a date), `X-RateLimit-{Limit,Remaining,Reset,Resource}` and
//! `RateLimit-{Limit,Remaining,Reset}`, where the reset is seconds since 1970, milliseconds since 1970, seconds from now, or a
//! time in ISO form: which of them follows from its size.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;

/// No header holds a credential back for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A vendor has a handful of budgets; names beyond that are some mistake.
const BUDGETS: usize = 32;

/// One budget of a vendor, such as that of searches, as the last answers told it.
#[derive(Debug)]
struct Budget {
    name: Box<str>,
    remaining: u64,
    limit: Option<u64>,
    until: Instant,
    /// Requests that are on their way and will count, as far as is known.
    on_their_way: u64,
}

/// What is left for one credential.
#[derive(Debug, Default)]
pub(super) struct Gauge(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    budgets: Vec<Budget>,
    /// Until when the vendor wants nothing at all.
    paused: Option<Instant>,
}

impl Gauge {
    /// How many requests are left in a budget, as far as is known: very many where nothing is.
    ///
    /// # Errors
    /// How long it takes until there are some again.
    pub(super) fn left(&self, budget: &str, now: Instant) -> Result<u64, Duration> {
        let state = self.0.lock();
        if let Some(until) = state.paused.filter(|until| *until > now) {
            return Err(until - now);
        }
        match state.budgets.iter().find(|known| *known.name == *budget && known.until > now) {
            Some(known) => match known.remaining.saturating_sub(known.on_their_way) {
                0 => Err(known.until - now),
                left => Ok(left),
            },
            None => Ok(u64::MAX),
        }
    }

    /// Counts a request that is about to be sent, so that many at once do not all take the last one. It counts until it is
    /// dropped: then the answer has told what it cost.
    pub(super) fn take<'a>(&'a self, budget: &'a str, now: Instant) -> Taken<'a> {
        let mut state = self.0.lock();
        let known = state.budgets.iter_mut().find(|known| *known.name == *budget && known.until > now);
        let counted = known.map(|known| known.on_their_way += 1).is_some();
        Taken { gauge: self, budget, counted }
    }

    /// Learns from the headers of an answer. `budget` is the one that was expected to pay; the answer may name another.
    pub(super) fn learn(&self, budget: &str, headers: &HeaderMap, refused: bool, now: Instant) {
        let told = Told::of(headers);
        let mut state = self.0.lock();
        if refused && let Some(wait) = told.retry_after {
            state.paused = Some(now + wait.min(LONGEST));
        }
        let (Some(remaining), Some(reset)) = (told.remaining, told.reset) else { return };
        let (name, until) = (told.resource.unwrap_or(budget), now + reset.min(LONGEST));
        if let Some(known) = state.budgets.iter_mut().find(|known| *known.name == *name) {
            // Answers overtake each other: within one window the smallest number is the newest.
            let same = known.until > now && near(known.until, until);
            known.remaining = if same { known.remaining.min(remaining) } else { remaining };
            (known.limit, known.until) = (told.limit.or(known.limit), until);
        } else if state.budgets.len() < BUDGETS {
            state.budgets.push(Budget {
                name: name.into(),
                remaining,
                limit: told.limit,
                until,
                on_their_way: 0,
            });
        }
    }

    /// The share of the fullest budget that is used up, from 0 to 1, and what is left of it; none where nothing is known.
    pub(super) fn tightest(&self, now: Instant) -> Option<(f64, u64)> {
        let state = self.0.lock();
        let used = |budget: &Budget| {
            let limit = budget.limit.filter(|limit| *limit > 0)?;
            Some((1.0 - budget.remaining.min(limit) as f64 / limit as f64, budget.remaining))
        };
        state
            .budgets
            .iter()
            .filter(|budget| budget.until > now)
            .filter_map(used)
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// A request on its way, as its budget counts it.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    gauge: &'a Gauge,
    budget: &'a str,
    counted: bool,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.counted {
            let mut state = self.gauge.0.lock();
            if let Some(known) = state.budgets.iter_mut().find(|known| *known.name == *self.budget) {
                known.on_their_way = known.on_their_way.saturating_sub(1);
            }
        }
    }
}

/// Whether two ends of a window are the same one, seconds being counted roughly.
fn near(a: Instant, b: Instant) -> bool {
    a.saturating_duration_since(b).max(b.saturating_duration_since(a)) <= Duration::from_secs(2)
}

/// How long an answer asks to wait: by `Retry-After`, or until the reset where nothing remains.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let told = Told::of(headers);
    told.retry_after
        .or_else(|| told.reset.filter(|_| told.remaining == Some(0)))
        .map(|wait| wait.min(LONGEST))
}

/// Whether an answer says that nothing remains.
pub(super) fn exhausted(headers: &HeaderMap) -> bool {
    Told::of(headers).remaining == Some(0)
}

/// What the headers of one answer say.
#[derive(Debug, Default, PartialEq)]
struct Told<'a> {
    retry_after: Option<Duration>,
    limit: Option<u64>,
    remaining: Option<u64>,
    /// From now.
    reset: Option<Duration>,
    resource: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let either = |a: &str, b: &str| text(a).or_else(|| text(b));
        // Numbers such as `100, 100;w=60` begin with the one that counts.
        let number =
            |text: &str| text.split([',', ';']).next().unwrap_or_default().trim().parse::<u64>().ok();
        let clock = || Clock::of(text("date"));
        Self {
            retry_after: text("retry-after").and_then(|text| clock().after(text)),
            limit: either("x-ratelimit-limit", "ratelimit-limit").and_then(number),
            remaining: either("x-ratelimit-remaining", "ratelimit-remaining").and_then(number),
            reset: either("x-ratelimit-reset", "ratelimit-reset").and_then(|text| clock().reset(text)),
            resource: text("x-ratelimit-resource").filter(|name| !name.is_empty() && name.len() <= 64),
        }
    }
}

/// The time at the server, so that a clock that goes wrong here does not count.
struct Clock(Timestamp);

impl Clock {
    fn of(date: Option<&str>) -> Self {
        Self(date.and_then(http_date).unwrap_or_else(Timestamp::now))
    }

    fn until(&self, at: Timestamp) -> Duration {
        Duration::try_from(at.duration_since(self.0)).unwrap_or_default()
    }

    fn after(&self, text: &str) -> Option<Duration> {
        match text.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            Err(_) => http_date(text).map(|at| self.until(at)),
        }
    }

    fn reset(&self, text: &str) -> Option<Duration> {
        let Ok(number) = text.parse::<i64>() else {
            return text.parse().ok().or_else(|| http_date(text)).map(|at| self.until(at));
        };
        match number {
            ..0 => None,
            // Three years in seconds: more cannot be a wait, less cannot be a date.
            0..100_000_000 => Some(Duration::from_secs(number.unsigned_abs())),
            100_000_000..100_000_000_000 => Timestamp::from_second(number).ok().map(|at| self.until(at)),
            _ => Timestamp::from_millisecond(number).ok().map(|at| self.until(at)),
        }
    }
}

/// A date as HTTP writes it, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
