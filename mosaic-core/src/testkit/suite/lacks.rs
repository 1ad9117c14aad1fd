//! What a world says that a provider is without, each with the reason.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Failure;

/// The traits that a provider lacks. A suite asks for everything else.
#[derive(Debug, Clone)]
pub(super) struct Lacks<T>(BTreeMap<T, String>);

impl<T> Default for Lacks<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord + Copy + Debug> Lacks<T> {
    /// One more, for this reason.
    pub(super) fn add(&mut self, lacked: T, why: String) {
        self.0.insert(lacked, why);
    }

    /// The same without one.
    pub(super) fn except(&self, lacked: T) -> Self {
        Self(self.0.iter().filter(|(other, _)| **other != lacked).map(|(t, why)| (*t, why.clone())).collect())
    }

    /// Whether the provider is said to lack it.
    pub(super) fn has(&self, lacked: T) -> bool {
        self.0.contains_key(&lacked)
    }

    /// Each with its reason.
    pub(super) fn iter(&self) -> impl Iterator<Item = (T, &str)> {
        self.0.iter().map(|(lacked, why)| (*lacked, why.as_str()))
    }

    /// The failure of a provider that shows what it is said to lack.
    pub(super) fn needless(&self, behaviour: &'static str, lacked: T) -> Failure {
        let why = self.0.get(&lacked).map_or("", String::as_str);
        let message = format!(
            "expected the suite to fail where it asks for {lacked:?}, which the provider is said to lack ({why}); it passed, so that can go"
        );
        Failure::new(behaviour, message)
    }
}
