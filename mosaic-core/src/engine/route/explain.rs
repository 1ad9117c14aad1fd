//! Why a call goes where it goes: the decision as data, and as text for people.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::book::PhaseNote;
use super::candidate_note::{CandidateNote, GroupNote};
use super::compiled::Compiled;
use super::fact::Facts;
use super::fault::{Part, Place};
use super::rank::Scene;
use super::table::{Boards, Table};
use crate::context::CallContext;
use crate::op::OpMeta;
use crate::types::{ProviderId, Subject};

/// A rule whose first pattern matched, or that has none, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleNote {
    /// Its patterns and conditions.
    pub rule: Arc<str>,
    /// Which of the rules or defaults it is; none for the default of a service with one provider.
    pub place: Option<Place>,
    /// Its priority.
    pub priority: i32,
    /// Whether it decided.
    pub chosen: bool,
    /// Why it did or did not.
    pub reason: Cow<'static, str>,
    /// What kept it from applying, where something of the call did.
    pub unmet: Option<Unmet>,
}

/// What kept a rule from applying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unmet {
    /// The pattern or condition of the rule.
    pub part: Part,
    /// The comparison in it that does not hold: the first one, where any of several would do.
    pub test: String,
    /// What the call has there; none where that is absent.
    pub found: Option<String>,
    /// Whether the comparison is neither true nor false: something is absent, or is nothing that can be compared so.
    pub unknown: bool,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if matches!(self.part, Part::Pattern(_)) { "pattern" } else { "condition" };
        write!(f, "a {what} does not hold: {}", self.test)?;
        match (&self.found, self.unknown) {
            (None, _) => f.write_str(", and the call has no such"),
            (Some(found), true) => write!(f, ", and {found:?} cannot be compared so"),
            (Some(found), false) => write!(f, ", and the call has {found:?}"),
        }
    }
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
    /// The rules whose first pattern matched and those without one, the deciding rule first.
    pub rules: Vec<RuleNote>,
    /// The only provider that may answer, where the call is pinned to one.
    pub pinned: Option<ProviderId>,
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
        let facts = Facts { meta, subject, cx };
        let winner = self.index.first(&facts);
        let mut rules = Vec::new();
        for (rule, at) in self.rules.iter().zip(0u32..) {
            rules.extend(self.note(rule, at, winner, &facts));
        }
        rules.sort_by_key(|note| !note.chosen);
        let deciding = self.winner(winner, meta.service);
        if let (None, Some(default)) = (winner, deciding) {
            let reason = "no rule applies: the default of the service".into();
            rules.insert(0, default.note(true, reason, None));
        }
        let scene = Scene { meta, cx, boards, now };
        let (mut candidates, groups) = deciding.map(|rule| self.notes(rule, &scene)).unwrap_or_default();
        let pinned = cx.pinned().cloned();
        if let Some(pinned) = &pinned {
            for note in &mut candidates {
                note.narrow(pinned);
            }
            candidates.sort_by_key(|note| note.rank.is_none());
        }
        Explanation {
            operation: meta.name,
            subject: subject.to_string(),
            phase: None,
            rules,
            pinned,
            candidates,
            groups,
        }
    }

    fn note(&self, rule: &Compiled, at: u32, winner: Option<u32>, facts: &Facts<'_>) -> Option<RuleNote> {
        let chosen = Some(at) == winner;
        let unmet = rule.clauses.iter().find_map(|clause| {
            let test = clause.formula.unmet(facts)?;
            // The first pattern says what a rule is about; of other rules there would be too many.
            Some((clause.part, test))
        });
        if matches!(unmet, Some((Part::Pattern(0), _))) {
            return None;
        }
        if chosen {
            return Some(rule.note(true, "matches and comes first".into(), None));
        }
        if !rule.serves[facts.meta.service.index()] {
            return Some(rule.note(false, "its providers serve other services".into(), None));
        }
        Some(match unmet {
            None if self.index.applies(at, facts) => {
                rule.note(false, "matches, but another comes before it".into(), None)
            }
            None => rule.note(false, "its condition holds for no call".into(), None),
            Some((part, test)) => {
                let absent = test.reads().find_map(|fact| facts.shown(fact).is_none().then_some(()));
                let found = match absent {
                    Some(()) => None,
                    None => facts.shown(&test.fact),
                };
                let unmet =
                    Unmet { part, test: test.to_string(), found, unknown: test.truth(facts).is_none() };
                rule.note(false, unmet.to_string().into(), Some(unmet))
            }
        })
    }
}

impl Compiled {
    fn note(&self, chosen: bool, reason: Cow<'static, str>, unmet: Option<Unmet>) -> RuleNote {
        RuleNote {
            rule: Arc::clone(&self.label),
            place: self.place,
            priority: self.priority,
            chosen,
            reason,
            unmet,
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
        if let Some(provider) = &self.pinned {
            writeln!(f, "     the call is pinned to {provider}")?;
        }
        self.groups.iter().try_for_each(|note| writeln!(f, "     {note}"))?;
        self.candidates.iter().try_for_each(|note| writeln!(f, "     {note}"))
    }
}
