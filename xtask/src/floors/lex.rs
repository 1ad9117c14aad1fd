//! A lexer for the part of Rust that paths need: comments, strings and lifetimes drop out.

/// What is left of a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// An identifier or keyword; `r#` is removed.
    Ident(&'s str),
    /// `::`.
    Colons,
    /// Any other character.
    Punct(char),
}

/// The tokens of `source`, each with its line, counted from one.
pub(super) fn tokens(source: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, token) = next(rest, first);
        tokens.extend(token.map(|token| (line, token)));
        let (read, unread) = rest.split_at(length);
        line += read.matches('\n').count();
        rest = unread;
    }
    tokens
}

/// Length of what `rest` begins with, and its token if it has one. The length is never zero.
fn next(rest: &str, first: char) -> (usize, Option<Token<'_>>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), None);
    }
    if let Some(length) = string(rest).or_else(|| character(rest)) {
        return (length, None);
    }
    if let Some(raw) = rest.strip_prefix("r#") {
        let length = word(raw);
        return (2 + length, Some(Token::Ident(&raw[..length])));
    }
    if rest.starts_with("::") {
        return (2, Some(Token::Colons));
    }
    match first {
        '\'' => (1 + word(&rest[1..]), None),
        _ if first.is_ascii_digit() => (word(rest), None),
        _ if is_word(first) => (word(rest), Some(Token::Ident(&rest[..word(rest)]))),
        _ if first.is_whitespace() => (first.len_utf8(), None),
        _ => (first.len_utf8(), Some(Token::Punct(first))),
    }
}

/// Length of a block comment, nested ones included.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let tail = &rest.as_bytes()[at..];
        let (step, change) = match tail {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of a string literal of any kind, if `rest` begins with one.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix).map(|rest| rest.trim_start_matches('#'));
        after.is_some_and(|after| after.starts_with('"'))
    })?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    let open = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(rest[open..].find(&close).map_or(rest.len(), |at| open + at + close.len()));
    }
    (hashes == 0).then(|| open + quoted(&rest[open..], b'"'))
}

/// Length of a character or byte literal; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let open = if rest.starts_with("b'") { 2 } else { 1 };
    let body = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let mut chars = body.chars();
    let first = chars.next()?;
    (first == '\\' || chars.next() == Some('\'')).then(|| open + quoted(body, b'\''))
}

/// Length up to and including the closing quote; a backslash takes the next byte with it.
fn quoted(body: &str, close: u8) -> usize {
    let mut escaped = false;
    let end = body.bytes().position(|byte| {
        let closes = byte == close && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    end.map_or(body.len(), |at| at + 1)
}

fn word(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(source: &str) -> Vec<&str> {
        let idents = tokens(source).into_iter().filter_map(|(_, token)| match token {
            Token::Ident(word) => Some(word),
            _ => None,
        });
        idents.collect()
    }

    #[test]
    fn comments_and_literals_drop_out() {
        for (source, expected) in [
            ("a // b\nc", vec!["a", "c"]),
            ("/// crate::x\n//! y\nz", vec!["z"]),
            ("a /* b /* c */ d */ e", vec!["a", "e"]),
            (r#"a "b \" c" d"#, vec!["a", "d"]),
            (r###"a r##"b "# c"## d"###, vec!["a", "d"]),
            (r##"a br#"b"# c"d" b"e\\" f"##, vec!["a", "f"]),
            (r"a 'b' '\'' '\u{41}' b'c' b'\\' d", vec!["a", "d"]),
            ("fn f<'a>(x: &'a str, y: &'static str)", vec!["fn", "f", "x", "str", "y", "str"]),
            ("r#type r crate b", vec!["type", "r", "crate", "b"]),
            ("1_000u64 0xff 1.5e3 x", vec!["x"]),
        ] {
            assert_eq!(words(source), expected, "{source}");
        }
    }

    #[test]
    fn lines_are_counted_through_literals() {
        let lines: Vec<usize> = tokens("a\n/*\n\n*/ b \"\n\" c").into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 4, 5]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(source in "[a-z'\"#/*r\\\\:é\n ]{0,60}") {
            let _ = tokens(&source);
        }
    }
}
