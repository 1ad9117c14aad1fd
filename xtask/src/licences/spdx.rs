//! SPDX licence expressions: `OR`, `AND`, `WITH`, parentheses, and `/`, which old manifests write for `OR`.

use std::iter::Peekable;
use std::vec::IntoIter;

/// A parsed expression. `WITH` binds tighter than `AND`, and `AND` tighter than `OR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// One licence, its exception included: `MIT`, `Apache-2.0 WITH LLVM-exception`.
    Licence(String),
    /// Both sides bind.
    And(Box<Self>, Box<Self>),
    /// The user chooses.
    Or(Box<Self>, Box<Self>),
}

impl Expression {
    /// Reads `text`; the error says what was expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let spaced = ["(", ")", "/"]
            .iter()
            .fold(text.to_owned(), |text, mark| text.replace(mark, &format!(" {mark} ")));
        let mut words = spaced.split_whitespace().collect::<Vec<_>>().into_iter().peekable();
        let expression = or(&mut words)?;
        match words.next() {
            None => Ok(expression),
            Some(word) => Err(format!("expected OR, AND or the end, found `{word}`")),
        }
    }

    /// Whether the terms can be met with licences that are `allowed`.
    pub(super) fn holds(&self, allowed: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Licence(licence) => allowed(licence),
            Self::And(left, right) => left.holds(allowed) && right.holds(allowed),
            Self::Or(left, right) => left.holds(allowed) || right.holds(allowed),
        }
    }
}

type Words<'t> = Peekable<IntoIter<&'t str>>;

fn or(words: &mut Words<'_>) -> Result<Expression, String> {
    let mut left = and(words)?;
    while words.next_if(|word| matches!(*word, "OR" | "/")).is_some() {
        left = Expression::Or(Box::new(left), Box::new(and(words)?));
    }
    Ok(left)
}

fn and(words: &mut Words<'_>) -> Result<Expression, String> {
    let mut left = term(words)?;
    while words.next_if_eq(&"AND").is_some() {
        left = Expression::And(Box::new(left), Box::new(term(words)?));
    }
    Ok(left)
}

fn term(words: &mut Words<'_>) -> Result<Expression, String> {
    if words.next_if_eq(&"(").is_some() {
        let inner = or(words)?;
        return match words.next() {
            Some(")") => Ok(inner),
            other => Err(format!("expected `)`, found {}", show(other))),
        };
    }
    let licence = identifier(words, "a licence")?;
    if words.next_if_eq(&"WITH").is_some() {
        return Ok(Expression::Licence(format!("{licence} WITH {}", identifier(words, "an exception")?)));
    }
    Ok(Expression::Licence(licence.to_owned()))
}

fn identifier<'t>(words: &mut Words<'t>, what: &str) -> Result<&'t str, String> {
    let is_identifier = |word: &&str| {
        !matches!(*word, "OR" | "AND" | "WITH")
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':'))
    };
    words
        .next_if(is_identifier)
        .ok_or_else(|| format!("expected {what}, found {}", show(words.peek().copied())))
}

fn show(word: Option<&str>) -> String {
    word.map_or("the end".to_owned(), |word| format!("`{word}`"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(text: &str, allowed: &[&str]) -> bool {
        Expression::parse(text).unwrap().holds(&|licence| allowed.contains(&licence))
    }

    #[test]
    fn expressions_hold_when_their_terms_can_be_met() {
        for (text, allowed, expected) in [
            ("MIT", &["MIT"][..], true),
            ("MIT", &["ISC"], false),
            ("MIT OR Apache-2.0", &["Apache-2.0"], true),
            ("MIT/Apache-2.0", &["Apache-2.0"], true),
            ("MIT AND ISC", &["MIT"], false),
            ("MIT AND ISC", &["MIT", "ISC"], true),
            ("GPL-3.0 AND ISC OR MIT", &["MIT"], true),
            ("MIT OR ISC AND GPL-3.0", &["ISC"], false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", &["MIT", "Unicode-3.0"], true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", &["MIT"], false),
            ("Apache-2.0 WITH LLVM-exception", &["Apache-2.0"], false),
            ("Apache-2.0 WITH LLVM-exception", &["Apache-2.0 WITH LLVM-exception"], true),
            ("Apache-2.0 WITH LLVM-exception OR MIT", &["MIT"], true),
            ("((MIT))", &["MIT"], true),
        ] {
            assert_eq!(holds(text, allowed), expected, "{text} with {allowed:?}");
        }
    }

    #[test]
    fn broken_expressions_say_what_was_expected() {
        for (text, expected) in [
            ("", "expected a licence, found the end"),
            ("MIT OR", "expected a licence, found the end"),
            ("OR MIT", "expected a licence, found `OR`"),
            ("MIT ISC", "expected OR, AND or the end, found `ISC`"),
            ("(MIT", "expected `)`, found the end"),
            ("MIT)", "expected OR, AND or the end, found `)`"),
            ("MIT WITH (ISC)", "expected an exception, found `(`"),
            ("MIT, ISC", "expected a licence, found `MIT,`"),
        ] {
            assert_eq!(Expression::parse(text), Err(expected.to_owned()), "{text}");
        }
    }

    /// Writes every pair of parentheses.
    fn write(expression: &Expression) -> String {
        match expression {
            Expression::Licence(licence) => licence.clone(),
            Expression::And(left, right) => format!("({} AND {})", write(left), write(right)),
            Expression::Or(left, right) => format!("({} OR {})", write(left), write(right)),
        }
    }

    fn expressions() -> impl Strategy<Value = Expression> {
        let licence = prop::sample::select(vec!["MIT", "ISC", "GPL-3.0+", "Apache-2.0 WITH LLVM-exception"]);
        licence.prop_map(|licence| Expression::Licence(licence.to_owned())).prop_recursive(
            4,
            16,
            2,
            |inner| {
                (inner.clone(), inner, any::<bool>()).prop_map(|(left, right, and)| {
                    let (left, right) = (Box::new(left), Box::new(right));
                    if and { Expression::And(left, right) } else { Expression::Or(left, right) }
                })
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(expression in expressions()) {
            prop_assert_eq!(Expression::parse(&write(&expression)), Ok(expression));
        }

        #[test]
        fn any_text_is_answered(text in "[A-Z()/ +.-]{0,40}") {
            let _ = Expression::parse(&text);
        }
    }
}
