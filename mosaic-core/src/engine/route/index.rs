//! An index over globs: finds those that match a text without looking at those that cannot.
//!
//! Exact texts stand in a hash map. Prefixes stand sorted, each with a link to the longest other prefix of itself: the
//! predecessor of a subject in this order has every matching prefix on its chain of links. All other globs are found by a
//! text that each of their matches contains, all at once by an Aho-Corasick automaton, and are then matched in full.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use smallvec::SmallVec;

use super::glob::{Glob, Shape};
use super::key::Key;

/// Numbers of rules.
pub(super) type Found = SmallVec<[u32; 8]>;

#[derive(Debug, Default)]
pub(super) struct GlobIndex {
    exact: HashMap<Box<str>, Vec<u32>>,
    prefixes: Vec<Prefix>,
    inner: Vec<(Glob, u32)>,
    /// For each word of the automaton the entries of `inner` that need it.
    words: Vec<Vec<u32>>,
    automaton: Option<AhoCorasick>,
    /// Entries of `inner` without any fixed text: always matched in full.
    wordless: Vec<u32>,
}

#[derive(Debug)]
struct Prefix {
    text: Box<str>,
    /// The longest other prefix in the table that this one begins with.
    shorter: Option<u32>,
    rules: Vec<u32>,
}

impl GlobIndex {
    /// An index over texts and globs; keys of other kinds are not for it.
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = (Key<'a>, u32)>) -> Self {
        let mut index = Self::default();
        let mut prefixes: Vec<(&str, u32)> = Vec::new();
        let mut words: HashMap<&str, Vec<u32>> = HashMap::new();
        for (key, rule) in keys {
            let glob = match key {
                Key::Glob(glob) => glob,
                Key::Exact(text) => {
                    index.exact.entry(text.into()).or_default().push(rule);
                    continue;
                }
                Key::Has(_) | Key::Flag(_) => continue,
            };
            match glob.shape() {
                Shape::Exact(text) => index.exact.entry(text.into()).or_default().push(rule),
                Shape::Prefix(text) => prefixes.push((text, rule)),
                Shape::Inner(word) => {
                    let at = index.inner.len() as u32;
                    index.inner.push((glob.clone(), rule));
                    if word.is_empty() {
                        index.wordless.push(at);
                    } else {
                        words.entry(word).or_default().push(at);
                    }
                }
            }
        }
        index.add_prefixes(prefixes);
        let (texts, owners): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        // An automaton over bounded texts always builds; were it refused, every such glob would be matched in full.
        match AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(&texts) {
            Ok(automaton) if !texts.is_empty() => {
                index.automaton = Some(automaton);
                index.words = owners;
            }
            _ => index.wordless.extend(owners.into_iter().flatten()),
        }
        index
    }

    fn add_prefixes(&mut self, mut prefixes: Vec<(&str, u32)>) {
        prefixes.sort_unstable();
        for (text, rule) in prefixes {
            if let Some(last) = self.prefixes.last_mut()
                && *last.text == *text
            {
                last.rules.push(rule);
                continue;
            }
            let mut shorter = self.prefixes.len().checked_sub(1).map(|at| at as u32);
            while let Some(at) = shorter
                && !text.starts_with(&*self.prefixes[at as usize].text)
            {
                shorter = self.prefixes[at as usize].shorter;
            }
            self.prefixes.push(Prefix { text: text.into(), shorter, rules: vec![rule] });
        }
    }

    /// Adds the rules whose glob matches `subject`; some may be added more than once.
    #[inline]
    pub(super) fn find(&self, subject: &str, found: &mut Found) {
        if let Some(rules) = self.exact.get(subject) {
            found.extend_from_slice(rules);
        }
        let mut at = self.prefixes.partition_point(|prefix| *prefix.text <= *subject).checked_sub(1);
        while let Some(position) = at {
            let prefix = &self.prefixes[position];
            if subject.starts_with(&*prefix.text) {
                found.extend_from_slice(&prefix.rules);
            }
            at = prefix.shorter.map(|shorter| shorter as usize);
        }
        if let Some(automaton) = &self.automaton {
            for hit in automaton.find_overlapping_iter(subject) {
                self.verify(&self.words[hit.pattern().as_usize()], subject, found);
            }
        }
        self.verify(&self.wordless, subject, found);
    }

    fn verify(&self, candidates: &[u32], subject: &str, found: &mut Found) {
        for at in candidates {
            let (glob, rule) = &self.inner[*at as usize];
            if !found.contains(rule) && glob.matches(subject) {
                found.push(*rule);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty() && self.inner.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_exactly_what_matches(
            globs in prop::collection::vec("[abc*?/-]{0,6}", 0..40),
            subjects in prop::collection::vec("[abc/-]{0,8}", 1..20),
            path in any::<bool>(),
        ) {
            let globs: Vec<_> = globs.iter().map(|text| Glob::new(text, path)).collect();
            let index = GlobIndex::new(globs.iter().map(Key::Glob).zip(0u32..));
            for subject in &subjects {
                let mut found = Found::new();
                index.find(subject, &mut found);
                found.sort_unstable();
                found.dedup();
                let expected: Vec<u32> =
                    globs.iter().zip(0u32..).filter(|(glob, _)| glob.matches(subject)).map(|(_, rule)| rule).collect();
                prop_assert_eq!(found.to_vec(), expected, "{}", subject);
            }
        }
    }
}
