//! A condition as it was read: a tree with the place of every part, and its canonical text.

use std::fmt;
use std::ops::Range;

use crate::types::quantity::{DURATIONS, SIZES, written};

/// Where a part stands in the text. All places are equal: two conditions are the same wherever their parts stand.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::route) struct Span(pub(super) Range<usize>);

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) enum Expr {
    Constant(bool),
    /// A boolean fact alone.
    Fact(Name),
    Not(Box<Expr>),
    /// At least two, none of which is another `And`.
    And(Vec<Expr>),
    /// At least two, none of which is another `Or`.
    Or(Vec<Expr>),
    Compare {
        left: Operand,
        op: Op,
        right: Operand,
        span: Span,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) struct Name {
    pub(super) text: Box<str>,
    pub(super) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) enum Operand {
    Fact(Name),
    Literal(Literal, Span),
    List(Vec<(Literal, Span)>, Span),
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::route) enum Literal {
    Number(f64),
    /// In bytes.
    Size(f64),
    /// In nanoseconds.
    Duration(f64),
    Text(Box<str>),
    Boolean(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::route) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Matches,
}

impl Op {
    pub(super) const ALL: [Self; 8] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::In,
        Self::Matches,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Matches => "matches",
        }
    }

    /// The same comparison with its sides changed; none where they cannot be.
    pub(super) const fn flipped(self) -> Option<Self> {
        match self {
            Self::Equal | Self::NotEqual => Some(self),
            Self::Less => Some(Self::Greater),
            Self::LessOrEqual => Some(Self::GreaterOrEqual),
            Self::Greater => Some(Self::Less),
            Self::GreaterOrEqual => Some(Self::LessOrEqual),
            Self::In | Self::Matches => None,
        }
    }
}

impl Operand {
    pub(super) fn span(&self) -> Range<usize> {
        match self {
            Self::Fact(Name { span, .. }) | Self::Literal(_, span) | Self::List(_, span) => span.0.clone(),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => value.fmt(f),
            Self::Fact(name) => f.write_str(&name.text),
            Self::Not(inner) => match &**inner {
                Self::Constant(_) | Self::Fact(_) | Self::Not(_) => write!(f, "!{inner}"),
                _ => write!(f, "!({inner})"),
            },
            Self::And(parts) => joined(f, parts, " && "),
            Self::Or(parts) => joined(f, parts, " || "),
            Self::Compare { left, op, right, .. } => write!(f, "{left} {} {right}", op.as_str()),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], sign: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(sign)?;
        }
        // An `&&` inside `||` needs no parentheses, but is easier to read with them.
        match part {
            Expr::And(_) | Expr::Or(_) => write!(f, "({part})")?,
            _ => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(name) => f.write_str(&name.text),
            Self::Literal(literal, _) => literal.fmt(f),
            Self::List(items, _) => {
                f.write_str("[")?;
                for (at, (item, _)) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Size(bytes) => f.write_str(&written(*bytes, &SIZES)),
            Self::Duration(nanos) => f.write_str(&written(*nanos, &DURATIONS)),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Boolean(value) => value.fmt(f),
        }
    }
}

/// A text as it is written in a condition.
pub(in crate::engine::route) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
