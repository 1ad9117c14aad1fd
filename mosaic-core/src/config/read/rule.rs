//! Rules and defaults, and the faults that compiling them finds.

use super::Reader;
use super::place::{Spot, spots};
use crate::config::code::Code;
use crate::config::env;
use crate::config::form::lenient::Lenient;
use crate::config::form::routing::{DefaultForm, DefaultsForm, Names, RuleForm, TargetForm};
use crate::config::node::Node;
use crate::config::path;
use crate::config::report::Found;
use crate::engine::route::{FaultKind, Part, Place, RoutingFault, Rule};

/// Who answers, who stands in, and where that is written.
struct Target {
    name: String,
    spot: Spot,
    fallback: Option<Vec<(String, Spot)>>,
}

impl Reader<'_> {
    pub(super) fn rules(&mut self, forms: Vec<Lenient<RuleForm>>, list: &Node, at: &str) {
        for (position, (form, node)) in forms.into_iter().zip(list.items()).enumerate() {
            let at = path::index(at, position);
            match form.0 {
                Some(form) => self.rule(form, node, &at),
                None => self.lost(node, &at),
            }
        }
    }

    fn rule(&mut self, form: RuleForm, node: &Node, at: &str) {
        let first = node.entries().first().map_or(node.span.clone(), |entry| entry.at.clone());
        let mut fault = |message: &str| {
            self.found.push(Found::error(Code::BadRule, at, first.clone(), message));
        };
        let is_default = form.default.is_some();
        let patterns = form.pattern.as_ref().map(Names::all).unwrap_or_default();
        let conditions = form.condition.as_ref().map(Names::all).unwrap_or_default();
        let narrowed = !patterns.is_empty() || !conditions.is_empty();
        if is_default && narrowed {
            fault("a default takes no pattern and no condition: it is for calls that no rule matches");
            return;
        }
        if is_default && form.priority.is_some() {
            fault("a default takes no priority: it comes after every rule");
        }
        if !is_default && !narrowed {
            fault(
                "say which calls it is for: with `pattern` or `condition`, or `default` for those that no rule matches",
            );
            return;
        }
        let Some(target) = self.target(&form, node, at) else { return };
        let rule = match (is_default, form.priority) {
            (false, Some(priority)) => Rule::any().priority(priority),
            _ => Rule::any(),
        };
        let place = if is_default {
            Place::Default(self.scope.counts.defaults)
        } else {
            Place::Rule(self.scope.counts.rules)
        };
        self.scope.spots.whole(place, Spot::new("", first, at.into()));
        let rule = patterns.iter().fold(rule, |rule, pattern| rule.and(pattern));
        let rule = conditions.iter().fold(rule, |rule, condition| rule.condition(condition));
        for (key, part) in [("pattern", Part::Pattern as fn(usize) -> Part), ("condition", Part::Condition)] {
            let found = node.get(key).map(|node| spots(node, &path::key(at, key)));
            for (position, spot) in found.into_iter().flatten().enumerate() {
                self.scope.spots.put(place, part(position), spot);
            }
        }
        let shown = |part: fn(usize) -> Part| {
            let spots = &self.scope.spots;
            (0..).map_while(move |at| spots.exact(place, part(at))).map(|spot| spot.shown.as_str())
        };
        let label = shown(Part::Pattern).chain(shown(Part::Condition)).collect::<Vec<_>>().join(" && ");
        let label = if is_default { "default".to_owned() } else { label };
        let label = form.priority.map_or(label.clone(), |priority| format!("{label} (priority {priority})"));
        self.add(place, &label, rule, target);
    }

    /// The target of a rule, which for a default may stand below it.
    fn target(&mut self, form: &RuleForm, node: &Node, at: &str) -> Option<Target> {
        let inner = match &form.default {
            Some(DefaultForm::Target(target)) => {
                Some((target, node.get("default")?, path::key(at, "default")))
            }
            _ => None,
        };
        if let (Some(_), Some(entry)) = (&inner, node.entry("provider").or(node.entry("fallback"))) {
            let message = "who answers stands below `default` already";
            self.found.push(Found::error(
                Code::BadRule,
                path::key(at, &entry.key),
                entry.at.clone(),
                message,
            ));
            return None;
        }
        if let Some((target, node, at)) = inner {
            return Some(written(target, node, &at));
        }
        let Some(name) = form.provider.clone() else {
            if node.get("provider").is_none_or(Node::is_null) {
                let place = node.entries().first().map_or(node.span.clone(), |entry| entry.at.clone());
                let message = "say who answers, with `provider`";
                self.found.push(Found::error(Code::MissingKey, path::key(at, "provider"), place, message));
            }
            return None;
        };
        let spot = Spot::of(node.get("provider")?, path::key(at, "provider"));
        Some(Target { name, spot, fallback: stand_ins(form.fallback.as_ref(), node, at) })
    }

    /// Defaults by service; `within` has them, below the path `at`.
    pub(super) fn defaults(&mut self, forms: DefaultsForm, within: &Node, at: &str) {
        let at = path::key(at, "defaults");
        for (service, form) in forms.each() {
            let at = path::key(&at, service.as_str());
            let entry = within.get("defaults").and_then(|defaults| defaults.entry(service.as_str()));
            let Some(entry) = entry else { continue };
            let target = written(&form, &entry.value, &at);
            if self.closed
                && let Some(member) = self.members.iter().find(|member| member.id.as_str() == target.name)
                && !member.operations.serves(service)
            {
                let message = format!("{:?} does not serve {service}", path::cut(&target.spot.shown));
                self.found.push(Found::error(
                    Code::BadRouting,
                    &*target.spot.path,
                    target.spot.span.clone(),
                    message,
                ));
                continue;
            }
            let place = Place::Default(self.scope.counts.defaults);
            self.scope.spots.whole(place, Spot::new("", entry.at.clone(), at));
            self.add(place, &format!("default of {service}"), Rule::any(), target);
        }
    }

    fn add(&mut self, place: Place, label: &str, rule: Rule, target: Target) {
        let fallback = target.fallback.unwrap_or_else(|| {
            let stand_in = |name: String| {
                let spot = Spot { path: target.spot.path.clone(), ..target.spot.clone() };
                (name, spot)
            };
            self.stand_ins_of(&target.name).into_iter().map(stand_in).collect()
        });
        let shown = fallback
            .iter()
            .map(|(name, spot)| if *name == spot.text { &*spot.shown } else { self.show(name) });
        let stand_ins = shown.map(|name| format!(", else {name}")).collect::<String>();
        self.lines.push(format!("{label} -> {}{stand_ins}", target.spot.shown));
        self.scope.spots.put(place, Part::Target, target.spot);
        let rule = rule.to(target.name);
        let rule = rule.fallback(fallback.iter().map(|(name, _)| name));
        for (position, (_, spot)) in fallback.into_iter().enumerate() {
            self.scope.spots.put(place, Part::Fallback(position), spot);
        }
        let routing = std::mem::take(&mut self.scope.routing);
        self.scope.routing = if let Place::Default(_) = place {
            self.scope.counts.defaults += 1;
            routing.default_rule(rule)
        } else {
            self.scope.counts.rules += 1;
            routing.rule(rule)
        };
    }

    /// A fault of the compiled rules, where it stands in the file.
    pub(super) fn of_routing(&self, fault: &RoutingFault) -> Found {
        let spot = self.scope.spots.get(fault.place, fault.part);
        let whole = Spot::new("", self.root.span.clone(), self.at.into());
        let spot = spot.unwrap_or(&whole);
        if fault.kind == FaultKind::Unknown && names_provider(fault.part) {
            return self.unknown(spot);
        }
        let code = match (fault.place, fault.part, fault.kind) {
            (_, Part::Pattern(_), FaultKind::Unknown) => Code::UndeclaredSelector,
            (_, Part::Pattern(_), _) => Code::BadPattern,
            (_, Part::Condition(_), _) => Code::BadCondition,
            (Place::Selector(_), ..) => Code::BadSelector,
            (Place::Attribute(_), ..) => Code::BadAttribute,
            (_, Part::Name, FaultKind::Duplicate) => Code::DuplicateId,
            (_, part, FaultKind::Duplicate) if names_provider(part) => Code::RepeatedProvider,
            (Place::Default(_), _, FaultKind::Duplicate) => Code::DuplicateDefault,
            _ => Code::BadRouting,
        };
        if spot.replaced() {
            // What the engine says may quote it.
            let message = format!("{:?} is not right with its variables replaced", path::cut(&spot.shown));
            return Found::error(code, &*spot.path, spot.span.clone(), message);
        }
        let span = match &fault.span {
            Some(part) => env::inside(self.source.text(), &spot.span, &spot.text, part),
            None => spot.span.clone(),
        };
        let meant = fault.suggestion.as_deref().map(|name| self.show(name));
        Found::error(code, &*spot.path, span, &*fault.message).suggest(meant)
    }
}

fn names_provider(part: Part) -> bool {
    matches!(part, Part::Target | Part::Fallback(_) | Part::Member(_))
}

fn written(form: &TargetForm, node: &Node, at: &str) -> Target {
    match form {
        TargetForm::Name(name) => {
            Target { name: name.clone(), spot: Spot::of(node, at.into()), fallback: None }
        }
        TargetForm::Full(full) => {
            let path = path::key(at, "provider");
            let spot = match node.get("provider") {
                Some(node) => Spot::of(node, path),
                None => Spot::new(&full.provider, node.span.clone(), path),
            };
            Target {
                name: full.provider.clone(),
                spot,
                fallback: stand_ins(full.fallback.as_ref(), node, at),
            }
        }
    }
}

fn stand_ins(names: Option<&Names>, node: &Node, at: &str) -> Option<Vec<(String, Spot)>> {
    let spots = spots(node.get("fallback")?, &path::key(at, "fallback"));
    Some(names?.all().iter().cloned().zip(spots).collect())
}
