//! Ranking: the order of a rule's candidates at the moment of a call.
//!
//! The targets of a rule keep the order that its author gave them. Within a group, whose members are as good as each other, the
//! order follows from the call and the moment: standing first, then the terms of the group or those that the call asks for.
//! Who is near the best in every term is tied with it, and of the tied the group's balancer chooses, so that small differences
//! do not send every call to one member.
//!
//! Ranking prefers and never excludes: a call from one region still goes to another where nobody else is left. What must stay in a
//! region needs a rule with a condition. As any member may answer in any case, a cached answer is not told apart by what ranking
//! reads of a call.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::compiled::{Compiled, Member, Members, Target};
use super::table::{Boards, Candidate, Candidates, Standing, Table};
use crate::context::{CallContext, Performance};
use crate::engine::balance::{Choice, LoadCell};
use crate::op::OpMeta;

/// What the members of a group can be ranked by.
///
/// ```
/// use mosaic_core::engine::route::{Group, Term};
///
/// let group = Group::new("eu", ["forge-a", "forge-b"]).rank([Term::Region, Term::Cost]);
/// assert_eq!("latency".parse(), Ok(Term::Latency));
/// assert_eq!(Term::Load.to_string(), "load");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Term {
    /// Those in the region of the call first, then those whose region is unknown. A call without a region prefers none.
    Region,
    /// The cheapest first: the units of the operation times the price.
    Cost,
    /// The least expected wait first: latency times the calls that would be in flight. Up to a quarter more is as good.
    Latency,
    /// The least share of its concurrency limit in use first; one without a limit counts as if it had one of 256. Up to a
    /// quarter more is as good.
    Load,
}

impl Term {
    /// Every term.
    pub const ALL: [Self; 4] = [Self::Region, Self::Cost, Self::Latency, Self::Load];

    /// How many times the best is as good as the best.
    fn tolerance(self) -> f64 {
        match self {
            Self::Region | Self::Cost => 1.0,
            Self::Latency | Self::Load => 1.25,
        }
    }
}

/// A text that names no term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing to rank by: use region, cost, latency or load")]
pub struct UnknownTerm(String);

impl FromStr for Term {
    type Err = UnknownTerm;
    fn from_str(text: &str) -> Result<Self, UnknownTerm> {
        let known = Self::ALL.into_iter().find(|term| term.to_string() == text);
        known.ok_or_else(|| UnknownTerm(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Region => "region",
            Self::Cost => "cost",
            Self::Latency => "latency",
            Self::Load => "load",
        })
    }
}

/// The calls at once that a provider without a limit is taken to bear.
const UNLIMITED: f64 = 256.0;

/// The region that a call is from.
pub(super) fn region(cx: &CallContext) -> Option<&str> {
    cx.get("region").or_else(|| cx.get("user.region"))
}

/// The moment that a ranking is for.
pub(super) struct Scene<'a, B> {
    pub(super) meta: &'a OpMeta,
    pub(super) cx: &'a CallContext,
    pub(super) boards: &'a B,
    pub(super) now: Instant,
}

impl<B: Boards> Scene<'_, B> {
    /// How a member does in a term: the less the better, and nothing is below 0.
    pub(super) fn score(&self, term: Term, member: &Member, load: &LoadCell) -> f64 {
        match term {
            Term::Region => match (region(self.cx), &member.region) {
                (None, _) => 0.0,
                (Some(wanted), Some(region)) if region.is(wanted) => 0.0,
                (Some(_), None) => 1.0,
                (Some(_), Some(_)) => 2.0,
            },
            Term::Cost => member.cost.of(self.meta.cost).as_micros() as f64,
            Term::Latency => load.cost(self.now),
            Term::Load => {
                f64::from(load.in_flight() + 1)
                    / member.concurrency.map_or(UNLIMITED, |limit| f64::from(limit.max(1)))
            }
        }
    }

    /// When a provider is tried, before anything else is looked at.
    #[inline]
    pub(super) fn turn(&self, member: &Member, position: u16) -> (bool, Standing) {
        let standing = self.boards.standing(usize::from(position), self.meta.service, self.now);
        (member.weight == 0, standing)
    }
}

/// A member of a group on its way to its rank.
#[derive(Clone, Copy)]
pub(super) struct Runner {
    pub(super) position: u16,
    place: u16,
    turn: (bool, Standing),
    score: f64,
}

pub(super) type Runners = SmallVec<[Runner; 8]>;

impl Members {
    /// What the group is ranked by for a call, beside the standing of its members.
    pub(super) fn terms(&self, cx: &CallContext) -> &[Term] {
        use Performance::{BestEffort, HighThroughput, LowLatency};
        if !self.rank.is_empty() {
            return &self.rank;
        }
        match (self.regional && region(cx).is_some(), cx.performance_need()) {
            (false, None) => &[],
            (true, None) => &[Term::Region],
            (false, Some(LowLatency)) => &[Term::Latency],
            (true, Some(LowLatency)) => &[Term::Region, Term::Latency],
            (false, Some(HighThroughput)) => &[Term::Load],
            (true, Some(HighThroughput)) => &[Term::Region, Term::Load],
            (false, Some(BestEffort)) => &[Term::Cost],
            (true, Some(BestEffort)) => &[Term::Region, Term::Cost],
        }
    }
}

impl Table {
    /// The providers of a rule that offer the operation: those in good standing first, else the targets in the rule's own order
    /// and the members of a group by rank.
    #[inline]
    pub(super) fn candidates<B: Boards>(&self, rule: &Compiled, scene: &Scene<'_, B>) -> Candidates {
        let mut candidates = Candidates::new();
        for (number, target) in rule.targets.iter().enumerate() {
            let mut add = |position: u16| {
                if !candidates.iter().any(|known| known.position == position) {
                    candidates.push(Candidate { position, target: number as u16 });
                }
            };
            match target {
                Target::Provider(at) if self.member(*at).operations.has(scene.meta) => add(*at),
                Target::Provider(_) => {}
                Target::Group(group) => self.balanced(&self.groups[usize::from(*group)], scene, add),
            }
        }
        // The members of one group stand in this order already, and nearly always so do the targets of a rule.
        let turn = |one: &Candidate| scene.turn(self.member(one.position), one.position);
        if rule.targets.len() > 1 && !candidates.is_sorted_by_key(turn) {
            candidates.sort_by_key(turn);
        }
        candidates
    }

    /// The members of a group that offer the operation, by rank, and the tied as the balancer says.
    fn balanced<B: Boards>(&self, group: &Members, scene: &Scene<'_, B>, mut add: impl FnMut(u16)) {
        let (runners, tied) = self.ranked(group, scene);
        if tied > 1 {
            let choices: SmallVec<[Choice<'_>; 8]> = runners[..tied]
                .iter()
                .map(|runner| Choice::new(runner.place, scene.boards.load(usize::from(runner.position))))
                .collect();
            for at in group.balancer.order(&choices, scene.now) {
                add(runners[usize::from(at)].position);
            }
        } else {
            runners[..tied].iter().for_each(|runner| add(runner.position));
        }
        runners[tied..].iter().for_each(|runner| add(runner.position));
    }

    /// The members of a group that offer the operation, by rank, and how many of them are tied in front.
    #[inline]
    pub(super) fn ranked<B: Boards>(&self, group: &Members, scene: &Scene<'_, B>) -> (Runners, usize) {
        let mut runners = Runners::new();
        for (position, place) in group.positions.iter().copied().zip(0u16..) {
            let member = self.member(position);
            if member.operations.has(scene.meta) {
                runners.push(Runner { position, place, turn: scene.turn(member, position), score: 0.0 });
            }
        }
        let (terms, mut tied, mut at) = (group.terms(scene.cx), 0, 0);
        if !runners.is_sorted_by_key(|runner| runner.turn) {
            runners.sort_by_key(|runner| runner.turn);
        }
        let score = |term, runner: &Runner| {
            let load = scene.boards.load(usize::from(runner.position));
            scene.score(term, self.member(runner.position), load)
        };
        while at < runners.len() {
            let equals = runners[at..].iter().take_while(|runner| runner.turn == runners[at].turn).count();
            let front = refine(&mut runners[at..at + equals], terms, &score);
            if at == 0 {
                tied = front;
            }
            at += equals;
        }
        (runners, tied)
    }
}

/// Sorts by the first term, then those near to each other by the next. Gives how many are tied in front.
fn refine(run: &mut [Runner], terms: &[Term], score: &impl Fn(Term, &Runner) -> f64) -> usize {
    let Some((term, rest)) = terms.split_first() else { return run.len() };
    if run.len() < 2 {
        return run.len();
    }
    // Once: others change the gauges meanwhile.
    run.iter_mut().for_each(|runner| runner.score = score(*term, runner));
    run.sort_by(|one, other| one.score.total_cmp(&other.score));
    let (mut front, mut at) = (0, 0);
    while at < run.len() {
        // Near is measured from the best of those that are left, so that it never adds up along a row of small steps.
        let near = run[at].score * term.tolerance();
        let end = at + run[at..].iter().take_while(|runner| runner.score <= near).count().max(1);
        let tied = refine(&mut run[at..end], rest, score);
        if at == 0 {
            front = tied;
        }
        at = end;
    }
    front
}

#[cfg(test)]
#[path = "rank_tests.rs"]
mod tests;
