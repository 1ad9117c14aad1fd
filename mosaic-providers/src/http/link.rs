//! The `Link` header of lists (RFC 8288): which relations it has, and where they lead.

use http::HeaderMap;
use http::header::LINK;

/// The target of a relation, such as `next`, as it stands in the header; none where there is no such relation.
pub(crate) fn relation<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|value| find(value, wanted))
}

fn find<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let begin = rest.find('<')?;
        let end = begin + rest[begin..].find('>')?;
        let target = &rest[begin + 1..end];
        // Parameters reach to the next target; a quoted `<` in between is of no relation that lists have.
        let after = &rest[end + 1..];
        let next = after.find('<').unwrap_or(after.len());
        let named = after[..next].split([';', ',']).filter_map(|parameter| parameter.trim().split_once('='));
        let mut relations = named.filter(|(name, _)| name.trim_end().eq_ignore_ascii_case("rel"));
        let is = |value: &str| {
            value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|word| word.eq_ignore_ascii_case(wanted))
        };
        if relations.any(|(_, value)| is(value)) {
            return Some(target);
        }
        rest = &after[next..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn relations_are_found() {
        let header =
            r#"<https://host/a?page=2>; rel="next", <https://host/a?page=9>; title="x"; rel="last first""#;
        assert_eq!(find(header, "next"), Some("https://host/a?page=2"));
        assert_eq!(find(header, "first"), Some("https://host/a?page=9"));
        assert_eq!(find(header, "prev"), None);
        assert_eq!(find("<a>;REL=next", "next"), Some("a"));
        assert_eq!(find("no link", "next"), None);
        assert_eq!(find("<unclosed", "next"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_in_peace(text in "\\PC{0,80}") {
            find(&text, "next");
        }
    }
}
