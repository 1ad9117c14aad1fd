//! The harness of the benches: rounds of ours and of the peer in turn, on the CPU time of the process, and a report.
//!
//! Single figures of a shared machine move by a tenth to a third from one minute to the next, their ratio much less. So
//! every figure that is published is a ratio of two that were taken in one run, round by round in turn (A B A B), each the
//! median of its rounds. The clock is that of the process: time in which others had the core does not count.

mod bench;
mod launch;
mod options;
mod report;

use std::error::Error;
use std::time::Duration;

use cpu_time::ProcessTime;

pub use bench::{Bench, Group};
pub use launch::launch;
pub use options::Options;
pub use report::{Goal, Report};

/// What anything in a bench may fail with.
pub type Fault = Box<dyn Error + Send + Sync>;

/// The result of anything in a bench.
pub type Result<T = ()> = std::result::Result<T, Fault>;

/// The CPU time of the process that `work` takes.
///
/// # Errors
/// That of `work`.
pub fn timed(work: impl FnOnce() -> Result) -> Result<Duration> {
    let began = ProcessTime::try_now()?;
    work()?;
    Ok(began.try_elapsed()?)
}

/// A time as nanoseconds; a figure like any other from here on.
pub fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// One of the things that are compared: `round` makes so many calls and says how long they took, without its preparation.
pub struct Side<'a> {
    calls: usize,
    round: Box<dyn FnMut(usize) -> Result<Duration> + 'a>,
}

impl<'a> Side<'a> {
    /// A side whose round prepares something first; it gives what [`timed`] gave.
    pub fn prepared(calls: usize, round: impl FnMut(usize) -> Result<Duration> + 'a) -> Self {
        Self { calls, round: Box::new(round) }
    }

    /// A side whose whole round counts.
    pub fn new(calls: usize, mut round: impl FnMut(usize) -> Result + 'a) -> Self {
        Self::prepared(calls, move |calls| timed(|| round(calls)))
    }

    /// A side that makes the same call again and again; it is given the number of the call.
    pub fn each<R>(calls: usize, mut call: impl FnMut(usize) -> R + 'a) -> Self {
        Self::new(calls, move |calls| {
            for at in 0..calls {
                std::hint::black_box(call(at));
            }
            Ok(())
        })
    }
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("calls", &self.calls).finish_non_exhaustive()
    }
}

/// What a side took per call, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// The median of the rounds: the figure that counts.
    pub median: f64,
    /// The fastest round.
    pub fastest: f64,
}

/// Measures sides in turn: a round of each, then again, as often as the options say. One round of each goes before and
/// does not count.
///
/// # Errors
/// That of a side.
pub fn measure<const N: usize>(options: &Options, mut sides: [Side<'_>; N]) -> Result<[Figure; N]> {
    let mut figures: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(options.rounds()));
    for round in 0..=options.rounds() {
        for (side, figures) in sides.iter_mut().zip(&mut figures) {
            let calls = options.calls(side.calls);
            let took = (side.round)(calls)?;
            if round > 0 {
                figures.push(nanos(took) / calls as f64);
            }
        }
    }
    Ok(figures.map(figure))
}

fn figure(mut rounds: Vec<f64>) -> Figure {
    rounds.sort_by(f64::total_cmp);
    let at = |at: usize| rounds.get(at).copied().unwrap_or(f64::NAN);
    Figure { median: at(rounds.len() / 2), fastest: at(0) }
}

/// Numbers that look random and are the same in every run (xorshift64).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Default for Numbers {
    fn default() -> Self {
        Self(88_172_645_463_325_252)
    }
}

impl Numbers {
    /// The next number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    /// So many numbers below `end`.
    pub fn many(&mut self, count: usize, end: usize) -> Vec<usize> {
        (0..count).map(|_| self.below(end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_take_turns_and_the_first_round_does_not_count() {
        let options = Options::parse(["--quick".to_string()]).unwrap();
        let order = std::cell::RefCell::new(Vec::new());
        let side = |name: u64| {
            let order = &order;
            Side::prepared(40, move |calls| {
                order.borrow_mut().push(name);
                Ok(Duration::from_nanos(name * calls as u64))
            })
        };
        let [a, b] = measure(&options, [side(3), side(5)]).unwrap();
        assert!((a.median - 3.0).abs() < 1e-6 && (b.median - 5.0).abs() < 1e-6, "{a:?} {b:?}");
        assert_eq!(order.borrow()[..4], [3, 5, 3, 5]);
        assert_eq!(order.borrow().len(), 2 * (options.rounds() + 1));
    }
}
