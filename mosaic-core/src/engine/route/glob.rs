//! Globs: texts with `*` and `?`, matched without backtracking.

use smallvec::{SmallVec, smallvec};

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    text: Box<str>,
    tokens: Box<[Token]>,
    path: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        match self.shape() {
            Shape::Exact(text) => return subject == text,
            Shape::Prefix(prefix) => return subject.starts_with(prefix),
            Shape::Inner(_) => {}
        }
        // A set of positions in the pattern, moved on by one character of the subject at a time: no backtracking, so no
        // pattern and subject can make it slow.
        let tokens = &self.tokens;
        let mut at: SmallVec<[bool; 96]> = smallvec![false; tokens.len() + 1];
        at[0] = true;
        self.skip_empty(&mut at, true);
        let mut next = at.clone();
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
    }
}
