//! Selectors: what stands before the colon of a pattern, and which fact it picks.

use super::attribute::{AttributeKind, AttributeSchema};
use super::condition::{Check, Condition, Formula, glob};
use super::fact::{Fact, read_flag};
use super::fault::{FaultKind, Part, Place, RoutingFault};
use super::pattern::{Pattern, is_selector};
use crate::types::nearest::nearest;

/// A selector that an application declares, so that patterns can begin with it: `new-repos:*`.
///
/// It picks a fact of the call or an attribute, `repo` unless [`SelectorDef::of`] says another, and only of calls that
/// meet its conditions.
///
/// ```
/// use mosaic_core::engine::route::{AttributeKind, Routing, Rule, SelectorDef};
///
/// let routing = Routing::new()
///     .attribute("repo.age", AttributeKind::Duration)
///     .selector(SelectorDef::new("new-repos").when("repo.age < 30d"))
///     .selector(SelectorDef::new("environment").of("environment"))
///     .rule(Rule::new("new-repos:*").to("forge-b"))
///     .rule(Rule::new("environment:prod-*").to("forge-a"));
/// assert_eq!(routing.rules().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct SelectorDef {
    pub(super) name: String,
    pub(super) of: String,
    pub(super) conditions: Vec<String>,
}

impl SelectorDef {
    /// A selector of repositories, by what stands before the colon: a lower-case letter, then letters, digits and `-`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), of: "repo".into(), conditions: Vec::new() }
    }

    /// The same selector of another fact or attribute: a text or a boolean.
    pub fn of(mut self, fact: impl Into<String>) -> Self {
        self.of = fact.into();
        self
    }

    /// The same selector, of calls that also meet this [`Condition`].
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// What stands before the colon.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A selector that is ready to be used.
struct Selector {
    name: Box<str>,
    fact: Fact,
    kind: AttributeKind,
    conditions: Vec<Formula>,
}

/// All selectors by name.
pub(super) struct Selectors(Vec<Selector>);

/// The selectors that are there always, and the facts of the same name.
const ALWAYS: [&str; 5] = ["org", "repo", "user", "path", "private"];

impl Selectors {
    pub(super) fn new(
        defs: &[SelectorDef],
        schema: &AttributeSchema,
        faults: &mut Vec<RoutingFault>,
    ) -> Self {
        let mut selectors: Vec<_> = ALWAYS
            .iter()
            .filter_map(|name| {
                let (fact, kind) = Fact::find(name, schema)?;
                Some(Selector { name: (*name).into(), fact, kind, conditions: Vec::new() })
            })
            .collect();
        for (number, def) in defs.iter().enumerate() {
            let shown: String = def.name.chars().take(80).collect();
            let fault = |part, kind, message: String| {
                RoutingFault::new(Place::Selector(number), kind, format!("selector {shown:?}"), message)
                    .at(part)
            };
            if !is_selector(&def.name) {
                let message =
                    "its name is a lower-case letter, then letters, digits and `-`, 64 bytes at most".into();
                faults.push(fault(Part::Name, FaultKind::Malformed, message));
                continue;
            }
            if selectors.iter().any(|known| *known.name == *def.name) {
                faults.push(fault(Part::Name, FaultKind::Duplicate, "the name is taken already".into()));
                continue;
            }
            let mut conditions = Vec::new();
            for (at, text) in def.conditions.iter().enumerate() {
                let read = text.parse::<Condition>().map_err(|fault| vec![fault]);
                match read.and_then(|condition| condition.formula(schema)) {
                    Ok(formula) => conditions.push(formula),
                    Err(wrong) => faults.extend(wrong.into_iter().map(|wrong| {
                        let found = fault(Part::Condition(at), wrong.kind, wrong.message);
                        RoutingFault { span: Some(wrong.span), suggestion: wrong.suggestion, ..found }
                    })),
                }
            }
            let (fact, kind) = match Fact::find(&def.of, schema) {
                Some((fact, kind @ (AttributeKind::Text | AttributeKind::Boolean))) => (fact, kind),
                Some((_, kind)) => {
                    let message = format!("{:?} is a {kind}; a pattern looks at a text or a boolean", def.of);
                    faults.push(fault(Part::Source, FaultKind::Mismatch, message));
                    // Patterns that use it are not to be told that there is no such selector.
                    (Fact::Repo, AttributeKind::Text)
                }
                None => {
                    let shown: String = def.of.chars().take(80).collect();
                    let message = format!("there is no attribute {shown:?}");
                    faults.push(
                        fault(Part::Source, FaultKind::Unknown, message).suggest(schema.nearest(&def.of)),
                    );
                    (Fact::Repo, AttributeKind::Text)
                }
            };
            selectors.push(Selector { name: def.name.as_str().into(), fact, kind, conditions });
        }
        Self(selectors)
    }

    /// What a call must meet to match a pattern: the glob first, then the conditions of the selector.
    pub(super) fn formula(&self, pattern: &Pattern) -> Result<Formula, (FaultKind, String, Option<String>)> {
        let Some(selector) = self.0.iter().find(|selector| *selector.name == *pattern.selector()) else {
            let names = || self.0.iter().map(|selector| &*selector.name);
            let message = format!(
                "there is no selector {:?}; known are {}",
                pattern.selector(),
                names().collect::<Vec<_>>().join(", ")
            );
            return Err((FaultKind::Unknown, message, nearest(pattern.selector(), names()).map(Into::into)));
        };
        let own = match (selector.kind, read_flag(pattern.glob())) {
            (AttributeKind::Boolean, Some(wanted)) => {
                Formula::test(selector.fact.clone(), Check::Flag { wanted })
            }
            (AttributeKind::Boolean, None) => {
                return Err((FaultKind::Mismatch, format!("{}: takes true or false", selector.name), None));
            }
            _ => glob(selector.fact.clone(), pattern.glob()),
        };
        Ok(match selector.conditions.as_slice() {
            [] => own,
            more => Formula::All(std::iter::once(own).chain(more.iter().cloned()).collect()),
        })
    }
}
