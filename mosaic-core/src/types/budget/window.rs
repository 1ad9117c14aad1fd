//! The times after which what was used is forgotten.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which time a limit holds. Windows follow each other without a gap, are the same for everyone, and begin at whole times of
/// UTC: a day at midnight, a week on Monday, a month on its first day.
///
/// ```
/// use mosaic_core::types::Timestamp;
/// use mosaic_core::types::budget::Window;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now: Timestamp = "2026-02-17T12:00:00Z".parse()?;
/// let ends = |window: Window| window.end(window.number(now)).map(|end| end.to_string());
/// assert_eq!(ends(Window::Month).as_deref(), Some("2026-03-01T00:00:00Z"));
/// assert_eq!(ends(Window::Total), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Each minute.
    Minute,
    /// Each hour.
    Hour,
    /// Each day.
    Day,
    /// Each week.
    Week,
    /// Each month.
    Month,
    /// For ever.
    Total,
}

const DAY: i64 = 86_400;
/// The first day of 1970 was a Thursday.
const MONDAY: i64 = 3;

impl Window {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Total];

    /// Its place among all.
    #[cfg(feature = "engine")]
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The number of the window in which a time lies: one more for each that follows.
    pub fn number(self, at: Timestamp) -> i64 {
        let second = at.as_second();
        match self {
            Self::Minute => second.div_euclid(60),
            Self::Hour => second.div_euclid(3_600),
            Self::Day => second.div_euclid(DAY),
            Self::Week => (second.div_euclid(DAY) + MONDAY).div_euclid(7),
            Self::Month => {
                let day = Offset::UTC.to_datetime(at);
                i64::from(day.year()) * 12 + i64::from(day.month()) - 1
            }
            Self::Total => 0,
        }
    }

    /// When the window of a number is over and the next one begins; none for what never ends.
    pub fn end(self, number: i64) -> Option<Timestamp> {
        let next = number.checked_add(1)?;
        let second = match self {
            Self::Minute => next.checked_mul(60)?,
            Self::Hour => next.checked_mul(3_600)?,
            Self::Day => next.checked_mul(DAY)?,
            Self::Week => next.checked_mul(7)?.checked_sub(MONDAY)?.checked_mul(DAY)?,
            Self::Month => {
                let year = i16::try_from(next.div_euclid(12)).ok()?;
                let month = i8::try_from(next.rem_euclid(12) + 1).ok()?;
                let first = Date::new(year, month, 1).ok()?;
                return Offset::UTC.to_timestamp(first.at(0, 0, 0, 0)).ok();
            }
            Self::Total => return None,
        };
        Timestamp::from_second(second).ok()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_end_when_they_say() {
        let now: Timestamp = "2026-12-31T23:59:59.5Z".parse().unwrap();
        let ends = Window::ALL.map(|window| window.end(window.number(now)).map(|end| end.to_string()));
        let new_year = Some("2027-01-01T00:00:00Z".to_owned());
        let monday = Some("2027-01-04T00:00:00Z".to_owned());
        assert_eq!(ends, [new_year.clone(), new_year.clone(), new_year.clone(), monday, new_year, None]);
    }

    proptest! {
        #[test]
        fn windows_follow_each_other(second in -60_000_000_000i64..200_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            for window in Window::ALL {
                let number = window.number(at);
                let Some(end) = window.end(number) else { continue };
                prop_assert!(end > at);
                prop_assert_eq!(window.number(end), number + 1);
                let last = Timestamp::from_second(end.as_second() - 1).unwrap();
                prop_assert_eq!(window.number(last), number);
            }
        }
    }
}
