//! Where messages lie in the state.

use mosaic_core::error::Result;
use mosaic_core::types::{TenantId, Timestamp};

use crate::state::{Key, KeyRange, TopicFilter, ordered};

const ROOM: &str = "message";

/// The settings and counters of a mailbox.
pub(super) fn mailbox(tenant: &TenantId, name: &str) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "box", name])
}

/// All mailboxes of a tenant.
pub(super) fn mailboxes(tenant: &TenantId) -> Result<KeyRange> {
    KeyRange::below(&[ROOM, tenant.as_str(), "box"])
}

/// That a mailbox belongs to a project.
pub(super) fn member(tenant: &TenantId, project: &str, name: &str) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "project", project, name])
}

/// The mailboxes of a project.
pub(super) fn members(tenant: &TenantId, project: &str) -> Result<KeyRange> {
    KeyRange::below(&[ROOM, tenant.as_str(), "project", project])
}

/// The mailboxes that follow a filter.
pub(super) fn route(tenant: &TenantId, filter: &TopicFilter) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "route", filter.as_str()])
}

/// The shapes of all filters that are followed.
pub(super) fn shapes(tenant: &TenantId) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "shapes"])
}

/// What became of a message to which its sender gave a name.
pub(super) fn sent(tenant: &TenantId, digest: &str) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "sent", digest])
}

/// A request that waits for its answer.
pub(super) fn request(tenant: &TenantId, id: &str) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "request", id])
}

/// What a mailbox of an id held that was closed.
pub(super) fn closed(tenant: &TenantId, id: &str) -> Result<Key> {
    Key::of(&[ROOM, tenant.as_str(), "closed", id])
}

/// All closed mailboxes whose messages may still be there.
pub(super) fn all_closed(tenant: &TenantId) -> Result<KeyRange> {
    KeyRange::below(&[ROOM, tenant.as_str(), "closed"])
}

/// The places of what one mailbox holds. Its id is of this mailbox alone, also where a later one has the same name.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    tenant: TenantId,
    id: String,
}

impl Shelf {
    pub(super) fn new(tenant: &TenantId, id: &str) -> Self {
        Self { tenant: tenant.clone(), id: id.to_owned() }
    }

    fn base<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut parts = vec![ROOM, self.tenant.as_str(), "of", &self.id];
        parts.extend(rest);
        parts
    }

    /// Everything.
    pub(super) fn all(&self) -> Result<KeyRange> {
        KeyRange::below(&self.base(&[]))
    }

    /// A letter: by its lane, so that the next one of a lane is found.
    pub(super) fn letter(&self, lane: &str, number: u64) -> Result<Key> {
        Key::of(&self.base(&["m", lane, &ordered(number)]))
    }

    /// The letters of a lane after one.
    pub(super) fn letters_after(&self, lane: &str, number: u64) -> Result<KeyRange> {
        Ok(KeyRange::below(&self.base(&["m", lane]))?.after(&self.letter(lane, number)?))
    }

    /// A lane.
    pub(super) fn lane(&self, lane: &str) -> Result<Key> {
        Key::of(&self.base(&["l", lane]))
    }

    /// That the head of a lane can be given out.
    pub(super) fn ready(&self, number: u64) -> Result<Key> {
        Key::of(&self.base(&["r", &ordered(number)]))
    }

    /// All that can be given out, the oldest first.
    pub(super) fn all_ready(&self) -> Result<KeyRange> {
        KeyRange::below(&self.base(&["r"]))
    }

    /// That a letter is given out until a time.
    pub(super) fn given(&self, until: Timestamp, number: u64) -> Result<Key> {
        Key::of(&self.base(&["g", &at(until), &ordered(number)]))
    }

    /// All that are given out, by the time.
    pub(super) fn all_given(&self) -> Result<KeyRange> {
        KeyRange::below(&self.base(&["g"]))
    }

    /// That a letter which is not given out is worth nothing from a time on.
    pub(super) fn expiry(&self, expires: Timestamp, number: u64) -> Result<Key> {
        Key::of(&self.base(&["e", &at(expires), &ordered(number)]))
    }

    /// All letters that are worth nothing at a time.
    pub(super) fn expired(&self, now: Timestamp) -> Result<KeyRange> {
        let end = Key::of(&self.base(&["e", &ordered(micros(now).saturating_add(1))]))?;
        Ok(KeyRange::below(&self.base(&["e"]))?.before(end.as_str()))
    }

    /// That a letter is not given out: kept only where the oldest is dropped when the mailbox is full.
    pub(super) fn waiting(&self, number: u64) -> Result<Key> {
        Key::of(&self.base(&["w", &ordered(number)]))
    }

    /// All that are not given out, the oldest first.
    pub(super) fn all_waiting(&self) -> Result<KeyRange> {
        KeyRange::below(&self.base(&["w"]))
    }

    /// A dead letter.
    pub(super) fn dead(&self, number: u64) -> Result<Key> {
        Key::of(&self.base(&["d", &ordered(number)]))
    }

    /// The dead letters, in the order of their numbers.
    pub(super) fn all_dead(&self) -> Result<KeyRange> {
        KeyRange::below(&self.base(&["d"]))
    }
}

fn micros(time: Timestamp) -> u64 {
    u64::try_from(time.as_microsecond()).unwrap_or(0)
}

fn at(time: Timestamp) -> String {
    ordered(micros(time))
}

/// The number that a key ends with.
pub(super) fn number(key: &Key) -> u64 {
    u64::from_str_radix(&key.last_part(), 16).unwrap_or(0)
}
