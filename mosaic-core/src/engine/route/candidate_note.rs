//! Why a candidate stands where it stands: its standing, and what it was ranked by.

use std::fmt;

use serde::Serialize;
use tokio::time::Instant;

use super::compiled::{Compiled, Member, Target};
use super::rank::{Scene, Term, region};
use super::table::{Boards, Standing, Table};
use crate::engine::balance::LoadCell;
use crate::types::{Price, ProviderId, Region};

/// A provider that the deciding rule names, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CandidateNote {
    /// The provider.
    pub provider: ProviderId,
    /// When it is tried: 1 is first; none where it is not.
    pub rank: Option<u32>,
    /// Why it stands there.
    pub reason: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// Its share in balancing; 0 where it is drained.
    pub weight: u32,
    /// Where it stands.
    pub region: Option<Region>,
    /// What the operation costs there.
    pub cost: Price,
    /// Its calls in flight.
    pub in_flight: u32,
    /// The calls at once that it is asked for at most.
    pub concurrency: Option<u32>,
    /// Its latency as it counts now, in milliseconds.
    pub latency_ms: f64,
    /// What it was ranked by in its group, in the order in which the terms count.
    pub terms: Vec<TermNote>,
}

/// How a member of a group does in one term.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TermNote {
    /// The term.
    pub term: Term,
    /// The figure that was compared: the less the better. A region is 0 where it is the wanted one, 1 where it is unknown, else 2;
    /// a cost is in millionths; a latency in nanoseconds; a load is a share.
    pub score: f64,
    /// The same for people.
    pub detail: String,
}

/// A group of the deciding rule, and how its order came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupNote {
    /// The group.
    pub group: String,
    /// What its members were ranked by, after their standing.
    pub terms: Vec<Term>,
    /// The members that are as good as the best, of which the balancer chose.
    pub tied: Vec<ProviderId>,
    /// How the balancer chooses.
    pub balance: &'static str,
}

impl Table {
    /// The candidates of a rule as they are now, and its groups.
    pub(super) fn notes<B: Boards>(
        &self,
        rule: &Compiled,
        scene: &Scene<'_, B>,
    ) -> (Vec<CandidateNote>, Vec<GroupNote>) {
        let order = self.candidates(rule, scene);
        let ranks = order.iter().zip(1u32..).map(|(one, rank)| (one.position, Some(rank)));
        let mut candidates: Vec<_> = ranks.map(|(at, rank)| self.candidate(rule, at, rank, scene)).collect();
        let left = self.named(rule).into_iter().filter(|at| !order.iter().any(|one| one.position == *at));
        candidates.extend(left.map(|at| self.candidate(rule, at, None, scene)));

        let mut groups = Vec::new();
        for target in &rule.targets {
            let Target::Group(at) = target else { continue };
            let group = &self.groups[usize::from(*at)];
            let (runners, tied) = self.ranked(group, scene);
            groups.push(GroupNote {
                group: group.name.to_string(),
                terms: group.terms(scene.cx).to_vec(),
                tied: runners[..tied].iter().map(|one| self.member(one.position).id.clone()).collect(),
                balance: group.balancer.name(),
            });
        }
        (candidates, groups)
    }

    fn candidate<B: Boards>(
        &self,
        rule: &Compiled,
        at: u16,
        rank: Option<u32>,
        scene: &Scene<'_, B>,
    ) -> CandidateNote {
        let (member, load) = (self.member(at), scene.boards.load(usize::from(at)));
        let (drained, standing) = scene.turn(member, at);
        let group = rule.targets.iter().find_map(|target| match target {
            Target::Group(group) => {
                let group = &self.groups[usize::from(*group)];
                group.positions.contains(&at).then_some(group)
            }
            Target::Provider(_) => None,
        });
        let terms = group.map_or(&[][..], |group| group.terms(scene.cx));
        CandidateNote {
            provider: member.id.clone(),
            rank,
            reason: reason(rank, drained, standing),
            standing,
            weight: member.weight,
            region: member.region,
            cost: member.cost.of(scene.meta.cost),
            in_flight: load.in_flight(),
            concurrency: member.concurrency,
            latency_ms: millis(load, scene.now),
            terms: terms.iter().map(|term| scene.note(*term, member, load)).collect(),
        }
    }
}

impl<B: Boards> Scene<'_, B> {
    fn note(&self, term: Term, member: &Member, load: &LoadCell) -> TermNote {
        let calls = load.in_flight() + 1;
        let detail = match (term, &member.region) {
            (Term::Region, None) => "unknown".into(),
            (Term::Region, Some(own)) => match region(self.cx) {
                Some(wanted) if !own.is(wanted) => format!("{own}, not {wanted}"),
                _ => own.to_string(),
            },
            (Term::Cost, _) => member.cost.of(self.meta.cost).to_string(),
            (Term::Latency, _) => format!("{:.1} ms for {calls} in flight", millis(load, self.now)),
            (Term::Load, _) => match member.concurrency {
                Some(limit) => format!("{calls} of {limit} in flight"),
                None => format!("{calls} in flight, no limit"),
            },
        };
        TermNote { term, score: self.score(term, member, load), detail }
    }
}

fn millis(load: &LoadCell, now: Instant) -> f64 {
    load.latency(now).as_secs_f64() * 1000.0
}

impl CandidateNote {
    /// As it stands for a call that only this provider may answer.
    pub(super) fn narrow(&mut self, only: &ProviderId) {
        self.rank = match self.rank {
            Some(_) if self.provider == *only => Some(1),
            Some(_) => {
                self.reason = "not tried: the call is pinned to another provider";
                None
            }
            None => None,
        };
    }
}

fn reason(rank: Option<u32>, drained: bool, standing: Standing) -> &'static str {
    match (rank, standing) {
        (None, _) => "does not offer the operation",
        (Some(_), _) if drained => "drained: after all others",
        (Some(_), Standing::Down) => "no instance of it answers: after all that take calls",
        (Some(_), Standing::Rejecting) => "its breaker is open: after those that take calls",
        (Some(_), Standing::Unhealthy) => "its health check fails: after the healthy ones",
        (Some(_), Standing::Degraded) => "its health is degraded: after the healthy ones",
        (Some(1), Standing::Good) => "tried first",
        (Some(_), Standing::Good) => "tried if those before it fail and the call may move",
    }
}

impl fmt::Display for CandidateNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rank {
            Some(rank) => write!(f, "{rank}. {}", self.provider)?,
            None => write!(f, "-  {}", self.provider)?,
        }
        write!(
            f,
            ": {} ({:?}, {} in flight, {:.1} ms)",
            self.reason, self.standing, self.in_flight, self.latency_ms
        )?;
        for (at, note) in self.terms.iter().enumerate() {
            write!(f, "{} {}: {}", if at == 0 { " by" } else { ";" }, note.term, note.detail)?;
        }
        Ok(())
    }
}

impl fmt::Display for GroupNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group {}: by standing", self.group)?;
        self.terms.iter().try_for_each(|term| write!(f, ", {term}"))?;
        match self.tied.as_slice() {
            [] | [_] => Ok(()),
            tied => write!(f, "; of {} tied by {}", tied.len(), self.balance),
        }
    }
}
