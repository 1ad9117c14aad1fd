//! The name of a new provider, in the forms that its files want.

use crate::error::{Error, Result};

/// Names of rooms that are there already and are no providers, and words that no module may be called.
const TAKEN: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "cursor", "default", "dyn", "else",
    "enum", "extern", "fake", "false", "fn", "for", "forge", "http", "if", "impl", "in", "let", "local",
    "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "super",
    "support", "trait", "true", "type", "unsafe", "use", "vendors", "webhook", "where", "while", "yield",
];

/// A name such as `code_lake`: lower case, for configurations, features and modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// A name that can be a module and a feature.
    pub(super) fn new(text: &str) -> Result<Self> {
        let usage = |why: &str| Error::Usage(format!("`{text}` cannot be a provider: {why}"));
        let mut characters = text.chars();
        let begins = characters.next().is_some_and(|c| c.is_ascii_lowercase());
        if !begins || !characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Err(usage("a name has small letters, digits and `_`, and begins with a letter"));
        }
        if text.len() > 30 || text.ends_with('_') || text.contains("__") {
            return Err(usage("a name has at most 30 characters, and single `_` inside only"));
        }
        if TAKEN.contains(&text) {
            return Err(usage("the word is taken"));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The words of it, each with a capital: `CodeLake` and, apart, `Code Lake`.
    fn words(&self, between: &str) -> String {
        let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        self.0.split('_').map(capital).collect::<Vec<_>>().join(between)
    }

    /// The beginning of its types.
    pub(super) fn type_name(&self) -> String {
        self.words("")
    }

    /// The product, for people.
    pub(super) fn product(&self) -> String {
        self.words(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_forms() {
        let name = Name::new("code_lake2").unwrap();
        assert_eq!((name.type_name().as_str(), name.product().as_str()), ("CodeLake2", "Code Lake2"));
    }

    #[test]
    fn names_that_no_module_can_have_are_refused() {
        for text in
            ["", "2git", "Git", "code-lake", "a__b", "a_", "_a", "match", "http", "über", &"a".repeat(31)]
        {
            let error = Name::new(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` cannot be a provider: ")), "{error}");
        }
    }
}
