//! From what a person types to a query of the index: the only place that makes one.

use mosaic_core::error::Result;

use super::fault::invalid;

/// The number of characters of a query at most.
const QUERY_MAX: usize = 1_000;

/// A query for every word and phrase of a text; none where it has no word. Each piece is quoted, so nothing in it means
/// anything to the index.
pub(super) fn of(text: &str) -> Result<Option<String>> {
    if text.chars().count() > QUERY_MAX {
        return Err(invalid(format!("query: must have at most {QUERY_MAX} characters")));
    }
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        let last = pieces.last_mut().filter(|_| c != '"' && (quoted || !c.is_whitespace()));
        match last {
            Some(piece) => piece.push(if c.is_control() { ' ' } else { c }),
            None => pieces.push(String::new()),
        }
        quoted ^= c == '"';
    }
    pieces.retain(|piece| piece.contains(char::is_alphanumeric));
    let quoted: Vec<String> = pieces.iter().map(|piece| format!("\"{piece}\"")).collect();
    Ok((!quoted.is_empty()).then(|| quoted.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_phrases_are_quoted() {
        for (text, expected) in [
            ("release checklist", r#""release" "checklist""#),
            (r#"the "release  checklist" now"#, r#""the" "release  checklist" "now""#),
            (r#"a"b c"d"#, r#""a" "b c" "d""#),
            (r#""open end"#, r#""open end""#),
            ("NOT (title:x OR y*) NEAR", r#""NOT" "(title:x" "OR" "y*)" "NEAR""#),
            ("a\u{0}b - ' c", r#""a b" "c""#),
        ] {
            assert_eq!(of(text).unwrap().as_deref(), Some(expected));
        }
        for nothing in ["", " ", "\"", "\"\"", "!?", "\" \" - *"] {
            assert_eq!(of(nothing).unwrap(), None, "{nothing:?}");
        }
        assert!(of(&"x".repeat(QUERY_MAX)).is_ok());
        assert!(of(&"x".repeat(QUERY_MAX + 1)).is_err());
    }
}
