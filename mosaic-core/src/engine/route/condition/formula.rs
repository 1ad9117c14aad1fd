//! A condition as it is evaluated: tests joined by `all` and `any`, with every `!` moved into the tests.
//!
//! A test of an absent fact is neither true nor false, and so is its negation. Moved into the tests, negation cannot make
//! something certain of what is unknown, and "certainly true" needs two values only: this is what a call pays for.

use std::fmt;

use super::ast::quoted;
use crate::engine::route::Glob;
use crate::engine::route::attribute::AttributeKind;
use crate::engine::route::fact::{Fact, Facts};
use crate::types::quantity::{DURATIONS, SIZES, written};

/// Which of less, equal and greater a comparison allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::engine::route) struct Order(u8);

impl Order {
    pub(in crate::engine::route) const LESS: Self = Self(1);
    pub(in crate::engine::route) const EQUAL: Self = Self(2);
    pub(in crate::engine::route) const GREATER: Self = Self(4);

    pub(in crate::engine::route) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn inverse(self) -> Self {
        Self(self.0 ^ 7)
    }

    pub(in crate::engine::route) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether `left` and `right`, both numbers, stand so.
    #[inline]
    pub(in crate::engine::route) fn allows(self, left: f64, right: f64) -> bool {
        let order = u8::from(left < right) | u8::from(left == right) << 1 | u8::from(left > right) << 2;
        self.0 & order != 0
    }

    const fn as_str(self) -> &'static str {
        match self.0 {
            1 => "<",
            2 => "==",
            3 => "<=",
            4 => ">",
            5 => "!=",
            6 => ">=",
            _ => "?",
        }
    }
}

/// What is asked of a fact.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) enum Check {
    Number {
        kind: AttributeKind,
        order: Order,
        value: f64,
    },
    NumberIn {
        kind: AttributeKind,
        values: Box<[f64]>,
        member: bool,
    },
    /// Texts, sorted; as the fact folds them.
    TextIn {
        values: Box<[Box<str>]>,
        member: bool,
    },
    /// The glob is as the fact folds texts.
    Glob {
        glob: Glob,
        matches: bool,
    },
    Flag {
        wanted: bool,
    },
    /// Whether the list has the text.
    Has {
        value: Box<str>,
        member: bool,
    },
    /// Whether the text is in another fact, which is a list.
    Inside {
        list: Fact,
        member: bool,
    },
    /// How it stands to another fact of the same kind; texts and booleans are equal or not.
    Beside {
        other: Fact,
        kind: AttributeKind,
        order: Order,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) struct Test {
    pub(in crate::engine::route) fact: Fact,
    pub(in crate::engine::route) check: Check,
}

/// More texts than this are searched, not compared one by one.
const FEW: usize = 6;

impl Test {
    /// Whether it holds: none where a fact that it reads is absent, or is nothing that can be compared so.
    #[inline]
    pub(in crate::engine::route) fn truth(&self, facts: &Facts<'_>) -> Option<bool> {
        let fact = &self.fact;
        match &self.check {
            Check::Number { kind, order, value } => {
                facts.number(fact, *kind).map(|found| order.allows(found, *value))
            }
            Check::NumberIn { kind, values, member } => {
                facts.number(fact, *kind).map(|found| values.contains(&found) == *member)
            }
            Check::TextIn { values, member } if values.len() <= FEW => facts.text(fact, |found| {
                let same: fn(&str, &str) -> bool =
                    if fact.folds() { str::eq_ignore_ascii_case } else { |a, b| a == b };
                values.iter().any(|value| same(value, found)) == *member
            }),
            Check::TextIn { values, member } => facts.folded(fact, |found| {
                values.binary_search_by(|value| (**value).cmp(found)).is_ok() == *member
            }),
            Check::Glob { glob, matches } => facts.folded(fact, |found| glob.matches(found) == *matches),
            Check::Flag { wanted } => facts.flag(fact).map(|found| found == *wanted),
            Check::Has { value, member } => {
                facts.list(fact).map(|texts| texts.iter().any(|text| **text == **value) == *member)
            }
            Check::Inside { list, member } => {
                let texts = facts.list(list)?;
                let same: fn(&str, &str) -> bool =
                    if fact.folds() { str::eq_ignore_ascii_case } else { |a, b| a == b };
                facts.text(fact, |found| texts.iter().any(|text| same(text, found)) == *member)
            }
            Check::Beside { other, kind, order } => beside(facts, fact, other, *kind, *order),
        }
    }

    /// The same test of the opposite.
    fn inverse(mut self) -> Self {
        match &mut self.check {
            Check::Number { order, .. } | Check::Beside { order, .. } => *order = order.inverse(),
            Check::NumberIn { member, .. }
            | Check::TextIn { member, .. }
            | Check::Has { member, .. }
            | Check::Inside { member, .. } => *member = !*member,
            Check::Glob { matches, .. } => *matches = !*matches,
            Check::Flag { wanted } => *wanted = !*wanted,
        }
        self
    }

    /// The facts that it reads.
    pub(in crate::engine::route) fn reads(&self) -> impl Iterator<Item = &Fact> {
        let second = match &self.check {
            Check::Inside { list: other, .. } | Check::Beside { other, .. } => Some(other),
            _ => None,
        };
        std::iter::once(&self.fact).chain(second)
    }
}

fn beside(facts: &Facts<'_>, left: &Fact, right: &Fact, kind: AttributeKind, order: Order) -> Option<bool> {
    let equal = match kind {
        AttributeKind::Number | AttributeKind::Size | AttributeKind::Duration => {
            return Some(order.allows(facts.number(left, kind)?, facts.number(right, kind)?));
        }
        AttributeKind::Boolean => facts.flag(left)? == facts.flag(right)?,
        AttributeKind::Text => facts.text(left, |left_text| {
            facts.text(right, |right_text| {
                if left.folds() || right.folds() {
                    left_text.eq_ignore_ascii_case(right_text)
                } else {
                    left_text == right_text
                }
            })
        })??,
        AttributeKind::List => return None,
    };
    Some(order.has(Order::EQUAL) == equal)
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) enum Formula {
    Constant(bool),
    Test(Test),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl Formula {
    pub(in crate::engine::route) fn test(fact: Fact, check: Check) -> Self {
        Self::Test(Test { fact, check })
    }

    /// Its opposite: the negation moves into the tests.
    pub(super) fn inverse(self) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(!value),
            Self::Test(test) => Self::Test(test.inverse()),
            Self::All(parts) => Self::Any(parts.into_iter().map(Self::inverse).collect()),
            Self::Any(parts) => Self::All(parts.into_iter().map(Self::inverse).collect()),
        }
    }

    /// Whether it holds, in three values (Kleene): none is unknown.
    pub(in crate::engine::route) fn truth(&self, facts: &Facts<'_>) -> Option<bool> {
        let joined = |parts: &[Self], deciding: bool| {
            let mut known = Some(!deciding);
            for part in parts {
                match part.truth(facts) {
                    Some(truth) if truth == deciding => return Some(deciding),
                    Some(_) => {}
                    None => known = None,
                }
            }
            known
        };
        match self {
            Self::Constant(value) => Some(*value),
            Self::Test(test) => test.truth(facts),
            Self::All(parts) => joined(parts, false),
            Self::Any(parts) => joined(parts, true),
        }
    }

    /// Every test in it.
    pub(in crate::engine::route) fn tests<'a>(&'a self, each: &mut impl FnMut(&'a Test)) {
        match self {
            Self::Constant(_) => {}
            Self::Test(test) => each(test),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.tests(each)),
        }
    }

    /// The parts that must all hold.
    pub(in crate::engine::route) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            Self::Constant(true) => Vec::new(),
            other => vec![other],
        }
    }

    /// The first test that keeps it from holding.
    pub(in crate::engine::route) fn unmet(&self, facts: &Facts<'_>) -> Option<&Test> {
        match self {
            Self::Constant(_) => None,
            Self::Test(test) => (test.truth(facts) != Some(true)).then_some(test),
            Self::All(parts) => parts.iter().find_map(|part| part.unmet(facts)),
            Self::Any(parts) if parts.iter().any(|part| part.truth(facts) == Some(true)) => None,
            Self::Any(parts) => parts.iter().find_map(|part| part.unmet(facts)),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.fact.name();
        let quantity = |kind: &AttributeKind, value: &f64| match kind {
            AttributeKind::Size => written(*value, &SIZES),
            AttributeKind::Duration => written(*value, &DURATIONS),
            _ => value.to_string(),
        };
        let list = |f: &mut fmt::Formatter<'_>, member: bool, values: &[String]| match (values, member) {
            ([one], true) => write!(f, "{name} == {one}"),
            ([one], false) => write!(f, "{name} != {one}"),
            (_, true) => write!(f, "{name} in [{}]", values.join(", ")),
            (_, false) => write!(f, "!({name} in [{}])", values.join(", ")),
        };
        match &self.check {
            Check::Number { kind, order, value } => {
                write!(f, "{name} {} {}", order.as_str(), quantity(kind, value))
            }
            Check::NumberIn { kind, values, member } => {
                list(f, *member, &values.iter().map(|value| quantity(kind, value)).collect::<Vec<_>>())
            }
            Check::TextIn { values, member } => {
                list(f, *member, &values.iter().map(|value| quoted(value)).collect::<Vec<_>>())
            }
            Check::Glob { glob, matches: true } => write!(f, "{name} matches {}", quoted(glob.as_str())),
            Check::Glob { glob, matches: false } => write!(f, "!({name} matches {})", quoted(glob.as_str())),
            Check::Flag { wanted } => write!(f, "{}{name}", if *wanted { "" } else { "!" }),
            Check::Has { value, member: true } => write!(f, "{} in {name}", quoted(value)),
            Check::Has { value, member: false } => write!(f, "!({} in {name})", quoted(value)),
            Check::Inside { list, member: true } => write!(f, "{name} in {}", list.name()),
            Check::Inside { list, member: false } => write!(f, "!({name} in {})", list.name()),
            Check::Beside { other, order, .. } => write!(f, "{name} {} {}", order.as_str(), other.name()),
        }
    }
}
