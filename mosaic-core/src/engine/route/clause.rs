//! The clauses of a rule: each pattern, attribute and condition as one formula that a call must meet.

use std::ops::Range;

use super::attribute::AttributeSchema;
use super::condition::{Condition, ConditionFault, Formula};
use super::fault::{FaultKind, Part};
use super::pattern::Pattern;
use super::rule::Rule;
use super::selector::Selectors;

#[derive(Debug, Clone)]
pub(super) struct Clause {
    pub(super) part: Part,
    pub(super) formula: Formula,
}

/// What is wrong with a clause.
pub(super) struct Wrong {
    pub(super) part: Part,
    pub(super) kind: FaultKind,
    pub(super) message: String,
    pub(super) span: Option<Range<usize>>,
    pub(super) suggestion: Option<String>,
}

/// What clauses are read with.
pub(super) struct Clauses<'a> {
    pub(super) schema: &'a AttributeSchema,
    pub(super) selectors: &'a Selectors,
}

impl Clauses<'_> {
    /// Every clause of a rule that makes sense, and what is wrong with the others.
    pub(super) fn read(&self, rule: &Rule) -> (Vec<Clause>, Vec<Wrong>) {
        let (mut clauses, mut wrong) = (Vec::new(), Vec::new());
        for (at, text) in rule.patterns.iter().enumerate() {
            let part = Part::Pattern(at);
            match self.pattern(text, part) {
                Ok(formula) => clauses.push(Clause { part, formula }),
                Err(fault) => wrong.push(fault),
            }
        }
        let whens = rule.whens.iter().enumerate().map(|(at, (name, value))| {
            let read = Condition::equals(name, value).formula(self.schema);
            // There is no text that a span could be of.
            (Part::When(at), false, read)
        });
        let conditions = rule.conditions.iter().enumerate().map(|(at, text)| {
            let read = text.parse::<Condition>().map_err(|fault| vec![fault]);
            (Part::Condition(at), true, read.and_then(|condition| condition.formula(self.schema)))
        });
        for (part, spans, read) in whens.chain(conditions) {
            match read {
                Ok(formula) => clauses.push(Clause { part, formula }),
                Err(faults) => wrong.extend(faults.into_iter().map(|fault| condition(part, spans, fault))),
            }
        }
        (clauses, wrong)
    }

    fn pattern(&self, text: &str, part: Part) -> Result<Formula, Wrong> {
        let pattern: Pattern = text.parse().map_err(|fault: super::InvalidPattern| {
            let (kind, message, span) = (FaultKind::Malformed, fault.to_string(), Some(fault.span));
            Wrong { part, kind, message, span, suggestion: None }
        })?;
        self.selectors.formula(&pattern).map_err(|(kind, message, suggestion)| {
            let colon = pattern.selector().len();
            let span = if kind == FaultKind::Unknown { 0..colon } else { colon + 1..text.len() };
            Wrong {
                part,
                kind,
                message: format!("pattern {text:?}: {message}"),
                span: Some(span),
                suggestion,
            }
        })
    }
}

fn condition(part: Part, spans: bool, fault: ConditionFault) -> Wrong {
    let ConditionFault { kind, span, message, suggestion, .. } = fault;
    Wrong { part, kind, message, span: spans.then_some(span), suggestion }
}
