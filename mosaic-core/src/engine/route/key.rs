//! Keys: what a rule is found by, so that rules which cannot match a call are not looked at.
//!
//! A rule applies only if each of its parts holds, so any part will do to find it, if an index can answer it exactly: an
//! equality, a list of texts, a glob, a boolean, or several of them of which one must hold. Of these the one that the fewest
//! other rules share is taken.

use std::collections::HashMap;

use super::condition::{Check, Formula, Test};
use super::fact::Fact;
use super::glob::{Glob, Shape};

/// One thing that an index can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Exact(&'a str),
    Glob(&'a Glob),
    /// A list has this text.
    Has(&'a str),
    Flag(bool),
}

/// Where a rule is found: by any of these keys, each in the index of its fact.
pub(super) type Keys<'a> = Vec<(&'a Fact, Key<'a>)>;

/// How often each key is there.
#[derive(Default)]
pub(super) struct Census<'a>(HashMap<(&'a Fact, Key<'a>), u32>);

/// The keys that find exactly the calls for which a part certainly holds; none where it has no such.
pub(super) fn keys(part: &Formula) -> Option<Keys<'_>> {
    match part {
        Formula::Test(Test { fact, check }) => {
            let key = |key| Some(vec![(fact, key)]);
            match check {
                Check::TextIn { values, member: true } => {
                    Some(values.iter().map(|value| (fact, Key::Exact(value))).collect())
                }
                Check::Glob { glob, matches: true } => key(Key::Glob(glob)),
                Check::Has { value, member: true } => key(Key::Has(value)),
                Check::Flag { wanted } => key(Key::Flag(*wanted)),
                _ => None,
            }
        }
        Formula::Any(parts) => {
            let mut all = Keys::new();
            for part in parts {
                all.extend(keys(part)?);
            }
            Some(all)
        }
        Formula::Constant(_) | Formula::All(_) => None,
    }
}

impl<'a> Census<'a> {
    pub(super) fn count(&mut self, keys: &Keys<'a>) {
        for key in keys {
            *self.0.entry(*key).or_default() += 1;
        }
    }

    /// What it costs to find a rule so: about how many others are found with it, and how dear the look-up is.
    pub(super) fn cost(&self, keys: &Keys<'a>) -> u64 {
        let one = |key: &(&'a Fact, Key<'a>)| {
            let shape = match key.1 {
                Key::Exact(_) | Key::Has(_) => 0,
                Key::Flag(_) => 1000,
                Key::Glob(glob) => match glob.shape() {
                    Shape::Exact(_) => 0,
                    Shape::Prefix("") => 1000,
                    Shape::Prefix(_) => 1,
                    Shape::Inner("") => 2000,
                    Shape::Inner(_) => 3,
                },
            };
            u64::from(self.0.get(key).copied().unwrap_or_default()) * 4 + shape
        };
        keys.iter().map(one).sum()
    }
}
