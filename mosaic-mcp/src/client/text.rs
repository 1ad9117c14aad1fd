//! What others write, fit for an error or a log: on one line, and short.

/// The longest text that is kept of what a server says, in characters.
const LONGEST: usize = 400;

/// One line of at most [`LONGEST`] characters.
pub(super) fn told(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST));
    let (mut length, mut gap) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = length > 0;
            continue;
        }
        let needed = 1 + usize::from(gap);
        if length + needed > LONGEST {
            line.push('…');
            break;
        }
        if gap {
            line.push(' ');
        }
        line.push(c);
        (length, gap) = (length + needed, false);
    }
    line
}

/// A name as it is shown in a message: quoted, at most 80 characters.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().take(80).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_feeds_go_and_the_rest_is_cut() {
        assert_eq!(told("  bad\n\tthing\u{7}! "), "bad thing !");
        assert_eq!(told(&"a".repeat(5_000)).chars().count(), LONGEST + 1);
        assert_eq!(told(&"a b".repeat(5_000)).chars().count(), LONGEST + 1);
        assert_eq!(told(""), "");
    }
}
