//! Why a call goes where it goes: the decision as data, and as text for people.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::book::PhaseNote;
use super::candidate_note::{CandidateNote, GroupNote};
use super::index::Found;
use super::rank::Scene;
use super::table::{Boards, Table};
use crate::context::CallContext;
use crate::op::OpMeta;
use crate::types::Subject;

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
    /// Which phase decides, where there are phases.
    pub phase: Option<PhaseNote>,
    /// The rules whose pattern matched, the deciding one first.
    pub rules: Vec<RuleNote>,
    /// The providers of the deciding rule, in the order in which they are tried.
    pub candidates: Vec<CandidateNote>,
    /// The groups among the targets of the deciding rule.
    pub groups: Vec<GroupNote>,
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
        let scene = Scene { meta, cx, boards, now };
        let (candidates, groups) = deciding.map(|rule| self.notes(rule, &scene)).unwrap_or_default();
        Explanation {
            operation: meta.name,
            subject: subject.to_string(),
            phase: None,
            rules,
            candidates,
            groups,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}", self.operation, self.subject)?;
        if let Some(note) = &self.phase {
            writeln!(f, "  {note}")?;
        }
        if self.rules.is_empty() {
            writeln!(f, "  no rule matches and the service has no default: NoRoute")?;
        }
        for note in &self.rules {
            let mark = if note.chosen { "=>" } else { "  " };
            writeln!(f, "  {mark} rule {} (priority {}): {}", note.rule, note.priority, note.reason)?;
        }
        self.groups.iter().try_for_each(|note| writeln!(f, "     {note}"))?;
        self.candidates.iter().try_for_each(|note| writeln!(f, "     {note}"))
    }
}
