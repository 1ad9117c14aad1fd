//! The compiled rules, and their evaluation for one call.

use serde::Serialize;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::compile::{Plan, compile};
use super::compiled::{Compiled, Member, Members, Target};
use super::fact::{Fact, Facts};
use super::fault::{RoutingFault, as_error};
use super::rank::Scene;
use super::rule::Routing;
use super::rule_index::RuleIndex;
use crate::context::CallContext;
use crate::engine::balance::LoadCell;
use crate::error::{Error, ErrorKind, Result};
use crate::op::{OpMeta, OpSet};
use crate::types::{ServiceKind, Subject};

/// How a provider stands at the moment, as far as routing cares. The order is the order of preference.
///
/// ```
/// use mosaic_core::engine::route::Standing;
///
/// assert!(Standing::Good < Standing::Degraded && Standing::Degraded < Standing::Rejecting);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing speaks against it.
    Good,
    /// Its health check says that it works, but not as it should.
    Degraded,
    /// Its health check says that it does not work.
    Unhealthy,
    /// Its breaker rejects calls.
    Rejecting,
    /// No instance of it answers.
    Down,
}

/// What routing reads about providers while it decides: atomics that others write.
pub trait Boards {
    /// How the provider at this position stands, for a service.
    fn standing(&self, provider: usize, service: ServiceKind, now: Instant) -> Standing;
    /// The load of the provider at this position.
    fn load(&self, provider: usize) -> &LoadCell;
}

/// A provider that may answer a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its position among the providers.
    pub position: u16,
    /// Which of the rule's targets it belongs to: 0 for the first, and so for every member of a group that is the first.
    /// Who stands in for another target has a higher one.
    pub target: u16,
}

/// Providers in the order in which they are tried.
pub type Candidates = SmallVec<[Candidate; 8]>;

/// The decision for one call.
#[derive(Debug, Clone)]
pub struct Route {
    /// The providers that may answer, the first to be tried first. Never empty.
    pub candidates: Candidates,
}

/// All rules, ready to be evaluated.
pub struct Table {
    pub(super) members: Box<[Member]>,
    pub(super) groups: Vec<Members>,
    pub(super) rules: Box<[Compiled]>,
    pub(super) defaults: [Option<Compiled>; ServiceKind::ALL.len()],
    pub(super) index: RuleIndex,
    attributes: Box<[Box<str>]>,
    reads_user: bool,
}

impl Table {
    /// Compiles rules for these providers.
    ///
    /// # Errors
    /// `Config`, with every fault at once.
    pub fn compile(routing: &Routing, members: Vec<Member>, seed: u64) -> Result<Self> {
        Self::build(routing, members, seed).map_err(|faults| as_error(&faults))
    }

    /// Compiles rules for these providers; for those who show faults in their own way.
    ///
    /// # Errors
    /// Every fault at once; never empty.
    pub fn build(routing: &Routing, members: Vec<Member>, seed: u64) -> Result<Self, Vec<RoutingFault>> {
        let Plan { groups, rules, defaults } = compile(routing, &members, seed)?;
        let (mut attributes, mut reads_user) = (Vec::<Box<str>>::new(), false);
        let clauses = rules.iter().flat_map(|rule| rule.clauses.iter());
        clauses.for_each(|clause| {
            clause.formula.tests(&mut |test| {
                test.reads().for_each(|fact| match fact {
                    Fact::Attribute(name) => attributes.push((**name).into()),
                    // Where the parameters do not say it, an attribute does.
                    Fact::Private => attributes.push("private".into()),
                    Fact::User => reads_user = true,
                    // The tenant and the operation are part of every key, and all else follows from the parameters.
                    Fact::Tenant | Fact::Service | Fact::Operation | Fact::Effect => {}
                    Fact::Org | Fact::Repo | Fact::FullRepo | Fact::Path => {}
                });
            });
        });
        attributes.sort_unstable();
        attributes.dedup();
        Ok(Self {
            index: RuleIndex::new(&rules),
            attributes: attributes.into(),
            reads_user,
            members: members.into(),
            groups,
            rules: rules.into(),
            defaults,
        })
    }

    /// The attributes of a call that rules look at: they are part of what a cached answer is known by.
    pub fn attributes(&self) -> &[Box<str>] {
        &self.attributes
    }

    /// Whether rules look at the name of the caller.
    pub fn reads_user(&self) -> bool {
        self.reads_user
    }

    /// Whether calls of a service have a way at all.
    pub(crate) fn leads(&self, service: ServiceKind) -> bool {
        self.defaults[service.index()].is_some() || self.rules.iter().any(|rule| rule.serves[service.index()])
    }

    /// The provider at a position.
    #[inline]
    pub fn member(&self, position: u16) -> &Member {
        &self.members[position as usize]
    }

    /// Decides for one call.
    ///
    /// # Errors
    /// `NoRoute` where no rule matches and there is no default, and `Unsupported` where no provider of the rule offers the
    /// operation.
    #[inline]
    pub fn route(
        &self,
        meta: &OpMeta,
        subject: Subject<'_>,
        cx: &CallContext,
        boards: &impl Boards,
        now: Instant,
    ) -> Result<Route> {
        let winner = self.index.first(&Facts { meta, subject, cx });
        let rule = self.winner(winner, meta.service).ok_or_else(|| self.no_route(meta, subject))?;
        let candidates = self.candidates(rule, &Scene { meta, cx, boards, now });
        if candidates.is_empty() {
            return Err(self.unsupported(rule, meta));
        }
        Ok(Route { candidates })
    }

    pub(super) fn winner(&self, winner: Option<u32>, service: ServiceKind) -> Option<&Compiled> {
        match winner {
            Some(at) => Some(&self.rules[at as usize]),
            None => self.defaults[service.index()].as_ref(),
        }
    }

    /// The names of a rule's targets, in its own order.
    pub(super) fn target_names(&self, rule: &Compiled) -> Vec<String> {
        let name = |target: &Target| match target {
            Target::Provider(at) => self.members[*at as usize].id.to_string(),
            Target::Group(at) => {
                let Members { name, balancer, .. } = &self.groups[*at as usize];
                format!("{name} ({})", balancer.name())
            }
        };
        rule.targets.iter().map(name).collect()
    }

    /// Every provider that a rule names, whether it offers an operation or not.
    pub(super) fn named(&self, rule: &Compiled) -> Vec<u16> {
        let mut named = Vec::new();
        for target in &rule.targets {
            match target {
                Target::Provider(at) => named.push(*at),
                Target::Group(at) => named.extend(&self.groups[*at as usize].positions),
            }
        }
        named
    }

    #[cold]
    fn no_route(&self, meta: &OpMeta, subject: Subject<'_>) -> Error {
        let offered = self
            .members
            .iter()
            .fold(OpSet::EMPTY, |set, member| if member.operations.has(meta) { set.with(meta) } else { set });
        let message = if offered.is_empty() {
            format!("no provider offers {}; add one that does", meta.name)
        } else {
            format!("no rule matches {subject} and {} has no default; add a rule or a default", meta.service)
        };
        Error::new(ErrorKind::NoRoute, message).operation(meta.name)
    }

    #[cold]
    fn unsupported(&self, rule: &Compiled, meta: &OpMeta) -> Error {
        let names = self.target_names(rule).join(", ");
        let message = format!("the rule {:?} allows {names} only, and none of them offers it", &*rule.label);
        Error::new(ErrorKind::Unsupported, message).operation(meta.name)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("members", &self.members).field("rules", &self.rules.len()).finish()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
