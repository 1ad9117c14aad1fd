//! The tree of a YAML text: every value and every key with its place.

use super::source::Span;

/// A value and where it is.
#[derive(Clone, PartialEq)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) span: Span,
}

#[derive(Clone, PartialEq)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the file; no key twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Span,
    pub(super) value: Node,
}

/// A text, a number, a boolean or nothing; which of these is decided where it is known what is wanted.
#[derive(Clone, PartialEq)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// What it says in the file where variables were replaced in it: this may be shown, the text may not.
    pub(super) raw: Option<String>,
}

/// What the way in which a scalar is written says about its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without quotes: a number, a boolean or nothing where it looks like one.
    Plain,
    /// In quotes, as a block, or with a tag: a text.
    Text,
}

impl Node {
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether nothing is written where a value might be.
    pub(super) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.raw.is_none() && scalar.resolve() == Resolved::Null)
    }

    /// The places of all scalars in it.
    pub(super) fn scalars(&self, each: &mut impl FnMut(&Scalar, &Span)) {
        match &self.content {
            Content::Scalar(scalar) => each(scalar, &self.span),
            Content::List(items) => items.iter().for_each(|item| item.scalars(each)),
            Content::Map(entries) => entries.iter().for_each(|entry| entry.value.scalars(each)),
        }
    }

    /// Its type in words.
    pub(super) fn describe(&self) -> &'static str {
        match &self.content {
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
            Content::Scalar(scalar) if scalar.raw.is_some() => "a text with variables",
            Content::Scalar(scalar) => match scalar.resolve() {
                Resolved::Null => "nothing",
                Resolved::Bool(_) => "true or false",
                Resolved::Integer(_) => "a whole number",
                Resolved::Float(_) => "a number",
                Resolved::Text => "a text",
            },
        }
    }
}

/// What a scalar is by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text,
}

impl Scalar {
    /// What may be shown of it.
    pub(super) fn shown(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.text)
    }

    /// Whether it came, at least in part, from the environment.
    pub(super) fn replaced(&self) -> bool {
        self.raw.is_some()
    }

    /// What it is as it stands in the file.
    pub(super) fn resolve(&self) -> Resolved {
        match self.kind {
            Kind::Text => Resolved::Text,
            Kind::Plain => resolve(&self.text),
        }
    }

    /// The same without its quotes.
    pub(super) fn unquoted(&self) -> Self {
        Self { kind: Kind::Plain, ..self.clone() }
    }

    /// What its text looks like; for a scalar with variables, in which quotes say nothing about the type.
    pub(super) fn looks_like(&self) -> Resolved {
        if self.replaced() { resolve(self.text.trim()) } else { self.resolve() }
    }
}

fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" => return Resolved::Text,
        _ => {}
    }
    if let Some(number) = integer(text) {
        return Resolved::Integer(number);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let looks = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(number) if looks && number.is_finite() => Resolved::Float(number),
        _ => Resolved::Text,
    }
}

fn integer(text: &str) -> Option<i128> {
    // No number that is wanted anywhere is longer.
    if text.len() > 30 {
        return None;
    }
    let radix = |digits: &str, radix| {
        digits
            .bytes()
            .all(|byte| byte != b'+' && byte != b'-')
            .then(|| i128::from_str_radix(digits, radix).ok())?
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_resolve_by_the_core_schema() {
        for (text, expected) in [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("True", Resolved::Bool(true)),
            ("yes", Resolved::Text),
            ("12", Resolved::Integer(12)),
            ("-3", Resolved::Integer(-3)),
            ("0x1F", Resolved::Integer(31)),
            ("0o17", Resolved::Integer(15)),
            ("0x-1", Resolved::Text),
            ("1.5", Resolved::Float(1.5)),
            ("1e3", Resolved::Float(1000.0)),
            (".5", Resolved::Float(0.5)),
            ("1e999", Resolved::Text),
            ("inf", Resolved::Text),
            ("NaN", Resolved::Text),
            ("1.2.3", Resolved::Text),
            ("10GB", Resolved::Text),
        ] {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
    }
}
