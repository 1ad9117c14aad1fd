//! Facts of a call: what patterns and conditions look at, and how each is read.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;

use super::attribute::{AttributeKind, AttributeSchema};
use crate::context::{AttributeValue, CallContext};
use crate::op::OpMeta;
use crate::types::{Subject, quantity};

/// A call as rules see it: its operation, what it is about, and what travels with it.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::engine::route::Facts;
/// use mosaic_core::op::{Operation, git::GetRepository};
///
/// let (operation, cx) = (GetRepository::new("acme", "widget"), CallContext::new());
/// let facts = Facts { meta: GetRepository::META, subject: operation.subject(), cx: &cx };
/// assert_eq!(facts.subject.org, Some("acme"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The operation.
    pub meta: &'a OpMeta,
    /// What the call is about.
    pub subject: Subject<'a>,
    /// Who calls, and the attributes.
    pub cx: &'a CallContext,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Fact {
    Org,
    /// The name of the thing.
    Repo,
    /// `owner/name`: what `repo` means where it is compared with a text that has a slash.
    FullRepo,
    Path,
    Private,
    /// The name of the person or agent who calls; the application itself has none.
    User,
    Tenant,
    Service,
    Operation,
    Effect,
    Attribute(Arc<str>),
}

/// The facts of the call itself, by the names that conditions use.
pub(super) const OF_CALL: [(&str, Fact); 9] = [
    ("org", Fact::Org),
    ("repo", Fact::Repo),
    ("path", Fact::Path),
    ("private", Fact::Private),
    ("user", Fact::User),
    ("tenant", Fact::Tenant),
    ("service", Fact::Service),
    ("operation", Fact::Operation),
    ("effect", Fact::Effect),
];

impl Fact {
    pub(super) fn of_call(name: &str) -> Option<Self> {
        OF_CALL.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact.clone())
    }

    /// The fact of that name, and the kind of its values.
    pub(super) fn find(name: &str, schema: &AttributeSchema) -> Option<(Self, AttributeKind)> {
        match Self::of_call(name) {
            Some(Self::Private) => Some((Self::Private, AttributeKind::Boolean)),
            Some(fact) => Some((fact, AttributeKind::Text)),
            None => schema.kind(name).map(|kind| (Self::Attribute(name.into()), kind)),
        }
    }

    /// Its name in conditions.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Attribute(name) => name,
            Self::FullRepo => "repo",
            other => OF_CALL.iter().find(|(_, fact)| fact == other).map_or("", |(name, _)| name),
        }
    }

    /// Whether its values are compared without regard to (ASCII) case. Forges compare names so, and ranking regions: a pin that
    /// another spelling gets around is none.
    #[inline]
    pub(super) fn folds(&self) -> bool {
        match self {
            Self::Attribute(name) => matches!(&**name, "region" | "user.region"),
            fact => matches!(fact, Self::Org | Self::Repo | Self::FullRepo | Self::User),
        }
    }

    /// A text as values of this fact are compared with it.
    pub(super) fn folded<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.folds() && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            text.into()
        }
    }
}

impl<'a> Facts<'a> {
    /// The text of a fact as the call has it; none where it is absent or no text. `owner/name` is put together in lower case.
    #[inline]
    pub(super) fn text<R>(&self, fact: &Fact, use_it: impl FnOnce(&str) -> R) -> Option<R> {
        let text = match fact {
            Fact::Attribute(name) => self.cx.get(name)?,
            Fact::Org => self.subject.org?,
            Fact::Repo => self.subject.name?,
            Fact::Path => self.subject.path?,
            Fact::FullRepo => return self.full_repo(use_it),
            Fact::User => {
                let caller = self.cx.caller();
                if caller.is_application() {
                    return None;
                }
                caller.name()
            }
            Fact::Tenant => self.cx.tenant_id().as_str(),
            Fact::Service => self.meta.service.as_str(),
            Fact::Operation => self.meta.name,
            Fact::Effect => self.meta.effect.as_str(),
            Fact::Private => return None,
        };
        Some(use_it(text))
    }

    /// The text of a fact as patterns and indexes are written: names in lower case.
    #[inline]
    pub(super) fn folded<R>(&self, fact: &Fact, use_it: impl FnOnce(&str) -> R) -> Option<R> {
        if fact.folds() { self.text(fact, |text| folded(text, use_it)) } else { self.text(fact, use_it) }
    }

    fn full_repo<R>(&self, use_it: impl FnOnce(&str) -> R) -> Option<R> {
        let (org, name) = (self.subject.org?, self.subject.name?);
        let mut full = SmallVec::<[u8; 128]>::new();
        full.extend_from_slice(org.as_bytes());
        full.push(b'/');
        full.extend_from_slice(name.as_bytes());
        full.make_ascii_lowercase();
        std::str::from_utf8(&full).ok().map(use_it)
    }

    /// A number, size in bytes or duration in nanoseconds. Texts are read as what the kind says.
    #[inline]
    pub(super) fn number(&self, fact: &Fact, kind: AttributeKind) -> Option<f64> {
        let Fact::Attribute(name) = fact else { return None };
        let number = match self.cx.attribute_value(name)? {
            AttributeValue::Number(number) if kind == AttributeKind::Duration => number * 1e9,
            AttributeValue::Number(number) => *number,
            AttributeValue::Text(text) => return read_number(text, kind),
            AttributeValue::Duration(duration) if kind == AttributeKind::Duration => {
                duration.as_nanos() as f64
            }
            _ => return None,
        };
        (!number.is_nan()).then_some(number)
    }

    /// Yes or no; `true` and `false` as texts are read too. Whether a thing is private is what its parameters say, else what
    /// the attribute of the call says.
    #[inline]
    pub(super) fn flag(&self, fact: &Fact) -> Option<bool> {
        let name = match fact {
            Fact::Attribute(name) => name,
            Fact::Private => match self.subject.private {
                Some(private) => return Some(private),
                None => "private",
            },
            _ => return None,
        };
        match self.cx.attribute_value(name)? {
            AttributeValue::Boolean(flag) => Some(*flag),
            AttributeValue::Text(text) => read_flag(text),
            _ => None,
        }
    }

    /// The texts of a list; a text is a list of one.
    #[inline]
    pub(super) fn list(&self, fact: &Fact) -> Option<&'a [Arc<str>]> {
        let Fact::Attribute(name) = fact else { return None };
        match self.cx.attribute_value(name)? {
            AttributeValue::List(texts) => Some(texts),
            AttributeValue::Text(text) => Some(std::slice::from_ref(text)),
            _ => None,
        }
    }

    /// What a fact is, for people; none where it is absent.
    pub(super) fn shown(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::Attribute(name) => self.cx.attribute_value(name).map(|value| shown(&value.to_string())),
            Fact::Private => match self.subject.private {
                Some(private) => Some(private.to_string()),
                None => self.cx.attribute_value("private").map(|value| shown(&value.to_string())),
            },
            _ => self.text(fact, shown),
        }
    }
}

/// A name in lower case; nearly all are already.
#[inline]
pub(super) fn folded<R>(name: &str, use_it: impl FnOnce(&str) -> R) -> R {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        use_it(&name.to_ascii_lowercase())
    } else {
        use_it(name)
    }
}

/// The beginning of a value, which may be of any length.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A text as a number of a kind.
pub(super) fn read_number(text: &str, kind: AttributeKind) -> Option<f64> {
    match kind {
        AttributeKind::Number => quantity::number(text.trim()),
        AttributeKind::Size => quantity::size(text),
        AttributeKind::Duration => quantity::duration(text),
        _ => None,
    }
}

/// A text as yes or no.
pub(super) fn read_flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
