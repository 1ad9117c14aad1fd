//! What messages may have at most.

use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde_json::Value;

/// The longest body, as JSON: 256 KiB.
pub(super) const BODY: usize = 256 << 10;
/// All copies of one message together: 8 MiB.
pub(super) const COPIES: usize = 8 << 20;
/// The most mailboxes to which one message goes.
pub(super) const FANOUT: usize = 1_000;
/// The longest name of a mailbox or project.
pub(super) const NAME: usize = 64;
/// The longest name of a message or conversation.
pub(super) const LABEL: usize = 128;
/// The most topics that a mailbox follows.
pub(super) const TOPICS: usize = 64;
/// The most kinds of filter, by the places of their wildcards, that a tenant has.
pub(super) const SHAPES: usize = 256;
/// The most messages of one mailbox.
pub(super) const HELD: u64 = 100_000;
/// The most dead messages that a mailbox keeps; the oldest go first.
pub(super) const DEAD: u64 = 1_000;
/// The most messages that one call gives out.
pub(super) const GIVEN: u64 = 100;
/// The most bytes of bodies that one call gives out: 4 MiB.
pub(super) const GIVEN_BYTES: usize = 4 << 20;
/// The most letters that are tidied up by the way.
pub(super) const STEP: usize = 32;
/// The most keys of a closed mailbox that one transaction removes.
pub(super) const PURGE: usize = 500;
/// The longest wait of a call.
pub(super) const WAIT: u64 = 300;
/// A day, and thirty.
pub(super) const DAY: u64 = 86_400;
pub(super) const MONTH: u64 = 30 * DAY;
/// Within which time a message is known again by its name.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);
/// For how long an answer is kept that nobody took.
pub(super) const GRACE: Duration = Duration::from_secs(60);
/// When a sender whose message was refused comes again.
pub(super) const COME_AGAIN: Duration = Duration::from_secs(1);
/// The length of a lane's name.
pub(super) const LANE: usize = 32;

/// Checks a number.
pub(super) fn number(
    what: &'static str,
    asked: Option<u64>,
    least: u64,
    most: u64,
    default: u64,
) -> Result<u64> {
    let asked = asked.unwrap_or(default);
    if (least..=most).contains(&asked) {
        return Ok(asked);
    }
    Err(invalid(format!("{what}: {least} to {most} are allowed, not {asked}")))
}

/// Checks the name of a mailbox, project, message or conversation.
pub(super) fn name(what: &'static str, name: &str, most: usize) -> Result<()> {
    if name.is_empty() || name.len() > most || name.contains(char::is_control) {
        return Err(invalid(format!("{what}: 1 to {most} bytes without control characters are allowed")));
    }
    Ok(())
}

/// Checks a name where there is one.
pub(super) fn label(what: &'static str, label: Option<&str>) -> Result<()> {
    label.map_or(Ok(()), |label| name(what, label, LABEL))
}

/// Checks a body; gives its length.
pub(super) fn body(body: &Value) -> Result<usize> {
    let length = serde_json::to_vec(body)
        .map_err(|error| Error::new(ErrorKind::Invalid, "body: it has no JSON form").source(error))?
        .len();
    if length > BODY {
        return Err(invalid(format!("body: {length} bytes; {BODY} are allowed")));
    }
    Ok(length)
}

/// Some seconds from now.
pub(super) fn later(now: Timestamp, seconds: u64) -> Result<Timestamp> {
    now.checked_add(Duration::from_secs(seconds))
        .map_err(|error| Error::new(ErrorKind::Invalid, "seconds: the time is too far away").source(error))
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).refused()
}
