//! Patterns: a selector that picks a fact of the call, and a glob that the fact must match.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// A pattern of a rule, such as `org:internal-*`. Names match without regard to (ASCII) case, paths with it.
///
/// The selectors `org`, `repo`, `user`, `path` and `private` are there always; [`SelectorDef`](super::SelectorDef) declares
/// others. That a selector is declared, and that the rest suits it, is checked where the rules are compiled.
///
/// ```
/// use mosaic_core::engine::route::Pattern;
///
/// let pattern: Pattern = "org:internal-*".parse()?;
/// assert_eq!((pattern.selector(), pattern.glob()), ("org", "internal-*"));
/// assert!("internal-*".parse::<Pattern>().is_err());
/// # Ok::<(), mosaic_core::engine::route::InvalidPattern>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    colon: usize,
}

/// A text that is no pattern, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {text:?}: {reason}")]
pub struct InvalidPattern {
    text: String,
    pub(super) reason: &'static str,
    pub(super) span: Range<usize>,
}

/// Longer texts are no pattern: matching is bounded by the product of both lengths.
const LONGEST: usize = 512;

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let fault =
            |reason, span| Err(InvalidPattern { text: text.chars().take(80).collect(), reason, span });
        let Some((selector, glob)) = text.split_once(':') else {
            return fault("begin with a selector and a colon, such as org: or repo:", 0..text.len());
        };
        let colon = selector.len();
        if !is_selector(selector) {
            return fault("a selector is a lower-case letter, then letters, digits and `-`", 0..colon);
        }
        if glob.is_empty() {
            return fault("nothing follows the colon", 0..text.len());
        }
        if glob.len() > LONGEST {
            return fault("it is longer than 512 bytes", colon + 1..text.len());
        }
        Ok(Self { text: text.into(), colon })
    }
}

impl Pattern {
    /// What stands before the colon.
    pub fn selector(&self) -> &str {
        &self.text[..self.colon]
    }

    /// What stands behind it.
    pub fn glob(&self) -> &str {
        &self.text[self.colon + 1..]
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a text can be the name of a selector: a lower-case letter, then letters, digits and `-`, 64 bytes at most.
pub(super) fn is_selector(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("internal-*", "begin with"),
            ("Orgs:x", "lower-case"),
            ("org:", "nothing follows"),
            (":x", "lower-case"),
        ] {
            let error = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(format!("org:{}", "x".repeat(513)).parse::<Pattern>().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_a_clear_error(text in ".{0,40}|[a-z:*-]{0,12}") {
            match text.parse::<Pattern>() {
                Ok(pattern) => prop_assert_eq!(pattern.to_string(), text),
                Err(error) => {
                    prop_assert!(!error.to_string().is_empty());
                    prop_assert!(text.get(error.span).is_some());
                }
            }
        }
    }
}
