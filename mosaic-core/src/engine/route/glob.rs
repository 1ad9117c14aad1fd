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
    form: Form,
    /// Which tokens may stand for nothing, by bit: runs, and whole segments. Only where there are few tokens.
    runs: u64,
    segments: u64,
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

/// What can be matched without tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Exact,
    /// So many bytes, then anything.
    Prefix(usize),
    Other,
}

/// The most tokens whose positions fit into the bits of a number, with one behind the last.
const FEW: usize = 63;

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
        let form = match text.find(['*', '?']) {
            None => Form::Exact,
            Some(at) if &text[at..] == if path { "**" } else { "*" } => Form::Prefix(at),
            Some(_) => Form::Other,
        };
        let bits = |wanted: fn(&Token) -> bool| {
            let places = tokens.iter().take(FEW).enumerate().filter(|(_, token)| wanted(token));
            places.fold(0, |bits, (at, _)| bits | 1 << at)
        };
        let runs = bits(|token| matches!(token, Token::Run | Token::Deep));
        let segments = bits(|token| matches!(token, Token::Segments));
        Self { text: text.into(), tokens: tokens.into(), path, form, runs, segments }
    }

    /// The text it was made from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `subject` matches. Takes at most the product of both lengths.
    pub fn matches(&self, subject: &str) -> bool {
        match self.form {
            Form::Exact => subject == &*self.text,
            Form::Prefix(length) => subject.starts_with(&self.text[..length]),
            Form::Other if self.tokens.len() <= FEW => self.matches_short(subject),
            Form::Other => self.matches_long(subject),
        }
    }

    /// As below, the set being the bits of a number.
    fn matches_short(&self, subject: &str) -> bool {
        let skip_empty = |mut at: u64, behind_slash: bool| {
            let empty = self.runs | if behind_slash { self.segments } else { 0 };
            loop {
                let more = at | (at & empty) << 1;
                if more == at {
                    return at;
                }
                at = more;
            }
        };
        let end = 1 << self.tokens.len();
        let mut at = skip_empty(1, true);
        for c in subject.chars() {
            let slash = self.path && c == '/';
            let (mut next, mut rest) = (0, at & (end - 1));
            while rest != 0 {
                let position = rest.trailing_zeros();
                rest &= rest - 1;
                next |= match self.tokens[position as usize] {
                    Token::Char(expected) => u64::from(expected == c) << (position + 1),
                    Token::One => u64::from(!slash) << (position + 1),
                    Token::Run => u64::from(!slash) << position,
                    Token::Deep | Token::Segments => 1 << position,
                };
            }
            at = skip_empty(next, c == '/');
            if at == 0 {
                return false;
            }
        }
        at & end != 0
    }

    fn matches_long(&self, subject: &str) -> bool {
        // A set of positions in the pattern, moved on by one character of the subject at a time: no backtracking, so no
        // pattern and subject can make it slow.
        let tokens = &self.tokens;
        let mut at: SmallVec<[bool; 96]> = smallvec![false; tokens.len() + 1];
        at[0] = true;
        self.skip_empty(&mut at, true);
        let mut next = at.clone();
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
            self.skip_empty(&mut at, c == '/');
        }
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
        match self.form {
            Form::Exact => Shape::Exact(&self.text),
            Form::Prefix(length) => Shape::Prefix(&self.text[..length]),
            // In a path the slash that follows `**` may be missing from the subject, so it is no part of what must be there.
            Form::Other => Shape::Inner(
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
            let compiled = Glob::new(&glob, false);
            prop_assert_eq!(compiled.matches(&subject), naive(&chars(&glob), &chars(&subject)));
        }

        #[test]
        fn short_and_long_globs_are_matched_alike(glob in "([ab*?/]|\\*\\*/){0,10}", subject in "[ab/]{0,12}", path in any::<bool>()) {
            let glob = Glob::new(&glob, path);
            prop_assert_eq!(glob.matches_short(&subject), glob.matches_long(&subject));
            prop_assert_eq!(glob.matches(&subject), glob.matches_long(&subject));
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
