//! Findings: what proof says about rules.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::example::Example;
use crate::engine::route::Place;
use crate::engine::route::compiled::Compiled;
use crate::types::ServiceKind;

/// The kinds of finding.
///
/// ```
/// use mosaic_core::engine::route::FindingKind;
///
/// assert_eq!(FindingKind::Shadowed.to_string(), "shadowed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// The rule never decides about a call, and calls go where they would go by it: it holds for no call, or every call that it
    /// matches is decided about by an earlier rule with the same targets.
    Unreachable,
    /// The rule never decides about a call, and some go elsewhere: an earlier rule with other targets always comes before it.
    Shadowed,
    /// The rule and an earlier one of the same priority match the same call and send it to different targets; the one that was
    /// written first decides.
    Conflicting,
    /// Some calls of a service match no rule, and the service has no default.
    MissingDefault,
}

impl FindingKind {
    /// The name used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Shadowed => "shadowed",
            Self::Conflicting => "conflicting",
            Self::MissingDefault => "missing_default",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is certain about rules and probably not meant.
///
/// ```
/// use mosaic_core::engine::route::{FindingKind, Member, Place, Routing, Rule, Table};
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::{ProviderId, ServiceKind};
///
/// let member = Member::new(ProviderId::new("forge-a")?, OpSet::service(ServiceKind::Git));
/// let never = Rule::any().condition("build.size > 10GB && build.size < 5GB").to("forge-a");
/// let routing = Routing::new().rule(never).default_rule(Rule::any().to("forge-a"));
/// let findings = Table::compile(&routing, vec![member], 7)?.prove();
/// assert_eq!((findings[0].kind, findings[0].place), (FindingKind::Unreachable, Some(Place::Rule(0))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The rule; none where it is about a service.
    pub place: Option<Place>,
    /// The rule as people know it.
    pub rule: Option<Arc<str>>,
    /// The service that has no default.
    pub service: Option<ServiceKind>,
    /// The rule that comes before it.
    pub other: Option<Place>,
    /// What is the case and what to do.
    pub message: String,
    /// A call that shows it; none where there is no such call because the rule holds for none.
    pub example: Option<Example>,
}

impl Finding {
    fn of(rule: &Compiled, kind: FindingKind, message: String) -> Self {
        let (place, rule) = (rule.place, Some(Arc::clone(&rule.label)));
        Self { kind, place, rule, service: None, other: None, message, example: None }
    }

    pub(super) fn never(rule: &Compiled) -> Self {
        let message = format!("the rule {:?} holds for no call; correct it or take it out", &*rule.label);
        Self::of(rule, FindingKind::Unreachable, message)
    }

    pub(super) fn covered(rule: &Compiled, by: &Compiled, shadowed: bool, example: Example) -> Self {
        let (label, other) = (&*rule.label, &*by.label);
        let (kind, message) = if shadowed {
            let what = "every call that it matches is decided about before, such as this one";
            let message = format!(
                "the rule {label:?} never decides: {what} by {other:?}; raise its priority or move it up"
            );
            (FindingKind::Shadowed, message)
        } else {
            let message = format!(
                "the rule {label:?} changes nothing: {other:?} decides about all its calls and sends them the same way"
            );
            (FindingKind::Unreachable, message)
        };
        Self { other: by.place, example: Some(example), ..Self::of(rule, kind, message) }
    }

    pub(super) fn conflict(rule: &Compiled, first: &Compiled, example: Example) -> Self {
        let message = format!(
            "the rules {:?} and {:?} have the same priority and match the same calls, such as this one, which goes by the first; \
             give them priorities",
            &*first.label, &*rule.label
        );
        Self {
            other: first.place,
            example: Some(example),
            ..Self::of(rule, FindingKind::Conflicting, message)
        }
    }

    pub(super) fn missing_default(service: ServiceKind, example: Example) -> Self {
        let message = format!("calls of {service} that no rule matches have no provider; add a default");
        Self {
            kind: FindingKind::MissingDefault,
            place: None,
            rule: None,
            service: Some(service),
            other: None,
            message,
            example: Some(example),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)?;
        match &self.example {
            Some(example) => write!(f, " (example: {example})"),
            None => Ok(()),
        }
    }
}
