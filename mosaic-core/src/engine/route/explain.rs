//! Why a call goes where it goes: the decision as data, and as text for people.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::index::Found;
use super::table::{Boards, Standing, Table};
use crate::context::CallContext;
use crate::engine::balance::LoadCell;
use crate::op::OpMeta;
use crate::types::{ProviderId, Subject};

/// A rule whose pattern matched, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleNote {
    /// Its patterns and conditions.
    pub rule: Arc<str>,
    /// Its priority.
    pub priority: i32,
    /// Whether it decided.
    pub chosen: bool,
    /// Why it did or did not.
    pub reason: &'static str,
}

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
    /// Its calls in flight.
    pub in_flight: u32,
    /// Its latency as it counts now, in milliseconds.
    pub latency_ms: f64,
}

/// Why a call would go where it would go at this moment.
///
/// ```
/// # use mosaic_core::engine::route::Explanation;
/// fn first(explanation: &Explanation) -> Option<String> {
///     explanation.candidates.iter().find(|note| note.rank == Some(1)).map(|note| note.provider.to_string())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The operation.
    pub operation: &'static str,
    /// What it is about.
    pub subject: String,
    /// The rules whose pattern matched, the deciding one first.
    pub rules: Vec<RuleNote>,
    /// The providers of the deciding rule, in the order in which they are tried.
    pub candidates: Vec<CandidateNote>,
}

impl Table {
    /// Explains the decision for a call. Reads what [`Table::route`] reads and changes nothing but the turn of a balancer.
    pub fn explain(
        &self,
        meta: &'static OpMeta,
        subject: Subject<'_>,
        cx: &CallContext,
        boards: &impl Boards,
        now: Instant,
    ) -> Explanation {
        let mut found = Found::new();
        self.find(subject, cx, &mut found);
        found.sort_unstable();
        found.dedup();
        let winner = found
            .iter()
            .copied()
            .find(|at| self.applies(&self.rules[*at as usize], meta.service, subject, cx));
        let mut rules = Vec::with_capacity(found.len() + 1);
        for at in &found {
            let rule = &self.rules[*at as usize];
            let chosen = Some(*at) == winner;
            let reason = if chosen {
                "matches and comes first"
            } else if !rule.serves[meta.service.index()] {
                "its providers serve other services"
            } else if self.applies(rule, meta.service, subject, cx) {
                "matches, but another comes before it"
            } else {
                "a further pattern or condition does not hold"
            };
            rules.push(RuleNote { rule: Arc::clone(&rule.label), priority: rule.priority, chosen, reason });
        }
        rules.sort_by_key(|note| !note.chosen);
        let deciding = self.winner(winner, meta.service);
        if let (None, Some(default)) = (winner, deciding) {
            let reason = "no rule applies: the default of the service";
            rules.insert(
                0,
                RuleNote {
                    rule: Arc::clone(&default.label),
                    priority: default.priority,
                    chosen: true,
                    reason,
                },
            );
        }
        let mut candidates = Vec::new();
        if let Some(rule) = deciding {
            let order = self.candidates(rule, meta, boards, now);
            let note = |at: u16, rank: Option<u32>| {
                let (standing, load) =
                    (boards.standing(at as usize, meta.service, now), boards.load(at as usize));
                CandidateNote {
                    provider: self.member(at).id.clone(),
                    rank,
                    reason: reason(rank, standing),
                    standing,
                    in_flight: load.in_flight(),
                    latency_ms: millis(load, now),
                }
            };
            candidates.extend(order.iter().zip(1u32..).map(|(one, rank)| note(one.position, Some(rank))));
            candidates.extend(
                self.named(rule)
                    .into_iter()
                    .filter(|at| !order.iter().any(|one| one.position == *at))
                    .map(|at| note(at, None)),
            );
        }
        Explanation { operation: meta.name, subject: subject.to_string(), rules, candidates }
    }
}

fn millis(load: &LoadCell, now: Instant) -> f64 {
    load.latency(now).as_secs_f64() * 1000.0
}

fn reason(rank: Option<u32>, standing: Standing) -> &'static str {
    match (rank, standing) {
        (None, _) => "does not offer the operation",
        (Some(_), Standing::Rejecting) => "its breaker is open: after those that take calls",
        (Some(_), Standing::Unhealthy) => "its health check fails: after the healthy ones",
        (Some(_), Standing::Degraded) => "its health is degraded: after the healthy ones",
        (Some(1), Standing::Good) => "tried first",
        (Some(_), Standing::Good) => "tried if those before it fail and the call may move",
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}", self.operation, self.subject)?;
        if self.rules.is_empty() {
            writeln!(f, "  no rule matches and the service has no default: NoRoute")?;
        }
        for note in &self.rules {
            let mark = if note.chosen { "=>" } else { "  " };
            writeln!(f, "  {mark} rule {} (priority {}): {}", note.rule, note.priority, note.reason)?;
        }
        for note in &self.candidates {
            match note.rank {
                Some(rank) => write!(f, "     {rank}. {}", note.provider)?,
                None => write!(f, "     -  {}", note.provider)?,
            }
            writeln!(
                f,
                ": {} ({:?}, {} in flight, {:.1} ms)",
                note.reason, note.standing, note.in_flight, note.latency_ms
            )?;
        }
        Ok(())
    }
}
