//! From Markdown to the words that a reader sees: what a search looks at.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The words of a text, without the signs of Markdown, tags of HTML, addresses of links and control characters.
pub(super) fn plain(markdown: &str) -> String {
    let mut words = String::with_capacity(markdown.len());
    for event in parser(markdown) {
        match event {
            Event::Text(text) | Event::Code(text) => push(&mut words, &text),
            Event::Html(html) => push_around_tags(&mut words, &html),
            // A tag inside a word, as in H<sub>2</sub>O, does not part it; everything else does.
            Event::InlineHtml(_) | Event::Start(_) => {}
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link) => {}
            _ => part(&mut words),
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// The text of the first heading that has one.
pub(super) fn first_heading(markdown: &str) -> Option<String> {
    let mut heading: Option<String> = None;
    for event in parser(markdown) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), Some(text)) => {
                if !text.trim().is_empty() {
                    return Some(text.trim().into());
                }
                heading = None;
            }
            (Event::Text(text) | Event::Code(text), Some(words)) => push(words, &text),
            (Event::SoftBreak | Event::HardBreak, Some(words)) => part(words),
            _ => {}
        }
    }
    None
}

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(markdown, options)
}

fn push(words: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() { part(words) } else { words.push(c) }
    }
}

fn part(words: &mut String) {
    if !words.is_empty() && !words.ends_with(' ') {
        words.push(' ');
    }
}

fn push_around_tags(words: &mut String, html: &str) {
    for (at, piece) in html.split('<').enumerate() {
        let text = if at == 0 { Some(piece) } else { piece.split_once('>').map(|(_, text)| text) };
        part(words);
        push(words, text.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_those_that_a_reader_sees() {
        let text = "# The *lid*\n\nIt **leaks** at the `valve`, see [the plan](https://example.org/secret).\n\n\
            - one\n- two\n\n| a | b |\n|---|---|\n| c | d |\n\n```rust\nlet x = 1;\n```\n\n<div>boxed</div>\n\n\
            ![the drawing](a.png) H<sub>2</sub>O\n";
        let words = plain(text);
        assert_eq!(
            words,
            "The lid It leaks at the valve, see the plan. one two a b c d let x = 1; boxed the drawing H2O"
        );
        assert_eq!(first_heading(text).as_deref(), Some("The lid"));
    }

    #[test]
    fn a_text_without_a_heading_has_none() {
        assert_eq!(first_heading("only text\n\n#\n"), None);
        assert_eq!(first_heading("a\n=\n").as_deref(), Some("a"));
    }

    proptest! {
        #[test]
        fn any_text_has_words_without_control_characters(text in any::<String>()) {
            prop_assert!(!plain(&text).contains(char::is_control));
            let _ = first_heading(&text);
        }
    }
}
