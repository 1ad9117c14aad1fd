//! Cases: the alternatives in which a rule applies, each with tests that must all hold and what they leave of every fact.

use super::domain::{Domain, Texts};
use crate::engine::route::compiled::Compiled;
use crate::engine::route::condition::{Formula, Test};
use crate::engine::route::fact::Fact;
use crate::op::{OpMeta, catalogue};
use crate::types::ServiceKind;

/// Rules with more alternatives are looked at in part.
const MOST: usize = 32;

#[derive(Debug, Clone, Default)]
pub(super) struct Case<'a> {
    pub(super) tests: Vec<&'a Test>,
    pub(super) facts: Vec<(&'a Fact, Domain<'a>)>,
    /// Tests of two facts at once.
    pub(super) pairs: Vec<&'a Test>,
}

/// The cases of a rule.
#[derive(Debug, Default)]
pub(super) struct Cases<'a> {
    pub(super) list: Vec<Case<'a>>,
    /// Whether these are all. Each that is there is one in any case.
    pub(super) complete: bool,
}

impl<'a> Cases<'a> {
    pub(super) fn of(rule: &'a Compiled) -> Self {
        let mut cases = Self { list: vec![Case::default()], complete: true };
        for clause in &rule.clauses {
            cases.meet(&clause.formula);
        }
        let serves = |case: &Case<'a>| case.operations(&rule.serves).next().is_some();
        cases.list.retain(serves);
        cases
    }

    fn meet(&mut self, formula: &'a Formula) {
        match formula {
            Formula::Constant(true) => {}
            Formula::Constant(false) => self.list.clear(),
            Formula::Test(test) => self.list.retain_mut(|case| case.add(test)),
            Formula::All(parts) => parts.iter().for_each(|part| self.meet(part)),
            Formula::Any(parts) => {
                let before = std::mem::take(&mut self.list);
                for part in parts {
                    let mut with = Self { list: before.clone(), complete: true };
                    with.meet(part);
                    self.complete &= with.complete;
                    self.list.append(&mut with.list);
                }
                if self.list.len() > MOST {
                    self.list.truncate(MOST);
                    self.complete = false;
                }
            }
        }
    }
}

impl<'a> Case<'a> {
    /// Adds a test. Whether the case may still come about.
    pub(super) fn add(&mut self, test: &'a Test) -> bool {
        self.tests.push(test);
        let Some(all) = Domain::of(&test.check) else {
            self.pairs.push(test);
            return true;
        };
        let at = match self.facts.iter().position(|(fact, _)| **fact == test.fact) {
            Some(at) => at,
            None => {
                self.facts.push((&test.fact, all));
                self.facts.len() - 1
            }
        };
        self.facts[at].1.narrow(&test.check)
    }

    pub(super) fn domain(&self, fact: &Fact) -> Option<&Domain<'a>> {
        self.facts.iter().find(|(known, _)| *known == fact).map(|(_, domain)| domain)
    }

    /// The operations that a call of this case may have, of the services of the rule.
    pub(super) fn operations<'b>(
        &'b self,
        serves: &'b [bool; ServiceKind::ALL.len()],
    ) -> impl Iterator<Item = &'static OpMeta> + use<'a, 'b> {
        let services = ServiceKind::ALL.into_iter().filter(|service| serves[service.index()]);
        let all = services.flat_map(|service| catalogue().service(service)).map(|def| def.meta);
        all.filter(|meta| self.facts.iter().all(|(fact, domain)| self::allows(fact, domain, meta)))
    }

    /// Whether every call of this case meets a test.
    fn implies(&self, test: &Test, serves: &[bool; ServiceKind::ALL.len()]) -> bool {
        if let Fact::Service | Fact::Operation | Fact::Effect = test.fact {
            let mut only = Self::default();
            if !only.add(test) {
                return false;
            }
            return self
                .operations(serves)
                .all(|meta| only.facts.iter().all(|(fact, domain)| allows(fact, domain, meta)));
        }
        match self.domain(&test.fact) {
            Some(domain) if domain.implies(&test.check) => true,
            _ => self.tests.iter().any(|own| **own == *test),
        }
    }

    /// The same case in parts: one for each text that a fact may be, where these are few.
    pub(super) fn parts(&self) -> Vec<Self> {
        let choices = self.facts.iter().enumerate().filter_map(|(at, (_, domain))| match domain {
            Domain::Text(Texts { among: Some(among), .. }) if (2..=MOST).contains(&among.len()) => {
                Some((at, among.clone()))
            }
            _ => None,
        });
        let Some((at, among)) = choices.min_by_key(|(_, among)| among.len()) else {
            return vec![self.clone()];
        };
        let part = |text: &'a str| {
            let mut part = self.clone();
            if let Domain::Text(texts) = &mut part.facts[at].1 {
                texts.among = Some(vec![text]);
            }
            part
        };
        among.into_iter().map(part).collect()
    }

    /// Whether every call of this case, of these services, is one of the other case too.
    pub(super) fn is_within(&self, other: &Case<'_>, serves: &[bool; ServiceKind::ALL.len()]) -> bool {
        other.tests.iter().all(|test| self.implies(test, serves))
    }

    /// The calls of both cases; none where there certainly is no such.
    pub(super) fn both(&self, other: &Case<'a>) -> Option<Self> {
        let apart =
            |(fact, domain): &(&Fact, Domain<'a>)| other.domain(fact).is_some_and(|with| domain.apart(with));
        if self.facts.iter().any(apart) {
            return None;
        }
        let mut both = self.clone();
        other.tests.iter().all(|test| both.add(test)).then_some(both)
    }
}

/// Whether an operation has what a domain leaves of one of its own facts; other facts say nothing about it.
fn allows(fact: &Fact, domain: &Domain<'_>, meta: &OpMeta) -> bool {
    let Domain::Text(texts) = domain else { return true };
    match fact {
        Fact::Service => texts.allows(meta.service.as_str()),
        Fact::Operation => texts.allows(meta.name),
        Fact::Effect => texts.allows(meta.effect.as_str()),
        _ => true,
    }
}
