//! All rules by what they are found by, and what is left to check of each that was found.

use std::collections::BTreeMap;

use super::compiled::Compiled;
use super::condition::{Formula, Program};
use super::fact::{Fact, Facts};
use super::index::{Found, GlobIndex};
use super::key::{Census, Key, Keys, keys};
use crate::types::ServiceKind;

#[derive(Debug)]
pub(super) struct RuleIndex {
    facts: Box<[FactIndex]>,
    /// Rules without a key, by service: they are looked at for every call.
    keyless: [Found; ServiceKind::ALL.len()],
    entries: Box<[Entry]>,
}

/// What must hold for a rule that was found.
#[derive(Debug)]
struct Entry {
    program: Program,
    keyed: bool,
    serves: [bool; ServiceKind::ALL.len()],
}

/// The rules that are found by one fact.
#[derive(Debug)]
struct FactIndex {
    fact: Fact,
    texts: GlobIndex,
    /// By the texts of a list.
    members: GlobIndex,
    flags: [Found; 2],
}

impl RuleIndex {
    /// The rules in the order in which they win.
    pub(super) fn new(rules: &[Compiled]) -> Self {
        let parts: Vec<Vec<&Formula>> = rules
            .iter()
            .map(|rule| rule.clauses.iter().flat_map(|clause| clause.formula.conjuncts()).collect())
            .collect();
        let choices: Vec<Vec<(usize, Keys<'_>)>> = parts
            .iter()
            .map(|parts| parts.iter().enumerate().filter_map(|(at, part)| Some((at, keys(part)?))).collect())
            .collect();
        let mut census = Census::default();
        choices.iter().flatten().for_each(|(_, keys)| census.count(keys));

        let mut keyless: [Found; ServiceKind::ALL.len()] = Default::default();
        let mut by_fact: BTreeMap<&Fact, Vec<(Key<'_>, u32)>> = BTreeMap::new();
        let mut entries = Vec::with_capacity(rules.len());
        for (((rule, parts), choices), number) in rules.iter().zip(&parts).zip(&choices).zip(0u32..) {
            let chosen = choices.iter().min_by_key(|(_, keys)| census.cost(keys));
            let first = chosen.map(|(at, _)| *at);
            match chosen {
                Some((_, keys)) => {
                    keys.iter().for_each(|(fact, key)| by_fact.entry(fact).or_default().push((*key, number)));
                }
                None => {
                    let served = keyless.iter_mut().zip(rule.serves).filter(|(_, serves)| *serves);
                    served.for_each(|(found, _)| found.push(number));
                }
            }
            // The part that it is found by stands first, where a rule that was found begins behind it.
            let rest = parts.iter().enumerate().filter(|(at, _)| Some(*at) != first).map(|(_, part)| *part);
            let all: Vec<&Formula> = first.map(|at| parts[at]).into_iter().chain(rest).collect();
            let program = Program::new(all.into_iter());
            entries.push(Entry { program, keyed: chosen.is_some(), serves: rule.serves });
        }
        let facts = by_fact.into_iter().map(|(fact, keys)| FactIndex::new(fact.clone(), &keys)).collect();
        Self { facts, keyless, entries: entries.into() }
    }

    /// The first rule that applies to a call.
    #[inline]
    pub(super) fn first(&self, facts: &Facts<'_>) -> Option<u32> {
        let mut found = Found::new();
        self.facts.iter().for_each(|index| index.find(facts, &mut found));
        let service = facts.meta.service.index();
        let mut best: Option<u32> = None;
        for at in found {
            if best.is_none_or(|best| at < best) && self.entries[at as usize].applies(service, facts) {
                best = Some(at);
            }
        }
        // These are in order: the first that applies is the best of them.
        let before = |at: &&u32| best.is_none_or(|best| **at < best);
        let keyless = self.keyless[service].iter().take_while(before);
        keyless.copied().find(|at| self.entries[*at as usize].program.holds(facts)).or(best)
    }

    /// Every rule that applies to a call, in order.
    pub(super) fn all(&self, facts: &Facts<'_>) -> Found {
        let mut found = Found::new();
        self.facts.iter().for_each(|index| index.find(facts, &mut found));
        let service = facts.meta.service.index();
        found.extend_from_slice(&self.keyless[service]);
        found.sort_unstable();
        found.dedup();
        found.retain(|at| self.entries[*at as usize].applies(service, facts));
        found
    }

    /// Whether a rule applies to a call, found or not.
    pub(super) fn applies(&self, at: u32, facts: &Facts<'_>) -> bool {
        let entry = &self.entries[at as usize];
        entry.serves[facts.meta.service.index()] && entry.program.holds(facts)
    }
}

impl Entry {
    /// Whether a rule that was found applies.
    #[inline]
    fn applies(&self, service: usize, facts: &Facts<'_>) -> bool {
        self.serves[service]
            && if self.keyed { self.program.rest_holds(facts) } else { self.program.holds(facts) }
    }
}

impl FactIndex {
    fn new(fact: Fact, keys: &[(Key<'_>, u32)]) -> Self {
        let flag = |wanted: bool| {
            let is = |key: &Key<'_>| *key == Key::Flag(wanted);
            keys.iter().filter(|(key, _)| is(key)).map(|(_, rule)| *rule).collect()
        };
        let texts = keys.iter().filter(|(key, _)| matches!(key, Key::Exact(_) | Key::Glob(_)));
        let members = keys.iter().filter_map(|(key, rule)| match key {
            Key::Has(text) => Some((Key::Exact(text), *rule)),
            _ => None,
        });
        Self {
            fact,
            texts: GlobIndex::new(texts.copied()),
            members: GlobIndex::new(members),
            flags: [flag(false), flag(true)],
        }
    }

    #[inline]
    fn find(&self, facts: &Facts<'_>, found: &mut Found) {
        if !self.texts.is_empty() {
            facts.folded(&self.fact, |text| self.texts.find(text, found));
        }
        if !self.members.is_empty() {
            facts.list(&self.fact).iter().copied().flatten().for_each(|text| self.members.find(text, found));
        }
        if !(self.flags[0].is_empty() && self.flags[1].is_empty())
            && let Some(flag) = facts.flag(&self.fact)
        {
            found.extend_from_slice(&self.flags[usize::from(flag)]);
        }
    }
}
