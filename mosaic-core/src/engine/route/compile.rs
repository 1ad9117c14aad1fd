//! From rules as people write them to a table: every fault at once, with what to do.

use std::collections::HashMap;

use super::compiled::{Compiled, Member, Members, Target};
use super::pattern::Pattern;
use super::rule::{Routing, Rule};
use crate::error::{Error, ErrorKind, Result};
use crate::types::ServiceKind;

pub(super) struct Plan {
    pub(super) groups: Vec<Members>,
    /// In the order in which they win.
    pub(super) rules: Vec<Compiled>,
    pub(super) defaults: [Option<Compiled>; ServiceKind::ALL.len()],
}

struct Names<'a> {
    providers: HashMap<&'a str, u16>,
    groups: HashMap<&'a str, u16>,
}

pub(super) fn compile(routing: &Routing, members: &[Member], seed: u64) -> Result<Plan> {
    let mut faults = Vec::new();
    let mut names = Names { providers: HashMap::new(), groups: HashMap::new() };
    names.providers.extend(members.iter().zip(0u16..).map(|(member, at)| (member.id.as_str(), at)));

    let mut groups = Vec::new();
    for group in &routing.groups {
        let name = group.name.as_str();
        if names.providers.contains_key(name) || names.groups.insert(name, groups.len() as u16).is_some() {
            faults.push(format!("group {name:?}: the name is taken already"));
        }
        if group.members.is_empty() {
            faults.push(format!("group {name:?}: it has no members"));
        }
        let mut positions = Vec::new();
        for member in &group.members {
            match names.providers.get(member.as_str()) {
                Some(at) if positions.contains(at) => {
                    faults.push(format!("group {name:?}: {member:?} is in it twice"))
                }
                Some(at) => positions.push(*at),
                None => {
                    faults.push(format!("group {name:?}: there is no provider {member:?}; {}", names.known()))
                }
            }
        }
        let balancer = group.balance.balancer(seed ^ groups.len() as u64);
        groups.push(Members { name: name.into(), positions, balancer });
    }

    let mut rules = Vec::new();
    for rule in &routing.rules {
        rules.extend(names.rule(rule, &groups, members, &mut faults));
    }
    // Stable: of equal priorities the first written wins.
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));

    let mut defaults = [const { None }; ServiceKind::ALL.len()];
    for rule in &routing.defaults {
        if !rule.patterns.is_empty() || !rule.conditions.is_empty() {
            faults.push(format!("default {:?}: a default takes no pattern and no condition", rule.label()));
        }
        let Some(compiled) = names.rule(rule, &groups, members, &mut faults) else { continue };
        for service in ServiceKind::ALL.into_iter().filter(|service| compiled.serves[service.index()]) {
            if defaults[service.index()].replace(compiled.clone()).is_some() {
                faults.push(format!("default of {service}: there are two"));
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
    if faults.is_empty() {
        return Ok(Plan { groups, rules, defaults });
    }
    Err(Error::new(
        ErrorKind::Config,
        format!("routing has {} fault(s): {}", faults.len(), faults.join("; ")),
    ))
}

impl Names<'_> {
    fn known(&self) -> String {
        let mut known: Vec<_> = self.providers.keys().chain(self.groups.keys()).copied().collect();
        known.sort_unstable();
        format!("known are {}", known.join(", "))
    }

    fn rule(
        &self,
        rule: &Rule,
        groups: &[Members],
        members: &[Member],
        faults: &mut Vec<String>,
    ) -> Option<Compiled> {
        let label = rule.label();
        let before = faults.len();
        let mut patterns = Vec::new();
        for text in &rule.patterns {
            match text.parse::<Pattern>() {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => faults.push(error.to_string()),
            }
        }
        if rule.to.is_none() {
            faults.push(format!("rule {label:?}: it has no target; say where it goes with .to(..)"));
        }
        let mut targets = Vec::new();
        let mut serves = [false; ServiceKind::ALL.len()];
        for name in rule.to.iter().chain(&rule.fallback) {
            let target = match (self.providers.get(name.as_str()), self.groups.get(name.as_str())) {
                (Some(at), _) => Target::Provider(*at),
                (None, Some(at)) => Target::Group(*at),
                (None, None) => {
                    faults.push(format!(
                        "rule {label:?}: there is no provider or group {name:?}; {}",
                        self.known()
                    ));
                    continue;
                }
            };
            if targets.contains(&target) {
                faults.push(format!("rule {label:?}: {name:?} is named twice"));
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
            patterns: patterns.into(),
            conditions: rule.conditions.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect(),
            targets: targets.into(),
            priority: rule.priority,
            serves,
        })
    }
}
