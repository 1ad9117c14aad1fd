//! Roles and bindings, compiled: what is asked for every call.

use std::collections::{BTreeMap, HashMap};

use mosaic_core::context::{CallContext, PrincipalKind};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;

use super::super::RoleName;
use super::config::{AccessConfig, Binding};
use super::rule::{Asked, Rule};
use crate::function::Extent;

/// The most roles.
const ROLES: usize = 256;
/// The most permissions and denials of all roles together, and the most bindings.
const RULES: usize = 100_000;
/// The longest name in a binding.
const NAME: usize = 256;

/// An immutable snapshot.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// How often rules were set before these.
    generation: u64,
    numbers: HashMap<RoleName, usize>,
    roles: Vec<Role>,
    bound: HashMap<Who, Vec<Bound>>,
}

/// A role with everything that it inherits.
#[derive(Debug, Default)]
struct Role {
    name: Option<RoleName>,
    allow: Vec<Rule>,
    deny: Vec<Rule>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Who {
    Named(PrincipalKind, Box<str>),
    Credential(Box<str>),
    Kind(PrincipalKind),
    Everyone,
}

#[derive(Debug)]
struct Bound {
    /// None for every tenant.
    tenant: Option<TenantId>,
    roles: Set,
}

/// A set of roles by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Set([u64; ROLES / 64]);

impl Set {
    fn add(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn union(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, more)| *own |= more);
    }

    fn each(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

/// What comes of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    Allowed,
    /// No role allows it.
    Unallowed,
    /// A role denies it.
    Denied(&'a RoleName),
}

impl Policy {
    pub(super) fn new(config: &AccessConfig) -> Result<Self> {
        if config.roles.len() > ROLES {
            return Err(bad(format!("there are {} roles: {ROLES} are allowed", config.roles.len())));
        }
        let rules: usize = config.roles.values().map(|role| role.allow.len() + role.deny.len()).sum();
        if rules > RULES || config.bindings.len() > RULES {
            return Err(bad(format!("there are more than {RULES} permissions or bindings")));
        }
        let numbers: HashMap<RoleName, usize> =
            config.roles.keys().enumerate().map(|(number, name)| (name.clone(), number)).collect();
        let mut own = BTreeMap::new();
        for (name, role) in &config.roles {
            let compile = |texts: &[String], denial| {
                let rules = texts.iter().map(|text| Rule::new(text, denial, &config.services));
                rules.collect::<Result<Vec<_>>>().map_err(|error| error.context("role", name))
            };
            own.insert(name, (compile(&role.allow, false)?, compile(&role.deny, true)?));
        }
        let mut roles = Vec::with_capacity(own.len());
        for name in config.roles.keys() {
            let mut role = Role { name: Some(name.clone()), ..Role::default() };
            for from in ancestry(config, name)? {
                let (allow, deny) = &own[&from];
                allow.iter().for_each(|rule| add(&mut role.allow, rule));
                deny.iter().for_each(|rule| add(&mut role.deny, rule));
            }
            roles.push(role);
        }
        let mut bound: HashMap<Who, Vec<Bound>> = HashMap::new();
        for binding in &config.bindings {
            let tenant = match binding.tenant.as_str() {
                "*" => None,
                name => Some(TenantId::new(name).map_err(|why| bad(format!("a binding: {why}")))?),
            };
            let mut roles = Set::default();
            for name in &binding.roles {
                let number = numbers.get(name);
                roles.add(*number.ok_or_else(|| bad(format!("a binding gives {name}, which is no role")))?);
            }
            bound.entry(who(binding)?).or_default().push(Bound { tenant, roles });
        }
        Ok(Self { generation: 0, numbers, roles, bound })
    }

    /// The same, to be set after another.
    pub(super) fn after(mut self, other: &Self) -> Self {
        self.generation = other.generation + 1;
        self
    }

    /// What tells callers apart for whom the answers differ.
    pub(super) fn key(&self, roles: &Set) -> [u64; 5] {
        let [a, b, c, d] = roles.0;
        [self.generation, a, b, c, d]
    }

    /// The roles that are bound to a caller.
    pub(super) fn bound(&self, cx: &CallContext) -> Set {
        let (caller, tenant) = (cx.caller(), cx.tenant_id());
        let mut roles = Set::default();
        let mut take = |who: &Who| {
            for bound in self.bound.get(who).into_iter().flatten() {
                if bound.tenant.as_ref().is_none_or(|of| of == tenant) {
                    roles.union(&bound.roles);
                }
            }
        };
        if self.bound.is_empty() {
            return roles;
        }
        take(&Who::Everyone);
        take(&Who::Kind(caller.kind()));
        take(&Who::Named(caller.kind(), caller.name().into()));
        if let Some(label) = caller.credential() {
            take(&Who::Credential(label.into()));
        }
        roles
    }

    /// Adds a role that a proof gives; one that is not configured gives nothing.
    pub(super) fn give(&self, roles: &mut Set, name: &str) {
        if let Some(number) = self.numbers.get(name) {
            roles.add(*number);
        }
    }

    /// Denials first: one is enough, whichever role it is of.
    pub(super) fn decide(&self, roles: &Set, asked: &Asked<'_>) -> Decision<'_> {
        let mut allowed = false;
        for role in roles.each().filter_map(|number| self.roles.get(number)) {
            let denies = |rule: &Rule| {
                rule.has(asked) && (asked.is_vague() || rule.resource.meets(&asked.resource, asked.extent))
            };
            if let (true, Some(name)) = (role.deny.iter().any(denies), &role.name) {
                return Decision::Denied(name);
            }
            let allows = |rule: &Rule| rule.has(asked) && rule.resource.allows(&asked.resource);
            allowed = allowed || role.allow.iter().any(allows);
        }
        if allowed { Decision::Allowed } else { Decision::Unallowed }
    }

    /// Whether there may be something for which it is allowed, whatever it is asked about. Never no where there is.
    pub(super) fn reaches(&self, roles: &Set, asked: &Asked<'_>) -> bool {
        if asked.extent == Extent::All {
            return self.decide(roles, asked) == Decision::Allowed;
        }
        let held = || roles.each().filter_map(|number| self.roles.get(number));
        let denials: Vec<_> = held().flat_map(|role| &role.deny).filter(|rule| rule.has(asked)).collect();
        if asked.is_vague() && !denials.is_empty() {
            return false;
        }
        let open = |rule: &Rule| !denials.iter().any(|denial| denial.resource.covers(&rule.resource));
        held().flat_map(|role| &role.allow).any(|rule| rule.has(asked) && open(rule))
    }
}

/// A role and all that it inherits from, each once.
fn ancestry<'c>(config: &'c AccessConfig, name: &'c RoleName) -> Result<Vec<&'c RoleName>> {
    let mut all = vec![name];
    let mut at = 0;
    while let Some(next) = all.get(at).copied() {
        let role = config.roles.get(next);
        let role = role.ok_or_else(|| bad(format!("{name} inherits from {next}, which is no role")))?;
        for above in &role.inherits {
            if above == name {
                return Err(bad(format!("{name} inherits from itself")));
            }
            if !all.contains(&above) {
                all.push(above);
            }
        }
        at += 1;
    }
    Ok(all)
}

/// Adds a rule, or its operations to the rule for the same resources.
fn add(rules: &mut Vec<Rule>, rule: &Rule) {
    match rules.iter_mut().find(|known| known.resource == rule.resource) {
        Some(known) => known.merge(rule),
        None => rules.push(rule.clone()),
    }
}

fn who(binding: &Binding) -> Result<Who> {
    let text = binding.who.as_str();
    let named = match text.split_once(':') {
        None if text == "*" => return Ok(Who::Everyone),
        Some(("user", name)) => (PrincipalKind::User, name),
        Some(("agent", name)) => (PrincipalKind::Agent, name),
        Some(("credential", label)) if !label.is_empty() && label.len() <= NAME => {
            return Ok(Who::Credential(label.into()));
        }
        _ => {
            let shown: String = text.chars().take(80).collect();
            return Err(bad(format!(
                "a binding is for {shown:?}: write user:NAME, agent:NAME, credential:LABEL, user:*, agent:* or *"
            )));
        }
    };
    match named {
        (kind, "*") => Ok(Who::Kind(kind)),
        (_, name) if name.is_empty() || name.len() > NAME => {
            Err(bad("a name in a binding has 1 to 256 bytes".into()))
        }
        (kind, name) => Ok(Who::Named(kind, name.into())),
    }
}

fn bad(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("access: {why}"))
}
