//! Proof: what can be said about rules without a call, each with a call that shows it.
//!
//! A rule is taken apart into cases, and each case into what it leaves of every fact. From a case a call is made up, and the
//! rules are evaluated for it. If the index finds no earlier rule for this call, none covers the case; if it does, these few are
//! compared with it. So the work grows with the rules, not with their pairs.
//!
//! What is claimed is certain. That nothing is said proves nothing: two globs may meet in ways that are not looked for, and
//! of each rule one conflict is told. That fallbacks lead in a circle cannot be: a rule names its own, and groups have no others.

mod case;
mod domain;
mod example;
mod finding;
mod witness;

pub use example::Example;
pub use finding::{Finding, FindingKind};

use self::case::{Case, Cases};
use self::witness::{strangers, witness};
use super::compiled::{Compiled, Target};
use super::table::Table;
use crate::types::ServiceKind;

/// How many earlier rules are tried for a conflict with one.
const TRIES: usize = 64;

type Services = [bool; ServiceKind::ALL.len()];

struct Prover<'a> {
    table: &'a Table,
    cases: Vec<Cases<'a>>,
}

impl Table {
    /// Looks for rules that can never decide, for those that decide by chance, and for services without a default. In the
    /// order of the rules as they were written.
    pub fn prove(&self) -> Vec<Finding> {
        let prover = Prover { table: self, cases: self.rules.iter().map(Cases::of).collect() };
        let mut findings: Vec<_> = (0..self.rules.len()).filter_map(|at| prover.rule(at)).collect();
        findings.sort_by_key(|finding| finding.place);
        findings.extend(ServiceKind::ALL.into_iter().filter_map(|service| self.missing_default(service)));
        findings
    }

    fn missing_default(&self, service: ServiceKind) -> Option<Finding> {
        let served = self.members.iter().any(|member| member.operations.serves(service));
        if !served || self.defaults[service.index()].is_some() {
            return None;
        }
        let unmatched = |example: &Example| self.index.first(&example.facts(&example.context())).is_none();
        strangers(service).find(unmatched).map(|example| Finding::missing_default(service, example))
    }
}

impl<'a> Prover<'a> {
    fn rule(&self, at: usize) -> Option<Finding> {
        let rule = &self.table.rules[at];
        let Cases { list, complete } = &self.cases[at];
        if list.is_empty() {
            return complete.then(|| Finding::never(rule));
        }
        if *complete && let Some(finding) = self.covered(at, rule, list) {
            return Some(finding);
        }
        list.first().and_then(|case| self.conflict(at, rule, case))
    }

    /// That each case of a rule, for each of its services, is wholly within one of an earlier rule.
    fn covered(&self, at: usize, rule: &'a Compiled, list: &[Case<'a>]) -> Option<Finding> {
        let mut first: Option<(usize, Example)> = None;
        let mut other_targets = None;
        for case in list.iter().flat_map(Case::parts) {
            for service in ServiceKind::ALL.into_iter().filter(|service| rule.serves[service.index()]) {
                let mut only: Services = [false; ServiceKind::ALL.len()];
                only[service.index()] = true;
                if case.operations(&only).next().is_none() {
                    continue;
                }
                let example = witness(&case, &only)?;
                let cx = example.context();
                let found = self.table.index.all(&example.facts(&cx));
                // Were the rule not among them, the witness would be none.
                found.contains(&(at as u32)).then_some(())?;
                let covers = |earlier: &usize| {
                    self.cases[*earlier].list.iter().any(|wider| case.is_within(wider, &only))
                };
                let by =
                    found.iter().map(|found| *found as usize).take_while(|found| *found < at).find(covers)?;
                if self.table.rules[by].targets != rule.targets {
                    other_targets.get_or_insert_with(|| (by, example.clone()));
                }
                first.get_or_insert((by, example));
            }
        }
        let shadowed = other_targets.is_some();
        let (by, example) = other_targets.or(first)?;
        Some(Finding::covered(rule, &self.table.rules[by], shadowed, example))
    }

    /// An earlier rule of the same priority that decides about a call which both match, and sends it elsewhere.
    fn conflict(&self, at: usize, rule: &'a Compiled, case: &Case<'a>) -> Option<Finding> {
        let rivals = |earlier: &usize| {
            let other = &self.table.rules[*earlier];
            other.priority == rule.priority
                && leads_elsewhere(&other.targets, &rule.targets)
                && other.serves.iter().zip(rule.serves).any(|(one, two)| *one && two)
        };
        // Those that match a call of this rule alone need no search.
        if let Some(example) = witness(case, &rule.serves) {
            let found = self.table.index.all(&example.facts(&example.context()));
            if let [first, ..] = found[..]
                && found.contains(&(at as u32))
                && (first as usize) < at
                && rivals(&(first as usize))
            {
                return Some(Finding::conflict(rule, &self.table.rules[first as usize], example));
            }
        }
        let same = self.table.rules[..at]
            .iter()
            .rposition(|other| other.priority != rule.priority)
            .map_or(0, |last| last + 1);
        let near = (same..at).rev().take(TRIES / 2);
        let far = (same..at).take(TRIES / 2).take_while(|earlier| earlier + TRIES / 2 < at);
        near.chain(far).filter(rivals).find_map(|earlier| {
            let other = &self.table.rules[earlier];
            let both = self.cases[earlier].list.first()?.both(case)?;
            let mut serves: Services = rule.serves;
            serves.iter_mut().zip(other.serves).for_each(|(one, two)| *one &= two);
            let example = witness(&both, &serves)?;
            let cx = example.context();
            let facts = example.facts(&cx);
            let decides = self.table.index.first(&facts) == Some(earlier as u32);
            (decides && self.table.index.applies(at as u32, &facts))
                .then(|| Finding::conflict(rule, other, example))
        })
    }
}

fn leads_elsewhere(one: &[Target], other: &[Target]) -> bool {
    one.first() != other.first()
}

#[cfg(test)]
#[path = "prove_tests.rs"]
mod tests;
