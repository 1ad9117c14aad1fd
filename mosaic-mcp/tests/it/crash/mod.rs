//! Crashes: workers that are killed at random points lose nothing that was acknowledged, and do nothing twice.
//!
//! A test starts this test binary anew as workers that share one store. Each says on its output what was acknowledged. They are
//! killed after a random number of words, and started again. 20 kills; 200 where `MOSAIC_SOAK` is `full`.

mod audit;
mod messages;
mod place;
mod state;
mod tasks;
mod worker;

use place::Place;
use worker::{Witness, play};

/// How many kills there are.
fn kills() -> usize {
    if std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full") { 200 } else { 20 }
}

/// The random choices of a test: how many words a worker says before it is killed.
fn words(random: &mut fastrand::Rng) -> usize {
    // Often right at the beginning, where a store is opened after the last kill.
    if random.u8(0..4) == 0 { random.usize(0..3) } else { random.usize(3..60) }
}
