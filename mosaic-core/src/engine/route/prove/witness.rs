//! Witnesses: a call for a case, found by picking a value that the case leaves for each fact.
//!
//! What is picked may be wrong where facts hang together in ways that a case does not know; who asks for a witness evaluates
//! the rules for it before saying anything.

use std::time::Duration;

use super::case::Case;
use super::domain::{Domain, Numbers, Texts};
use super::example::Example;
use crate::context::AttributeValue;
use crate::engine::route::attribute::AttributeKind;
use crate::engine::route::condition::{Check, Order, Test};
use crate::engine::route::fact::Fact;
use crate::op::{OpMeta, catalogue};
use crate::types::quantity::{SIZES, written};
use crate::types::{ServiceKind, TenantId};

/// A call of a case, of one of these services.
pub(super) fn witness(case: &Case<'_>, serves: &[bool; ServiceKind::ALL.len()]) -> Option<Example> {
    let mut example = Example::new(case.operations(serves).next()?);
    let mut full = None;
    for (fact, domain) in &case.facts {
        match (fact, domain) {
            (Fact::FullRepo, Domain::Text(texts)) => full = Some(texts),
            (Fact::Service | Fact::Operation | Fact::Effect, _) => {}
            (fact, Domain::Text(texts)) => {
                set(&mut example, fact, texts.samples().find(|text| texts.allows(text))?)?
            }
            (Fact::Private, Domain::Flag(flag)) => example.private = Some(*flag),
            (Fact::Attribute(name), Domain::Flag(flag)) => {
                example.attributes.push((name.to_string(), (*flag).into()))
            }
            (Fact::Attribute(name), Domain::Number(numbers)) => {
                let kind = kind(case, fact)?;
                example.attributes.push((name.to_string(), quantity(numbers.sample(kind)?, kind)));
            }
            (Fact::Attribute(name), Domain::List { has, .. }) => {
                example.attributes.push((name.to_string(), has.iter().copied().collect()));
            }
            _ => return None,
        }
    }
    if let Some(full) = full {
        let (org, repo) = split(case, full)?;
        (example.org, example.repo) = (Some(org), Some(repo));
    }
    case.pairs.iter().try_for_each(|test| pair(&mut example, test))?;
    example.operation = fitting(case, &example, serves);
    Some(example)
}

/// The operation that people would expect with these facts, among those that the case allows.
fn fitting(case: &Case<'_>, example: &Example, serves: &[bool; ServiceKind::ALL.len()]) -> &'static OpMeta {
    let wanted = match example {
        Example { private: Some(_), .. } => "git.create_repository",
        Example { path: Some(_), .. } => "git.get_file",
        Example { repo: Some(_), .. } => "git.get_repository",
        _ => "git.list_repositories",
    };
    case.operations(serves).find(|meta| meta.name == wanted).unwrap_or(example.operation)
}

fn set(example: &mut Example, fact: &Fact, text: String) -> Option<()> {
    match fact {
        Fact::Org => example.org = Some(text),
        Fact::Repo => example.repo = Some(text),
        Fact::Path => example.path = Some(text),
        Fact::User => example.user = Some(text),
        Fact::Tenant => example.tenant = Some(TenantId::new(text).ok()?),
        Fact::Attribute(name) => example.attributes.push((name.to_string(), text.into())),
        _ => return None,
    }
    Some(())
}

/// An organisation and a name that together are a full name.
fn split(case: &Case<'_>, full: &Texts<'_>) -> Option<(String, String)> {
    let none = Texts::default();
    let part = |fact| match case.domain(&fact) {
        Some(Domain::Text(texts)) => texts.clone(),
        _ => none.clone(),
    };
    let (orgs, repos) = (part(Fact::Org), part(Fact::Repo));
    let fits = |org: &str, repo: &str| {
        !org.is_empty()
            && !repo.is_empty()
            && orgs.allows(org)
            && repos.allows(repo)
            && full.allows(&format!("{org}/{repo}"))
    };
    for text in full.samples() {
        for (at, _) in text.match_indices('/') {
            let (org, repo) = (&text[..at], &text[at + 1..]);
            if fits(org, repo) {
                return Some((org.into(), repo.into()));
            }
        }
    }
    let pairs = orgs.samples().flat_map(|org| repos.samples().map(move |repo| (org.clone(), repo)));
    pairs.take(64).find(|(org, repo)| fits(org, repo))
}

/// The kind of the numbers that a case compares a fact with.
fn kind(case: &Case<'_>, fact: &Fact) -> Option<AttributeKind> {
    case.tests.iter().find_map(|test| match &test.check {
        Check::Number { kind, .. } | Check::NumberIn { kind, .. } if test.fact == *fact => Some(*kind),
        _ => None,
    })
}

fn quantity(value: f64, kind: AttributeKind) -> AttributeValue {
    match kind {
        AttributeKind::Size => written(value, &SIZES).into(),
        AttributeKind::Duration if value >= 0.0 && value.fract() == 0.0 && value < 9e15 => {
            Duration::from_nanos(value as u64).into()
        }
        AttributeKind::Duration => (value / 1e9).into(),
        _ => value.into(),
    }
}

/// Sets what a test of two facts needs, where that is simple.
fn pair(example: &mut Example, test: &Test) -> Option<()> {
    match &test.check {
        Check::Inside { list: Fact::Attribute(list), member } => {
            let text = text_of(example, &test.fact)?;
            let value = if *member { text } else { format!("{text}-other") };
            match example.attributes.iter_mut().find(|(name, _)| **name == **list) {
                Some((_, AttributeValue::List(texts))) => {
                    let more = texts.iter().cloned().chain([value.into()]);
                    *texts = more.collect();
                    Some(())
                }
                Some(_) => None,
                None => {
                    example.attributes.push((list.to_string(), [value].into()));
                    Some(())
                }
            }
        }
        Check::Beside { other, kind: AttributeKind::Text, order } => {
            let text = text_of(example, &test.fact)?;
            let value = if order.has(Order::EQUAL) { text } else { format!("{text}-other") };
            set(example, other, value)
        }
        Check::Beside { other: Fact::Attribute(other), kind, order } if kind.is_ordered() => {
            let Fact::Attribute(name) = &test.fact else { return None };
            let both =
                [name, other].map(|name| example.attributes.iter().any(|(known, _)| **known == **name));
            if both != [false, false] {
                return None;
            }
            // In units that every kind is readable in: bytes, seconds, or plain numbers.
            let unit = if *kind == AttributeKind::Duration { 1e9 } else { 1.0 };
            let (one, two) = if order.has(Order::LESS) { (1.0, 2.0) } else { (2.0, 1.0) };
            let two = if order.has(Order::EQUAL) { one } else { two };
            for (name, value) in [(name, one), (other, two)] {
                example.attributes.push((name.to_string(), quantity(value * unit, *kind)));
            }
            Some(())
        }
        _ => None,
    }
}

/// The text of a fact, made up where there is none.
fn text_of(example: &mut Example, fact: &Fact) -> Option<String> {
    let known = match fact {
        Fact::Org => example.org.clone(),
        Fact::Repo => example.repo.clone(),
        Fact::Path => example.path.clone(),
        Fact::User => example.user.clone(),
        Fact::Attribute(name) => {
            example.attributes.iter().find(|(known, _)| **known == **name).map(|(_, value)| value.to_string())
        }
        Fact::Tenant => example.tenant.as_ref().map(ToString::to_string),
        Fact::Service => Some(example.operation.service.to_string()),
        Fact::Operation => Some(example.operation.name.into()),
        Fact::Effect => Some(example.operation.effect.as_str().into()),
        Fact::FullRepo | Fact::Private => return None,
    };
    match known {
        Some(text) => Some(text),
        None => {
            set(example, fact, "x".into())?;
            Some("x".into())
        }
    }
}

impl Texts<'_> {
    /// Texts worth a try; not all are allowed.
    pub(super) fn samples(&self) -> impl Iterator<Item = String> {
        let known = self.among.iter().flatten().map(|text| (*text).to_owned());
        // What stands for a run: something, nothing, something unlikely to be meant by anyone.
        let fillings = ["x", "", "zq7", "x/x"];
        let of_globs = fillings
            .into_iter()
            .flat_map(|fill| self.globs.iter().map(move |glob| filled(glob.as_str(), fill)));
        let of_two = self.globs.iter().flat_map(|one| {
            self.globs.iter().flat_map(move |two| {
                let (one, two) = (one.as_str(), two.as_str());
                ["", "x"].map(|fill| format!("{}{}", filled(one, fill), filled(two, fill)))
            })
        });
        let free = ["x", "zq7", "y-1", "zq/7", "7zq7x"].map(str::to_owned);
        known.chain(of_globs).chain(of_two).chain(free)
    }
}

/// A glob with its wildcards replaced.
fn filled(glob: &str, fill: &str) -> String {
    let segments = if fill.is_empty() { String::new() } else { format!("{fill}/") };
    glob.replace("**/", &segments).replace("**", fill).replace('*', fill).replace('?', "x")
}

impl Numbers {
    fn sample(&self, kind: AttributeKind) -> Option<f64> {
        if let Some(among) = &self.among {
            return among.iter().copied().find(|number| self.allows(*number));
        }
        let (low, high) = (self.low, self.high);
        // Double and half of a size or duration are round where it is; else what is near a bound tells the most.
        let round = if kind == AttributeKind::Number { [f64::NAN; 2] } else { [low * 2.0, high / 2.0] };
        let near = [low, high, 1.0, 0.0, low + 1.0, high - 1.0, (low + high) / 2.0, low + (high - low) / 4.0];
        let far = [low * 2.0, high / 2.0, low + 1e6, low + 2.0, low + 3.0, high - 2.0];
        round.into_iter().chain(near).chain(far).find(|number| number.is_finite() && self.allows(*number))
    }
}

/// Calls of a service about nothing that any rule names, the plainest first.
pub(super) fn strangers(service: ServiceKind) -> impl Iterator<Item = Example> {
    let operation = catalogue().service(service).next().map(|def| def.meta);
    operation.into_iter().flat_map(|operation| {
        let name = |text: &str| Some(text.to_owned());
        let plain = Example::new(operation);
        let named = Example { org: name("zq7"), repo: name("zq7"), ..plain.clone() };
        let public = Example { private: Some(false), user: name("zq7"), path: name("zq7"), ..named.clone() };
        [named, plain, public]
    })
}
