//! From rules as people write them to a table: every fault at once, with what to do.

use std::collections::HashMap;

use super::attribute::AttributeSchema;
use super::clause::Clauses;
use super::compiled::{Compiled, Member, Members, Target};
use super::fault::{FaultKind, Part, Place, RoutingFault};
use super::rule::{Routing, Rule};
use super::selector::Selectors;
use crate::types::ServiceKind;
use crate::types::nearest::nearest;

pub(super) struct Plan {
    pub(super) groups: Vec<Members>,
    /// In the order in which they win.
    pub(super) rules: Vec<Compiled>,
    pub(super) defaults: [Option<Compiled>; ServiceKind::ALL.len()],
}

struct Names<'a> {
    providers: HashMap<&'a str, u16>,
    groups: HashMap<&'a str, u16>,
    schema: AttributeSchema,
    selectors: Selectors,
}

/// The attributes that the application declares beside the well-known ones.
fn declare(routing: &Routing, faults: &mut Vec<RoutingFault>) -> AttributeSchema {
    let mut schema = AttributeSchema::default();
    for (number, (name, kind)) in routing.attributes.iter().enumerate() {
        if let Err(message) = schema.declare(name, *kind) {
            let kind = if schema.kind(name).is_some() { FaultKind::Duplicate } else { FaultKind::Malformed };
            let shown: String = name.chars().take(80).collect();
            let fault =
                RoutingFault::new(Place::Attribute(number), kind, format!("attribute {shown:?}"), message);
            faults.push(fault.at(Part::Name));
        }
    }
    schema
}

pub(super) fn compile(routing: &Routing, members: &[Member], seed: u64) -> Result<Plan, Vec<RoutingFault>> {
    let mut faults = Vec::new();
    let schema = declare(routing, &mut faults);
    let selectors = Selectors::new(&routing.selectors, &schema, &mut faults);
    let mut names = Names { providers: HashMap::new(), groups: HashMap::new(), schema, selectors };
    names.providers.extend(members.iter().zip(0u16..).map(|(member, at)| (member.id.as_str(), at)));

    let mut groups = Vec::new();
    for (number, group) in routing.groups.iter().enumerate() {
        let name = group.name.as_str();
        let fault = |part, kind, message: String| {
            RoutingFault::new(Place::Group(number), kind, format!("group {name:?}"), message).at(part)
        };
        if names.providers.contains_key(name) || names.groups.insert(name, groups.len() as u16).is_some() {
            faults.push(fault(Part::Name, FaultKind::Duplicate, "the name is taken already".into()));
        }
        if group.members.is_empty() {
            faults.push(fault(Part::Whole, FaultKind::Missing, "it has no members".into()));
        }
        let mut positions = Vec::new();
        for (at, member) in group.members.iter().enumerate() {
            let part = Part::Member(at);
            match names.providers.get(member.as_str()) {
                Some(at) if positions.contains(at) => {
                    faults.push(fault(part, FaultKind::Duplicate, format!("{member:?} is in it twice")));
                }
                Some(at) => positions.push(*at),
                None => {
                    let message = format!("there is no provider {member:?}; {}", names.known());
                    let nearest = nearest(member, names.providers.keys().copied());
                    faults.push(fault(part, FaultKind::Unknown, message).suggest(nearest));
                }
            }
        }
        let of = |at: &u16| &members[usize::from(*at)];
        let weights: Vec<_> = positions.iter().map(|at| of(at).weight).collect();
        groups.push(Members {
            name: name.into(),
            rank: group.rank.as_slice().into(),
            regional: positions.iter().any(|at| of(at).region.is_some()),
            balancer: group.balance.balancer(seed ^ groups.len() as u64, &weights),
            positions,
        });
    }

    let mut rules = Vec::new();
    for (number, rule) in routing.rules.iter().enumerate() {
        rules.extend(names.rule(Place::Rule(number), rule, &groups, members, &mut faults));
    }
    // Stable: of equal priorities the first written wins.
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));

    let mut defaults = [const { None }; ServiceKind::ALL.len()];
    for (number, rule) in routing.defaults.iter().enumerate() {
        let fault = |kind, message: String| {
            let label = format!("default {:?}", rule.label());
            RoutingFault::new(Place::Default(number), kind, label, message)
        };
        if !rule.is_any() {
            faults.push(fault(FaultKind::Misplaced, "a default takes no pattern and no condition".into()));
        }
        let Some(compiled) = names.rule(Place::Default(number), rule, &groups, members, &mut faults) else {
            continue;
        };
        for service in ServiceKind::ALL.into_iter().filter(|service| compiled.serves[service.index()]) {
            if defaults[service.index()].replace(compiled.clone()).is_some() {
                faults.push(fault(FaultKind::Duplicate, format!("{service} has a default already")));
            }
        }
    }
    for service in ServiceKind::ALL {
        let mut serving = members.iter().zip(0u16..).filter(|(member, _)| member.operations.serves(service));
        if let (Some((member, at)), None) = (serving.next(), serving.next())
            && defaults[service.index()].is_none()
            && !rules.iter().any(|rule: &Compiled| rule.serves[service.index()])
        {
            defaults[service.index()] = Some(Compiled::only(service, at, &member.id));
        }
    }
    if faults.is_empty() { Ok(Plan { groups, rules, defaults }) } else { Err(faults) }
}

impl Names<'_> {
    fn all(&self) -> Vec<&str> {
        let mut all: Vec<_> = self.providers.keys().chain(self.groups.keys()).copied().collect();
        all.sort_unstable();
        all
    }

    fn known(&self) -> String {
        format!("known are {}", self.all().join(", "))
    }

    fn rule(
        &self,
        place: Place,
        rule: &Rule,
        groups: &[Members],
        members: &[Member],
        faults: &mut Vec<RoutingFault>,
    ) -> Option<Compiled> {
        let label = rule.label();
        let before = faults.len();
        let fault = |part, kind, message: String| {
            let of = if matches!(place, Place::Default(_)) { "default" } else { "rule" };
            RoutingFault::new(place, kind, format!("{of} {label:?}"), message).at(part)
        };
        let (clauses, wrong) = Clauses { schema: &self.schema, selectors: &self.selectors }.read(rule);
        faults.extend(wrong.into_iter().map(|wrong| {
            let mut found = fault(wrong.part, wrong.kind, wrong.message);
            (found.span, found.suggestion) = (wrong.span, wrong.suggestion);
            found
        }));
        if rule.to.is_none() {
            let message = "it has no target; say where it goes with .to(..)".into();
            faults.push(fault(Part::Target, FaultKind::Missing, message));
        }
        let mut targets = Vec::new();
        let mut serves = [false; ServiceKind::ALL.len()];
        let named = rule.to.iter().map(|name| (Part::Target, name));
        let named =
            named.chain(rule.fallback.iter().enumerate().map(|(at, name)| (Part::Fallback(at), name)));
        for (part, name) in named {
            let target = match (self.providers.get(name.as_str()), self.groups.get(name.as_str())) {
                (Some(at), _) => Target::Provider(*at),
                (None, Some(at)) => Target::Group(*at),
                (None, None) => {
                    let message = format!("there is no provider or group {name:?}; {}", self.known());
                    faults.push(fault(part, FaultKind::Unknown, message).suggest(nearest(name, self.all())));
                    continue;
                }
            };
            if targets.contains(&target) {
                faults.push(fault(part, FaultKind::Duplicate, format!("{name:?} is named twice")));
                continue;
            }
            let positions = match target {
                Target::Provider(at) => {
                    std::slice::from_ref(&members[at as usize]).iter().collect::<Vec<_>>()
                }
                Target::Group(at) => {
                    groups[at as usize].positions.iter().map(|at| &members[*at as usize]).collect()
                }
            };
            for service in ServiceKind::ALL {
                serves[service.index()] |= positions.iter().any(|member| member.operations.serves(service));
            }
            targets.push(target);
        }
        (faults.len() == before).then(|| Compiled {
            label: label.into(),
            place: Some(place),
            clauses: clauses.into(),
            targets: targets.into(),
            priority: rule.priority,
            serves,
        })
    }
}
