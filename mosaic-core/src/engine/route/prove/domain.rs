//! The values that a fact may have where some tests of it all hold.

use crate::engine::route::condition::{Check, Order};
use crate::engine::route::glob::{Glob, Shape};

/// What is left of a fact's values. A domain never says that nothing is left where something is.
#[derive(Debug, Clone)]
pub(super) enum Domain<'a> {
    Text(Texts<'a>),
    Number(Numbers),
    Flag(bool),
    List { has: Vec<&'a str>, lacks: Vec<&'a str> },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Texts<'a> {
    /// It is one of these; anything where there is none.
    pub(super) among: Option<Vec<&'a str>>,
    pub(super) not: Vec<&'a str>,
    pub(super) globs: Vec<&'a Glob>,
    pub(super) not_globs: Vec<&'a Glob>,
}

#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) among: Option<Vec<f64>>,
    pub(super) not: Vec<f64>,
    pub(super) low: f64,
    pub(super) low_in: bool,
    pub(super) high: f64,
    pub(super) high_in: bool,
}

impl Default for Numbers {
    fn default() -> Self {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        Self { among: None, not: Vec::new(), low, low_in: true, high, high_in: true }
    }
}

impl<'a> Domain<'a> {
    /// All values of the kind that a check is about; none where the check reads another fact too.
    pub(super) fn of(check: &Check) -> Option<Self> {
        Some(match check {
            Check::Number { .. } | Check::NumberIn { .. } => Self::Number(Numbers::default()),
            Check::TextIn { .. } | Check::Glob { .. } => Self::Text(Texts::default()),
            Check::Flag { wanted } => Self::Flag(*wanted),
            Check::Has { .. } => Self::List { has: Vec::new(), lacks: Vec::new() },
            Check::Inside { .. } | Check::Beside { .. } => return None,
        })
    }

    /// Takes away what a check does not allow. Whether anything may be left.
    pub(super) fn narrow(&mut self, check: &'a Check) -> bool {
        match (self, check) {
            (Self::Text(texts), Check::TextIn { .. } | Check::Glob { .. }) => texts.narrow(check),
            (Self::Number(numbers), Check::Number { .. } | Check::NumberIn { .. }) => numbers.narrow(check),
            (Self::Flag(known), Check::Flag { wanted }) => known == wanted,
            (Self::List { has, lacks }, Check::Has { value, member }) => {
                if *member {
                    has.push(value)
                } else {
                    lacks.push(value)
                }
                !has.iter().any(|text| lacks.contains(text))
            }
            // A fact has one kind, so this is not reached; nothing is claimed of what is not understood.
            _ => true,
        }
    }

    /// Whether every value that is left meets a check.
    pub(super) fn implies(&self, check: &Check) -> bool {
        match (self, check) {
            (Self::Text(texts), check) => texts.implies(check),
            (Self::Number(numbers), check) => numbers.implies(check),
            (Self::Flag(known), Check::Flag { wanted }) => known == wanted,
            (Self::List { has, .. }, Check::Has { value, member: true }) => has.contains(&&**value),
            (Self::List { lacks, .. }, Check::Has { value, member: false }) => lacks.contains(&&**value),
            _ => false,
        }
    }

    /// Whether nothing is in both, as far as a quick look tells.
    pub(super) fn apart(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => match (&one.among, &other.among) {
                (Some(texts), _) => !texts.iter().any(|text| other.allows(text)),
                (None, Some(texts)) => !texts.iter().any(|text| one.allows(text)),
                (None, None) => one.globs.iter().any(|glob| other.globs.iter().any(|with| clash(glob, with))),
            },
            (Self::Number(one), Self::Number(other)) => one.low > other.high || other.low > one.high,
            (Self::Flag(one), Self::Flag(other)) => one != other,
            _ => false,
        }
    }
}

impl<'a> Texts<'a> {
    fn narrow(&mut self, check: &'a Check) -> bool {
        match check {
            Check::TextIn { values, member: true } => match &mut self.among {
                Some(among) => among.retain(|text| values.iter().any(|value| **value == **text)),
                None => self.among = Some(values.iter().map(|value| &**value).collect()),
            },
            Check::TextIn { values, member: false } => self.not.extend(values.iter().map(|value| &**value)),
            Check::Glob { glob, matches: true } => self.globs.push(glob),
            Check::Glob { glob, matches: false } => self.not_globs.push(glob),
            _ => return true,
        }
        if let Some(mut among) = self.among.take() {
            among.retain(|text| self.allows(text));
            let left = !among.is_empty();
            self.among = Some(among);
            return left;
        }
        let refused = |glob: &&Glob| self.not_globs.iter().any(|not| within(glob, not));
        let clashing = |glob: &&Glob| self.globs.iter().any(|other| clash(glob, other));
        !self.globs.iter().any(|glob| refused(glob) || clashing(glob))
    }

    pub(super) fn allows(&self, text: &str) -> bool {
        self.among.as_ref().is_none_or(|among| among.contains(&text))
            && !self.not.contains(&text)
            && self.globs.iter().all(|glob| glob.matches(text))
            && !self.not_globs.iter().any(|glob| glob.matches(text))
    }

    fn implies(&self, check: &Check) -> bool {
        match (check, &self.among) {
            (Check::TextIn { values, member }, Some(among)) => among
                .iter()
                .all(|text| values.binary_search_by(|value| (**value).cmp(text)).is_ok() == *member),
            (Check::TextIn { member: true, .. }, None) => false,
            (Check::TextIn { values, member: false }, None) => values.iter().all(|value| !self.allows(value)),
            (Check::Glob { glob, matches }, Some(among)) => {
                among.iter().all(|text| glob.matches(text) == *matches)
            }
            (Check::Glob { glob, matches: true }, None) => self.globs.iter().any(|own| within(own, glob)),
            (Check::Glob { glob, matches: false }, None) => {
                self.not_globs.iter().any(|own| within(glob, own))
                    || self.globs.iter().any(|own| clash(own, glob))
            }
            _ => false,
        }
    }
}

impl Numbers {
    fn narrow(&mut self, check: &Check) -> bool {
        match check {
            Check::NumberIn { values, member: true, .. } => match &mut self.among {
                Some(among) => among.retain(|number| values.contains(number)),
                None => self.among = Some(values.to_vec()),
            },
            Check::NumberIn { values, member: false, .. } => self.not.extend(values),
            Check::Number { order, value, .. } => self.bound(*order, *value),
            _ => return true,
        }
        if let Some(mut among) = self.among.take() {
            among.retain(|number| self.allows(*number));
            let left = !among.is_empty();
            self.among = Some(among);
            return left;
        }
        self.low < self.high || self.low == self.high && self.allows(self.low)
    }

    fn bound(&mut self, order: Order, value: f64) {
        let (less, equal, greater) =
            (order.has(Order::LESS), order.has(Order::EQUAL), order.has(Order::GREATER));
        if less && greater {
            if !equal {
                self.not.push(value);
            }
            return;
        }
        if !greater && (value < self.high || value == self.high && !equal) {
            (self.high, self.high_in) = (value, equal);
        }
        if !less && (value > self.low || value == self.low && !equal) {
            (self.low, self.low_in) = (value, equal);
        }
    }

    pub(super) fn allows(&self, number: f64) -> bool {
        (number > self.low || number == self.low && self.low_in)
            && (number < self.high || number == self.high && self.high_in)
            && !self.not.contains(&number)
            && self.among.as_ref().is_none_or(|among| among.contains(&number))
    }

    fn implies(&self, check: &Check) -> bool {
        match check {
            Check::Number { order, value, .. } => match &self.among {
                Some(among) => among.iter().all(|number| order.allows(*number, *value)),
                None => {
                    // What of the interval could stand so to the value must be allowed.
                    let below = self.low < *value;
                    let above = self.high > *value;
                    let at = self.allows(*value);
                    (!below || order.has(Order::LESS))
                        && (!above || order.has(Order::GREATER))
                        && (!at || order.has(Order::EQUAL))
                }
            },
            Check::NumberIn { values, member, .. } => match &self.among {
                Some(among) => among.iter().all(|number| values.contains(number) == *member),
                None if self.low == self.high => values.contains(&self.low) == *member,
                None => !*member && values.iter().all(|number| !self.allows(*number)),
            },
            _ => false,
        }
    }
}

/// Whether all that one glob matches is matched by another, as far as a quick look tells.
fn within(one: &Glob, other: &Glob) -> bool {
    one == other || matches!(other.shape(), Shape::Prefix(prefix) if head(one).starts_with(prefix))
}

/// Whether no text matches both globs, as far as a quick look tells.
fn clash(one: &Glob, other: &Glob) -> bool {
    let (one, other) = (head(one), head(other));
    !one.starts_with(other) && !other.starts_with(one)
}

/// The text that every match of a glob begins with.
fn head(glob: &Glob) -> &str {
    let text = glob.as_str();
    let head = &text[..text.find(['*', '?']).unwrap_or(text.len())];
    // The slash before `**/` stays; that behind it may be missing, but stands behind the first star.
    head
}
