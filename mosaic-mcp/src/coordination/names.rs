//! Names that coordination gives and takes: of agents, of projects, of capabilities, and of topics.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Id, IdKind, TenantId, Timestamp};

use crate::function::AsResource;
use crate::state::Topic;

/// Marks the identifiers of agents; see [`AgentId`].
#[derive(Debug)]
pub enum AgentKind {}
/// Marks the identifiers of projects; see [`ProjectId`].
#[derive(Debug)]
pub enum ProjectKind {}

impl IdKind for AgentKind {
    const WORD: &'static str = "agent";
}
impl IdKind for ProjectKind {
    const WORD: &'static str = "project";
}

/// Names an agent within its tenant, such as `reviewer-1`.
pub type AgentId = Id<AgentKind>;
/// Names a project within its tenant: the unit among which work is shared fairly.
pub type ProjectId = Id<ProjectKind>;

impl AsResource for AgentId {
    fn as_resource(&self) -> String {
        self.to_string()
    }
}
impl AsResource for ProjectId {
    fn as_resource(&self) -> String {
        self.to_string()
    }
}

/// The most capabilities that a task requires.
const REQUIRED: usize = 16;
/// The most capabilities that an agent offers.
const OFFERED: usize = 128;
/// What stands before the name of an agent in a requirement that only this agent meets.
pub(crate) const OF_AGENT: &str = "agent:";

/// The capabilities that a task requires, in order and each once.
pub(crate) fn required(given: Vec<String>) -> Result<Vec<String>> {
    capabilities(given, REQUIRED)
}

/// The capabilities that an agent offers, in order and each once.
pub(crate) fn offered(given: Vec<String>) -> Result<Vec<String>> {
    if let Some(own) = given.iter().find(|given| given.starts_with(OF_AGENT)) {
        return Err(invalid(format!("capability {own:?}: every agent has the one of its own name already")));
    }
    capabilities(given, OFFERED)
}

fn capabilities(mut given: Vec<String>, most: usize) -> Result<Vec<String>> {
    if given.len() > most {
        return Err(invalid(format!("{} capabilities: {most} are allowed", given.len())));
    }
    let fits =
        |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-' | b':' | b'/' | b'+' | b'=');
    if let Some(bad) = given.iter().find(|text| !(1..=80).contains(&text.len()) || !text.bytes().all(fits)) {
        let shown: String = bad.chars().take(80).collect();
        return Err(invalid(format!("{shown:?} is no capability: use 1 to 80 of a-z A-Z 0-9 . _ - : / + =")));
    }
    given.sort_unstable();
    given.dedup();
    Ok(given)
}

/// The topic of a noun of a tenant.
pub(crate) fn topic(room: &str, tenant: &TenantId, parts: &[&str]) -> Result<Topic> {
    let all: Vec<&str> = std::iter::once(room).chain(parts.iter().copied()).collect();
    Topic::of_tenant(tenant, &all)
}

/// A number within its bounds, or the default.
pub(crate) fn within<T>(name: &str, given: Option<T>, default: T, bounds: RangeInclusive<T>) -> Result<T>
where
    T: PartialOrd + std::fmt::Display + Copy,
{
    match given {
        None => Ok(default),
        Some(given) if bounds.contains(&given) => Ok(given),
        Some(given) => {
            Err(invalid(format!("{name} is {given}: {} to {} are allowed", bounds.start(), bounds.end())))
        }
    }
}

/// A text that is not empty and not too long.
pub(crate) fn text(name: &str, given: &str, most: usize) -> Result<()> {
    if given.is_empty() || given.len() > most {
        return Err(invalid(format!("{name} has {} bytes: 1 to {most} are allowed", given.len())));
    }
    Ok(())
}

/// A time so many seconds later.
pub(crate) fn later(at: Timestamp, seconds: u64) -> Timestamp {
    let gone = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.saturating_add(gone).unwrap_or(Timestamp::MAX)
}

/// A time as microseconds, for keys.
pub(crate) fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_microsecond()).unwrap_or(0)
}

pub(crate) fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_in_order_and_each_once() {
        assert_eq!(required(vec!["rust".into(), "gpu:a".into(), "rust".into()]).unwrap(), ["gpu:a", "rust"]);
        for bad in ["", "a b", "ä", &"x".repeat(81)] {
            assert!(required(vec![bad.into()]).is_err(), "{bad:?}");
        }
        assert!(required((0..17).map(|n| n.to_string()).collect()).is_err());
        let error = offered(vec!["agent:eve".into()]).unwrap_err();
        assert_eq!(
            error.message(),
            "capability \"agent:eve\": every agent has the one of its own name already"
        );
    }

    #[test]
    fn names_with_points_stay_one_segment() {
        let tenant = TenantId::new("acme.eu").unwrap();
        assert_eq!(
            topic("task", &tenant, &["a.b", "a.b-1f"]).unwrap().as_str(),
            "@acme=2Eeu.task.a=2Eb.a=2Eb-1f"
        );
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(within("limit", None, 5, 1..=9).unwrap(), 5);
        let error = within("limit", Some(10), 5, 1..=9).unwrap_err();
        assert_eq!(error.message(), "limit is 10: 1 to 9 are allowed");
    }
}
