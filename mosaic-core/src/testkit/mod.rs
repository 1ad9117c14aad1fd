//! For people who write a provider: a scripted double, injected faults, and the behaviour suites that every provider runs.

pub mod honesty;
pub mod suite;
