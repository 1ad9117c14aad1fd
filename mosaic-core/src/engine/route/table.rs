//! The compiled rules, and their evaluation for one call.

use serde::Serialize;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::compile::{Plan, compile};
use super::compiled::{Compiled, Member, Members, Target};
use super::fault::{RoutingFault, as_error};
use super::index::{Found, GlobIndex};
use super::pattern::{Pattern, Selector, folded};
use super::rank::Scene;
use super::rule::Routing;
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
    members: Box<[Member]>,
    pub(super) groups: Vec<Members>,
    pub(super) rules: Box<[Compiled]>,
    pub(super) defaults: [Option<Compiled>; ServiceKind::ALL.len()],
    org: GlobIndex,
    repo: GlobIndex,
    full_repo: GlobIndex,
    user: GlobIndex,
    path: GlobIndex,
    private: [Found; 2],
    /// Rules without a pattern.
    unconditional: Found,
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
        // A rule is found by its first pattern and then checked in full.
        let by = |selector: Selector, with_slash: Option<bool>| {
            GlobIndex::new(rules.iter().zip(0u32..).filter_map(|(rule, at)| {
                let first = rule.patterns.first()?;
                let fits = first.selector() == selector
                    && with_slash.is_none_or(|slash| first.glob().as_str().contains('/') == slash);
                fits.then_some((first.glob(), at))
            }))
        };
        let private = |wanted: &str| {
            let fits = |rule: &Compiled| {
                rule.patterns.first().is_some_and(|first| {
                    first.selector() == Selector::Private && first.glob().as_str() == wanted
                })
            };
            rules.iter().zip(0u32..).filter(|(rule, _)| fits(rule)).map(|(_, at)| at).collect::<Found>()
        };
        let mut attributes: Vec<Box<str>> =
            rules.iter().flat_map(|rule| rule.conditions.iter().map(|(name, _)| name.clone())).collect();
        let any = |selector| {
            rules.iter().any(|rule| rule.patterns.iter().any(|pattern| pattern.selector() == selector))
        };
        if any(Selector::Private) {
            attributes.push("private".into());
        }
        attributes.sort_unstable();
        attributes.dedup();
        Ok(Self {
            org: by(Selector::Org, None),
            repo: by(Selector::Repo, Some(false)),
            full_repo: by(Selector::Repo, Some(true)),
            user: by(Selector::User, None),
            path: by(Selector::Path, None),
            private: [private("false"), private("true")],
            unconditional: rules
                .iter()
                .zip(0u32..)
                .filter(|(rule, _)| rule.patterns.is_empty())
                .map(|(_, at)| at)
                .collect(),
            attributes: attributes.into(),
            reads_user: any(Selector::User),
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
        let mut found = Found::new();
        self.find(subject, cx, &mut found);
        let winner = found
            .iter()
            .copied()
            .filter(|at| self.applies(&self.rules[*at as usize], meta.service, subject, cx))
            .min();
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

    /// Every rule whose first pattern matches; some may be there twice.
    #[inline]
    pub(super) fn find(&self, subject: Subject<'_>, cx: &CallContext, found: &mut Found) {
        found.extend_from_slice(&self.unconditional);
        if let Some(org) = subject.org {
            folded(org, |org| self.org.find(org, found));
        }
        if let Some(name) = subject.name {
            folded(name, |name| self.repo.find(name, found));
            if !self.full_repo.is_empty() {
                with_full_name(subject, |full| self.full_repo.find(full, found));
            }
        }
        if let Some(path) = subject.path {
            self.path.find(path, found);
        }
        if !self.user.is_empty() && !cx.caller().is_application() {
            folded(cx.caller().name(), |name| self.user.find(name, found));
        }
        if let Some(private) = private(subject, cx) {
            found.extend_from_slice(&self.private[usize::from(private)]);
        }
    }

    /// Whether a rule that was found applies: its service, its other patterns, its conditions.
    #[inline]
    pub(super) fn applies(
        &self,
        rule: &Compiled,
        service: ServiceKind,
        subject: Subject<'_>,
        cx: &CallContext,
    ) -> bool {
        rule.serves[service.index()]
            && rule.patterns.iter().skip(1).all(|pattern| holds(pattern, subject, cx))
            && rule.conditions.iter().all(|(name, value)| cx.get(name) == Some(value))
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

/// Whether the thing is private: as its parameters say, else as the call's attribute says.
fn private(subject: Subject<'_>, cx: &CallContext) -> Option<bool> {
    subject.private.or_else(|| match cx.get("private") {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    })
}

fn with_full_name(subject: Subject<'_>, use_it: impl FnOnce(&str)) {
    let (Some(org), Some(name)) = (subject.org, subject.name) else { return };
    let mut full = SmallVec::<[u8; 128]>::new();
    full.extend_from_slice(org.as_bytes());
    full.push(b'/');
    full.extend_from_slice(name.as_bytes());
    full.make_ascii_lowercase();
    if let Ok(full) = std::str::from_utf8(&full) {
        use_it(full);
    }
}

fn holds(pattern: &Pattern, subject: Subject<'_>, cx: &CallContext) -> bool {
    let glob = pattern.glob();
    match pattern.selector() {
        Selector::Org => subject.org.is_some_and(|org| folded(org, |org| glob.matches(org))),
        Selector::Repo if glob.as_str().contains('/') => {
            let mut matches = false;
            with_full_name(subject, |full| matches = glob.matches(full));
            matches
        }
        Selector::Repo => subject.name.is_some_and(|name| folded(name, |name| glob.matches(name))),
        Selector::User => {
            !cx.caller().is_application() && folded(cx.caller().name(), |name| glob.matches(name))
        }
        Selector::Path => subject.path.is_some_and(|path| glob.matches(path)),
        Selector::Private => private(subject, cx).is_some_and(|private| glob.as_str() == private.to_string()),
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
