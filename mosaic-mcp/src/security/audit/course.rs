//! Whether the clock may be believed when it says that records are old.

use std::time::Duration;

use jiff::SignedDuration;
use mosaic_core::types::Timestamp;
use tokio::time::Instant;

/// How far the clock may be from where it should be; an eighth of the time that records are kept, where that is less.
const SLACK: SignedDuration = SignedDuration::from_hours(1);
/// Who finds a log that was silent for longer, beyond the time that records are kept, has a wrong clock rather than an old log.
const SILENCE: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Holds the clock against the time that has gone by.
#[derive(Debug)]
pub(super) struct Course {
    /// A time, and when it was that.
    at: Timestamp,
    since: Instant,
    /// Since when the clock is off, and by how much.
    off: Option<(Instant, SignedDuration)>,
    keep: Duration,
}

impl Course {
    /// From the time of a clock, in a log of which the end was signed at `last`.
    pub(super) fn new(now: Timestamp, last: Option<Timestamp>, keep: Duration) -> Self {
        let since = Instant::now();
        let mut course = Self { at: now, since, off: None, keep };
        let longest = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX).saturating_add(SILENCE);
        let doubted = |last: &Timestamp| {
            let silent = now.duration_since(*last);
            silent > longest || silent < -course.slack()
        };
        if let Some(last) = last.filter(doubted) {
            course.at = last;
        }
        course
    }

    fn slack(&self) -> SignedDuration {
        SignedDuration::try_from(self.keep / 8).map_or(SLACK, |part| part.min(SLACK))
    }

    /// Whether the clock may be believed. One that was moved is believed again when it is back, or when it has gone on for as long as
    /// records are kept: by then what was there before is old in any case.
    pub(super) fn holds(&mut self, now: Timestamp) -> bool {
        let gone = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::MAX);
        let off = now.duration_since(self.at).saturating_sub(gone);
        if off.abs() <= self.slack() {
            self.off = None;
            return true;
        }
        match self.off {
            Some((since, before)) if off.saturating_sub(before).abs() <= self.slack() => {
                if since.elapsed() < self.keep {
                    return false;
                }
                (self.at, self.since, self.off) = (now, Instant::now(), None);
                true
            }
            _ => {
                tracing::error!(
                    %off, keep = ?self.keep,
                    "the clock is not where it should be: old audit records are not removed before it is right, or has gone on for as long as records are kept"
                );
                self.off = Some((Instant::now(), off));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const KEEP: Duration = Duration::from_secs(30 * 86_400);

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + number * 86_400).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_is_not_believed_until_it_is_right_or_everything_is_old() {
        let mut course = Course::new(day(0), Some(day(-400 + 30)), KEEP);
        assert!(course.holds(day(0)), "a year of silence may be");
        advance(DAY).await;
        assert!(course.holds(day(1)));
        assert!(!course.holds(day(100)));
        assert!(course.holds(day(1)), "it is right again");
        assert!(!course.holds(day(100)));
        advance(DAY * 29).await;
        assert!(!course.holds(day(129)));
        // A second jump begins anew.
        assert!(!course.holds(day(200)));
        advance(DAY * 29).await;
        assert!(!course.holds(day(229)));
        advance(DAY).await;
        assert!(course.holds(day(230)));
        advance(DAY).await;
        assert!(course.holds(day(231)));
        assert!(!course.holds(day(229)), "backwards");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_wrong_from_the_beginning_is_told_by_the_log() {
        let mut ahead = Course::new(day(500), Some(day(0)), KEEP);
        assert!(!ahead.holds(day(500)));
        let mut behind = Course::new(day(-3), Some(day(0)), KEEP);
        assert!(!behind.holds(day(-3)));
        assert!(behind.holds(day(0)), "somebody set it");
        advance(KEEP).await;
        assert!(ahead.holds(day(530)));
    }
}
