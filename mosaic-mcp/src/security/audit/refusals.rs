//! Refused logins: the first of a source at once, and the others of the same minute as a number.

use std::collections::HashMap;
use std::time::Duration;

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::event::{Line, cut};

/// How long refusals of a source are counted together.
pub(super) const TOGETHER: Duration = Duration::from_secs(60);
/// How many sources are told apart meanwhile.
pub(super) const SOURCES: usize = 256;
/// Whoever is not told apart.
const OTHERS: &str = "others";

/// Whoever sends tokens that do not hold costs no more than two records a minute and source, and no room that writes need.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Window>);

#[derive(Default)]
struct Window {
    /// When what was counted is told; none where there is nothing.
    ends: Option<Instant>,
    sources: HashMap<(&'static str, String), Counted>,
    others: Counted,
}

/// What came after the first.
#[derive(Default)]
struct Counted {
    times: u64,
    why: String,
}

impl Counted {
    fn more(&mut self, why: &str) {
        self.times += 1;
        cut(why).clone_into(&mut self.why);
    }
}

impl Refusals {
    /// Counts one; says whether it is to be told at once.
    pub(super) fn is_first(&self, means: &'static str, from: &str, why: &str) -> bool {
        let mut window = self.0.lock();
        window.ends.get_or_insert_with(|| Instant::now() + TOGETHER);
        let source = (means, cut(from).to_owned());
        if let Some(counted) = window.sources.get_mut(&source) {
            counted.more(why);
            return false;
        }
        if window.sources.len() >= SOURCES {
            window.others.more(why);
            return false;
        }
        window.sources.insert(source, Counted::default());
        true
    }

    /// When what was counted is told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.lock().ends
    }

    /// What was counted, where its time is over, or in any case.
    pub(super) fn take(&self, now: Timestamp, any: bool) -> Result<Vec<Line>> {
        let window = {
            let mut window = self.0.lock();
            match window.ends {
                Some(ends) if any || Instant::now() >= ends => std::mem::take(&mut *window),
                _ => return Ok(Vec::new()),
            }
        };
        let Window { sources, others, .. } = window;
        let counted = sources.iter().map(|((means, from), counted)| (*means, from.as_str(), counted));
        counted
            .chain([("any", OTHERS, &others)])
            .filter(|(.., counted)| counted.times > 0)
            .map(|(means, from, Counted { times, why })| Line::refused(now, means, from, why, *times))
            .collect()
    }
}
