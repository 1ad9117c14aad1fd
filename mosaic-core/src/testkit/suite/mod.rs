//! Behaviour suites: what every provider of a service does alike, checked through its service trait.

pub mod ai;
pub mod cicd;
pub mod document;
mod failure;
pub mod git;
mod lacks;
mod pages;
pub mod project;

pub use failure::{Failure, done, ensure, equal, refused, refused_as};
