//! What is certain about the rules of a file and probably not meant.

use super::Reader;
use crate::config::code::Code;
use crate::config::path;
use crate::config::report::{Found, Severity};
use crate::engine::route::{Finding, FindingKind, Part, Table};

impl Reader<'_> {
    /// Looks for rules that never decide or decide by chance, and for services without a default.
    pub(super) fn prove(&mut self, table: &Table) {
        let errors = self.found.iter().any(|found| found.severity == Severity::Error);
        for finding in table.prove() {
            let certain = match finding.kind {
                FindingKind::Unreachable if finding.other.is_none() => true,
                // The default may be among what could not be read.
                FindingKind::MissingDefault if errors => false,
                // Of providers that are not known here it is not known what they serve.
                _ => self.closed && !self.guessed,
            };
            if certain {
                let found = self.of_finding(&finding);
                self.found.push(found);
            }
        }
    }

    fn of_finding(&self, finding: &Finding) -> Found {
        // An example is made up of what rules say: with variables in them it is not shown.
        let example = finding.example.as_ref().filter(|_| !self.scope.spots.any_replaced());
        let such = example.map(|example| format!(", such as `{example}`,")).unwrap_or_default();
        let other = finding.other.and_then(|place| self.scope.spots.get(place, Part::Whole));
        let other = other.map(|spot| spot.path.as_str());
        let (code, message) = match (finding.kind, other) {
            (FindingKind::Unreachable, None) => {
                (Code::UnreachableRule, "the rule holds for no call; correct it or take it out".to_owned())
            }
            (FindingKind::Unreachable, Some(other)) => (
                Code::UnreachableRule,
                format!(
                    "the rule changes nothing: {other} decides about all its calls{such} and sends them the same way"
                ),
            ),
            (FindingKind::Shadowed, other) => (
                Code::ShadowedRule,
                format!(
                    "the rule never decides: {} comes before it for every call that it matches{such} and sends some elsewhere; \
                     raise its priority or move it up",
                    other.unwrap_or("another")
                ),
            ),
            (FindingKind::Conflicting, other) => (
                Code::ConflictingRules,
                format!(
                    "{} has the same priority, matches some of the same calls{such} and sends them elsewhere; only their order \
                     decides: give them priorities",
                    other.unwrap_or("another rule")
                ),
            ),
            (FindingKind::MissingDefault, _) => {
                let service = finding.service.map_or("a service", |service| service.as_str());
                let message = format!(
                    "calls of {service} that no rule matches{such} have no provider; add a default for {service}"
                );
                (Code::MissingDefault, message)
            }
        };
        let place = finding.place.and_then(|place| self.scope.spots.get(place, Part::Whole));
        match place {
            Some(spot) => Found::warning(code, &*spot.path, spot.span.clone(), message),
            None => {
                let (key, within) = (&self.scope.at, &self.root);
                let entry =
                    ["routing", "phases", "defaults", "plugins"].iter().find_map(|key| within.entry(key));
                let span = entry.map_or(within.span.clone(), |entry| entry.at.clone());
                Found::warning(code, path::key(key, "defaults"), span, message)
            }
        }
    }
}
