//! The text of a configuration file: where its lines begin, and which parts of it no report may show.

use std::ops::Range;

/// A range of bytes in the text.
pub(super) type Span = Range<usize>;

/// The text, its name, and what is masked where a line of it is shown.
#[derive(Clone)]
pub(super) struct Source {
    name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    masked: Vec<Span>,
}

/// A line as a report shows it, and where the marked part of it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) text: String,
    /// Columns from 0, of the line as it is shown; empty where nothing is marked.
    pub(super) marked: Range<usize>,
}

/// Longer lines are cut.
const WIDEST: usize = 160;
/// What stands for a part that is not shown.
pub(super) const MASK: &str = "***";

impl Source {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, lines, masked: Vec::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// No report shows this part, but for the names of variables in it.
    pub(super) fn mask(&mut self, span: Span) {
        let mut begin = span.start;
        let inner = self.text.get(span.clone()).unwrap_or_default();
        for (at, _) in inner.match_indices("${") {
            let name = inner[at + 2..].find('}').filter(|length| is_name(&inner[at + 2..at + 2 + length]));
            if let Some(length) = name {
                self.masked.push(begin..span.start + at);
                begin = span.start + at + length + 3;
            }
        }
        self.masked.push(begin..span.end);
    }

    /// Line and column of a byte, both counted from 1; columns are characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.line_of(at);
        let column = self.text.get(self.lines[line]..at).map_or(0, |before| before.chars().count());
        (line + 1, column + 1)
    }

    /// The line in which a span begins, with what is masked replaced, and the part of it that the span covers.
    pub(super) fn show(&self, span: &Span) -> Shown {
        let line = self.line_of(span.start);
        let begin = self.lines[line];
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let whole = self.text.get(begin..end).unwrap_or_default();
        let mut masks: Vec<&Span> = self
            .masked
            .iter()
            .filter(|mask| mask.start < end && begin < mask.end && !mask.is_empty())
            .collect();
        masks.sort_unstable_by_key(|mask| mask.start);
        let (mut masks, mut hidden_until) = (masks.into_iter().peekable(), 0);
        let (mut text, mut width, mut marked) = (String::new(), 0, None::<Range<usize>>);
        // Where the mask that stands for the character began.
        let mut masking = None;
        for (offset, c) in whole.trim_end().char_indices() {
            let at = begin + offset;
            if width > WIDEST {
                break;
            }
            while let Some(mask) = masks.next_if(|mask| mask.start <= at) {
                hidden_until = mask.end.max(hidden_until);
            }
            let mut from = width;
            if at >= hidden_until {
                masking = None;
                text.push(if c.is_control() { ' ' } else { c });
                width += 1;
            } else if let Some(begin) = masking {
                from = begin;
            } else {
                masking = Some(width);
                text.push_str(MASK);
                width += MASK.len();
            }
            if span.contains(&at) || (span.is_empty() && span.start == at) {
                let start = marked.map_or(from, |marked| marked.start);
                marked = Some(start..width);
            }
        }
        if text.chars().count() > WIDEST {
            text = text.chars().take(WIDEST).chain(['…']).collect();
        }
        let shown = text.chars().count();
        let marked = marked.filter(|marked| marked.start < shown && !marked.is_empty());
        Shown { marked: marked.map_or(0..0, |marked| marked.start..marked.end.min(shown)), text }
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at).saturating_sub(1)
    }
}

/// Whether a text is the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let source = Source::new("x", "a\n  ü: b\n");
        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.place(source.text().find('b').unwrap()), (2, 6));
        assert_eq!(source.place(source.text().len()), (3, 1));
    }

    #[test]
    fn what_is_masked_is_not_shown() {
        let mut source = Source::new("x", "key: s3cr3t # why\n");
        source.mask(5..11);
        assert_eq!(source.show(&(5..11)), Shown { text: "key: *** # why".into(), marked: 5..8 });
        assert_eq!(source.show(&(7..9)), Shown { text: "key: *** # why".into(), marked: 5..8 });
        assert_eq!(source.show(&(0..3)).marked, 0..3);
    }

    #[test]
    fn long_lines_are_cut_and_masks_may_overlap() {
        let mut source = Source::new("x", "k: aaaa bbbb ".repeat(10_000));
        for at in 0..10_000 {
            source.mask(at * 13 + 3..at * 13 + 7);
            source.mask(at * 13 + 5..at * 13 + 12);
        }
        let shown = source.show(&(3..5));
        assert!(shown.text.starts_with("k: *** k: *** k") && shown.text.ends_with('…'), "{}", shown.text);
        assert_eq!((shown.text.chars().count(), shown.marked), (WIDEST + 1, 3..6));
        assert!(source.show(&(100_000..100_001)).marked.is_empty());
    }

    #[test]
    fn names_of_variables_are_shown_and_their_defaults_are_not() {
        let mut source = Source::new("x", "a${B}c ${D:-e}${F}");
        source.mask(0..18);
        assert_eq!(source.show(&(1..5)), Shown { text: "***${B}***${F}".into(), marked: 3..7 });
    }

    #[test]
    fn a_span_that_ends_on_another_line_is_marked_to_the_end_of_its_first() {
        let source = Source::new("x", "a: one\n  two\n");
        assert_eq!(source.show(&(3..12)), Shown { text: "a: one".into(), marked: 3..6 });
    }
}
