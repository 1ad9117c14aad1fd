//! Patterns: a selector that picks a fact of the call, and a glob that the fact must match.

use std::fmt;
use std::str::FromStr;

/// The fact of a call that a pattern looks at.
///
/// ```
/// use mosaic_core::engine::route::Selector;
///
/// assert_eq!(Selector::Org.prefix(), "org");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Selector {
    /// The organisation, group or user that owns the thing.
    Org,
    /// The thing: its name, or `owner/name` where the glob has a slash.
    Repo,
    /// The name of the person or agent who calls.
    User,
    /// The path inside the thing.
    Path,
    /// Whether the thing is private: `true` or `false`.
    Private,
}

impl Selector {
    /// Every selector.
    pub const ALL: [Self; 5] = [Self::Org, Self::Repo, Self::User, Self::Path, Self::Private];

    /// What stands before the colon.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Repo => "repo",
            Self::User => "user",
            Self::Path => "path",
            Self::Private => "private",
        }
    }
}

/// A pattern of a rule, such as `org:internal-*`. Names match without regard to (ASCII) case, paths with it.
///
/// ```
/// use mosaic_core::engine::route::Pattern;
///
/// let pattern: Pattern = "org:internal-*".parse()?;
/// assert!(pattern.glob().matches("internal-tools"));
/// assert!("organisation:x".parse::<Pattern>().is_err());
/// # Ok::<(), mosaic_core::engine::route::InvalidPattern>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    selector: Selector,
    text: Box<str>,
    glob: Glob,
}

/// A text that is no pattern, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {text:?}: {reason}")]
pub struct InvalidPattern {
    text: String,
    reason: &'static str,
}

/// Longer texts are no pattern: matching is bounded by the product of both lengths.
const LONGEST: usize = 512;

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let fault = |reason| Err(InvalidPattern { text: text.chars().take(80).collect(), reason });
        let Some((prefix, glob)) = text.split_once(':') else {
            return fault("begin with one of org: repo: user: path: private:");
        };
        let Some(selector) = Selector::ALL.into_iter().find(|selector| selector.prefix() == prefix) else {
            return fault("the part before the colon is none of org repo user path private");
        };
        if glob.is_empty() {
            return fault("nothing follows the colon");
        }
        if glob.len() > LONGEST {
            return fault("it is longer than 512 bytes");
        }
        if selector == Selector::Private && !matches!(glob, "true" | "false") {
            return fault("private: takes true or false");
        }
        // Forges compare names without regard to case. A pin that did would leak what is spelt otherwise.
        let folded = if selector == Selector::Path { glob.to_string() } else { glob.to_ascii_lowercase() };
        Ok(Self { selector, text: text.into(), glob: Glob::new(&folded, selector == Selector::Path) })
    }
}

impl Pattern {
    /// The fact it looks at.
    pub fn selector(&self) -> Selector {
        self.selector
    }

    /// What the fact must match: in lower case, but for paths.
    pub fn glob(&self) -> &Glob {
        &self.glob
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A glob: `*` is any run of characters, `?` any one character. In paths `*` and `?` stop at a slash and `**` does not;
/// `**/` also stands for nothing.
///
/// ```
/// use mosaic_core::engine::route::Glob;
///
/// assert!(Glob::new("acme/*", false).matches("acme/widget"));
/// assert!(Glob::new("docs/**/*.md", true).matches("docs/a/b.md"));
/// assert!(!Glob::new("docs/*.md", true).matches("docs/a/b.md"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: Box<str>,
    tokens: Box<[Token]>,
    path: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `**` of a path
    Deep,
    /// `**/` of a path: any number of whole segments
    Segments,
}

/// What a glob is, as far as an index cares.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// Exactly this text.
    Exact(&'a str),
    /// Everything that begins so.
    Prefix(&'a str),
    /// Anything else; every match has this text inside.
    Inner(&'a str),
}

impl Glob {
    /// Compiles a glob. Every text is one; `path` makes slashes count.
    pub fn new(text: &str, path: bool) -> Self {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (token, length) = if path && rest.starts_with("**/") && at_segment_start(text, rest) {
                (Token::Segments, 3)
            } else if rest.starts_with("**") {
                (if path { Token::Deep } else { Token::Run }, 2)
            } else {
                match c {
                    '*' => (Token::Run, 1),
                    '?' => (Token::One, 1),
                    c => (Token::Char(c), c.len_utf8()),
                }
            };
            // Two runs in a row are one; it keeps the matcher from doing everything twice.
            if !(matches!(token, Token::Run | Token::Deep) && tokens.last() == Some(&token)) {
                tokens.push(token);
            }
            rest = &rest[length..];
        }
        Self { text: text.into(), tokens: tokens.into(), path }
    }

    /// The text it was made from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `subject` matches. Takes at most the product of both lengths.
    pub fn matches(&self, subject: &str) -> bool {
        // A set of positions in the pattern, moved on by one character of the subject at a time: no backtracking, so no
        // pattern and subject can make it slow.
        let tokens = &self.tokens;
        let mut at = vec![false; tokens.len() + 1];
        at[0] = true;
        self.skip_empty(&mut at, true);
        let mut next = vec![false; tokens.len() + 1];
        let mut previous = '/';
        for c in subject.chars() {
            next.fill(false);
            let slash = self.path && c == '/';
            for (position, token) in tokens.iter().enumerate().filter(|(position, _)| at[*position]) {
                match token {
                    Token::Char(expected) => next[position + 1] |= *expected == c,
                    Token::One => next[position + 1] |= !slash,
                    Token::Run => next[position] |= !slash,
                    Token::Deep | Token::Segments => next[position] = true,
                }
            }
            std::mem::swap(&mut at, &mut next);
            previous = c;
            self.skip_empty(&mut at, previous == '/');
        }
        let _ = previous;
        at[tokens.len()]
    }

    /// Runs may stand for nothing; whole segments may end only behind a slash (or at the very beginning).
    fn skip_empty(&self, at: &mut [bool], behind_slash: bool) {
        for (position, token) in self.tokens.iter().enumerate() {
            let empty = match token {
                Token::Run | Token::Deep => true,
                Token::Segments => behind_slash,
                _ => false,
            };
            if empty && at[position] {
                at[position + 1] = true;
            }
        }
    }

    /// How an index can find it.
    pub(super) fn shape(&self) -> Shape<'_> {
        match self.text.find(['*', '?']) {
            None => Shape::Exact(&self.text),
            Some(at) if !self.path && &self.text[at..] == "*" => Shape::Prefix(&self.text[..at]),
            Some(at) if self.path && &self.text[at..] == "**" => Shape::Prefix(&self.text[..at]),
            // In a path the slash that follows `**` may be missing from the subject, so it is no part of what must be there.
            Some(_) => Shape::Inner(
                self.text
                    .split(['*', '?'])
                    .map(|part| if self.path { part.trim_start_matches('/') } else { part })
                    .max_by_key(|part| part.len())
                    .unwrap_or_default(),
            ),
        }
    }
}

fn at_segment_start(text: &str, rest: &str) -> bool {
    let before = &text[..text.len() - rest.len()];
    before.is_empty() || before.ends_with('/')
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_matches_and_what_does_not() {
        for (glob, path, yes, no) in [
            ("acme", false, vec!["acme"], vec!["acme2", "", "Acme"]),
            ("a*", false, vec!["a", "ab", "a/b"], vec!["b", "ba"]),
            ("*-x-*", false, vec!["-x-", "a-x-b"], vec!["ax", "-x"]),
            ("a?c", false, vec!["abc", "aäc"], vec!["ac", "abbc"]),
            ("*.md", true, vec!["a.md", ".md"], vec!["d/a.md"]),
            ("**/*.md", true, vec!["a.md", "d/a.md", "d/e/a.md"], vec!["a.txt"]),
            ("src/**", true, vec!["src/", "src/a", "src/a/b"], vec!["src", "lib/a"]),
            ("a/**/z", true, vec!["a/z", "a/b/z", "a/b/c/z"], vec!["a/bz", "az"]),
        ] {
            let glob = Glob::new(glob, path);
            for subject in yes {
                assert!(glob.matches(subject), "{:?} should match {subject:?}", glob.as_str());
            }
            for subject in no {
                assert!(!glob.matches(subject), "{:?} should not match {subject:?}", glob.as_str());
            }
        }
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("internal-*", "begin with"),
            ("orgs:x", "none of"),
            ("org:", "nothing follows"),
            ("private:yes", "true or false"),
        ] {
            let error = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    /// The same language said the slow and obvious way.
    fn naive(glob: &[char], subject: &[char]) -> bool {
        match glob.split_first() {
            None => subject.is_empty(),
            Some(('*', rest)) => (0..=subject.len()).any(|skip| naive(rest, &subject[skip..])),
            Some((c, rest)) => {
                subject.split_first().is_some_and(|(s, tail)| (*c == '?' || c == s) && naive(rest, tail))
            }
        }
    }

    proptest! {
        #[test]
        fn matches_like_the_obvious_matcher(glob in "[ab*?/]{0,8}", subject in "[ab/]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Glob::new(&glob, false).matches(&subject), naive(&chars(&glob), &chars(&subject)));
        }

        #[test]
        fn the_shape_promises_only_what_holds(glob in "[ab*?/]{0,8}", subject in "[ab/]{0,8}", path in any::<bool>()) {
            let glob = Glob::new(&glob, path);
            if glob.matches(&subject) {
                match glob.shape() {
                    Shape::Exact(text) => prop_assert_eq!(text, &subject),
                    Shape::Prefix(text) => prop_assert!(subject.starts_with(text)),
                    Shape::Inner(text) => prop_assert!(subject.contains(text), "{} in {}", text, subject),
                }
            } else if let Shape::Prefix(text) = glob.shape() {
                prop_assert!(!subject.starts_with(text));
            }
        }

        #[test]
        fn any_text_is_a_pattern_or_a_clear_error(text in ".{0,40}") {
            match text.parse::<Pattern>() {
                Ok(pattern) => prop_assert_eq!(pattern.to_string(), text),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
