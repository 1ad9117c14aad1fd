//! For people who write a provider: a scripted double, injected faults, and the behaviour suites that every provider runs.

mod double;
mod fault;
pub mod honesty;
pub mod suite;
mod unhurried;

pub use double::{Double, Seen};
pub use fault::{Fault, Place};
pub use unhurried::Unhurried;
