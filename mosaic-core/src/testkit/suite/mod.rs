//! Behaviour suites: what every provider of a service does alike, checked through its service trait.

pub mod git;
pub mod project;
