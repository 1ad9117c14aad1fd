//! Where budgets and reservations lie in the state, and what events of them are about.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::budget::BudgetPath;
use mosaic_core::types::{TenantId, Timestamp};

use crate::state::{Key, KeyRange, Topic, ordered};

const ROOM: &str = "budget";
/// Stands for the tenant as a whole. It begins no name, and sorts before all.
const WHOLE: &str = ".";

/// The version of all budgets: the revision of the last change of what any of them allows.
pub(super) fn version() -> Result<Key> {
    Key::of(&[ROOM, "version"])
}

/// The path of a place below a tenant.
pub(super) fn path(tenant: &TenantId, place: &str) -> Result<BudgetPath> {
    let top = BudgetPath::of_tenant(tenant);
    if place.is_empty() { Ok(top) } else { top.below(place) }
}

/// The place of a path below its tenant.
pub(super) fn place(path: &str) -> &str {
    path.split_once('/').map_or("", |(_, place)| place)
}

/// The tenant of a path.
pub(super) fn tenant(path: &BudgetPath) -> Result<TenantId> {
    Ok(TenantId::new(path.names().next().unwrap_or_default())?)
}

fn parts(path: &str) -> Vec<&str> {
    let mut parts = vec![ROOM, "of"];
    parts.extend(path.split('/'));
    parts
}

/// The key of the budget at a path.
pub(super) fn key(path: &str) -> Result<Key> {
    let mut parts = parts(path);
    if !path.contains('/') {
        parts.push(WHOLE);
    }
    Key::of(&parts)
}

/// The path of a key of [`key`].
pub(super) fn path_of(key: &Key) -> Result<BudgetPath> {
    let names: Vec<String> = key.parts().skip(2).filter(|name| name != WHOLE).collect();
    BudgetPath::new(names.join("/")).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("{key}: what is stored is no budget")).source(error)
    })
}

/// The keys of the budgets of all tenants.
pub(super) fn all() -> Result<KeyRange> {
    KeyRange::below(&[ROOM, "of"])
}

/// The keys of the budgets below a path; for a tenant with its own.
pub(super) fn below(path: &BudgetPath) -> Result<KeyRange> {
    KeyRange::below(&parts(path.as_str()))
}

/// The key of a reservation.
pub(super) fn reservation(tenant: &TenantId, id: &str) -> Result<Key> {
    Key::of(&[ROOM, "reserved", tenant.as_str(), id])
}

/// Where a reservation stands among those whose time is over first.
pub(super) fn due(until: Timestamp, tenant: &TenantId, id: &str) -> Result<Key> {
    let at = u64::try_from(until.as_microsecond()).unwrap_or(0);
    Key::of(&[ROOM, "due", &ordered(at), tenant.as_str(), id])
}

/// The keys of the reservations whose time is over.
pub(super) fn due_by(now: Timestamp) -> Result<KeyRange> {
    let at = u64::try_from(now.as_microsecond()).unwrap_or(0);
    let end = Key::of(&[ROOM, "due", &ordered(at.saturating_add(1))])?;
    Ok(KeyRange::below(&[ROOM, "due"])?.before(end.as_str()))
}

/// What an event of a budget is about: `budget.` and its place. One that is too long for a topic is told under `budget` alone.
pub(super) fn topic(path: &BudgetPath) -> Result<Topic> {
    let tenant = tenant(path)?;
    let parts: Vec<&str> = std::iter::once(ROOM).chain(path.names().skip(1)).collect();
    Topic::of_tenant(&tenant, &parts).or_else(|_| Topic::of_tenant(&tenant, &[ROOM]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_budgets_lie_together_and_apart_from_others() {
        let paths = ["a", "a/team:x", "a/team:x/task.1", "a.b", "a-b/team"]
            .map(|path| BudgetPath::new(path).unwrap());
        for path in &paths {
            assert_eq!(path_of(&key(path.as_str()).unwrap()).unwrap(), *path);
            assert!(all().unwrap().contains(&key(path.as_str()).unwrap()));
            topic(path).unwrap();
        }
        let of_a = below(&paths[0]).unwrap();
        let found: Vec<_> = paths.iter().filter(|path| of_a.contains(&key(path.as_str()).unwrap())).collect();
        assert_eq!(found, [&paths[0], &paths[1], &paths[2]]);
        let long = vec!["x.".repeat(20); 5].join("/");
        assert!(topic(&BudgetPath::new(long).unwrap()).unwrap().as_str().ends_with(".budget"));
    }
}
