//! Timed steps: each is announced, timed and listed in a closing table.

use std::time::{Duration, Instant};

use crate::error::Result;

/// The steps of one command, in the order they ran.
#[derive(Debug)]
pub(crate) struct Steps {
    began: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Starts the clock.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), done: Vec::new() }
    }

    /// Runs one step and prints how long it took, also when it fails.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("==> {name}");
        let began = Instant::now();
        let outcome = work();
        let took = began.elapsed();
        let verdict = if outcome.is_ok() { "ok" } else { "failed" };
        println!("==> {name}: {verdict} in {}", show(took));
        self.done.push((name.to_owned(), took));
        outcome
    }

    /// Time since the clock was started.
    pub(crate) fn total(&self) -> Duration {
        self.began.elapsed()
    }

    /// One line per step that ran, then the total.
    pub(crate) fn table(&self) -> String {
        let total = ("total".to_owned(), self.total());
        let rows = self.done.iter().chain(std::iter::once(&total));
        let width = rows.clone().map(|(name, _)| name.len()).max().unwrap_or_default();
        rows.map(|(name, took)| format!("  {name:<width$}  {:>9}\n", show(*took))).collect()
    }
}

/// `7.3 s`, or `2 m 05 s` from one minute on.
pub(crate) fn show(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} m {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_failed_step_is_in_the_table() {
        let mut steps = Steps::begin();
        steps.run("first", || Ok(())).unwrap();
        steps.run("second", || Err(Error::Check("no".to_owned()))).unwrap_err();
        let table = steps.table();
        let names: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(names, ["first", "second", "total"]);
    }

    #[test]
    fn times_read_well() {
        assert_eq!(show(Duration::from_millis(7_349)), "7.3 s");
        assert_eq!(show(Duration::from_secs(125)), "2 m 05 s");
    }
}
