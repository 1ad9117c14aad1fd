//! From what the index found to Markdown: the words in bold, and nothing else that means something.

const BEGIN: char = '\u{2}';
const END: char = '\u{3}';

/// Whether a word in it was found.
pub(super) fn is_marked(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The text with its marks turned into bold, as one line in which no other sign is Markdown.
pub(super) fn markdown(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len() + 8);
    for (at, c) in text.trim().char_indices() {
        match c {
            BEGIN | END => markdown.push_str("**"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' => markdown.extend(['\\', c]),
            // These mean something at the beginning of a line only.
            '#' | '-' | '+' | '=' if at == 0 => markdown.extend(['\\', c]),
            _ => markdown.push(c),
        }
    }
    markdown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_words_are_bold_and_nothing_else_is() {
        let text = "# a *b* \u{2}lid\u{3} <i>_x_</i> - c ";
        assert!(is_marked(text) && !is_marked("lid"));
        assert_eq!(markdown(text), r"\# a \*b\* **lid** \<i\>\_x\_\</i\> - c");
    }
}
