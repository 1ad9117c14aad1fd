//! The floor table of mosaic-core and the rule over it.

use std::collections::BTreeMap;

use super::paths::Reference;

/// Top modules of mosaic-core, from the ground up. A module uses its own floor and those below.
const FLOORS: &[&[&str]] = &[
    &["types", "error"],
    &["op", "plugin", "context", "ports"],
    &["engine"],
    &["orchestrator", "config"],
    &["api"],
];

/// The module that may use everything and that only tests may use.
const TESTKIT: &str = "testkit";

/// Where a top module stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this floor, counted from the ground.
    Floor(usize),
    /// Beside the house.
    Testkit,
}

/// Where `top` stands, or `None` if it is no module of the table.
pub(super) fn place(top: &str) -> Option<Place> {
    if top == TESTKIT {
        return Some(Place::Testkit);
    }
    FLOORS.iter().position(|floor| floor.contains(&top)).map(Place::Floor)
}

/// Why a module at `own` may not hold `reference`, or `None` if it may. `roots` maps each name that is
/// reachable at the crate root to the top module, or the foreign crate, that it comes from.
pub(super) fn judge(own: Place, reference: &Reference<'_>, roots: &BTreeMap<&str, &str>) -> Option<String> {
    let Some(name) = reference.top else {
        return Some("the crate root as a whole hides what is used: name the modules".to_owned());
    };
    let home = if place(name).is_some() { Some(name) } else { roots.get(name).copied() };
    let Some(home) = home else {
        return Some(format!("`{name}` is on no floor and no re-export of lib.rs"));
    };
    let from = if home == name { String::new() } else { format!(" from `{home}`") };
    match (own, place(home)?) {
        (Place::Floor(own), Place::Floor(target)) if target > own => {
            Some(format!("`{name}`{from} (floor {target}) lies above floor {own}"))
        }
        (Place::Floor(_), Place::Testkit) if !reference.in_tests => {
            Some(format!("`{name}`{from} is for tests only"))
        }
        _ => None,
    }
}
