//! What the id of a commit looks like.

/// Whether the text is a whole object id of SHA-1 or SHA-256.
pub(crate) fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_object_id;

    #[test]
    fn ids_are_whole_and_hexadecimal() {
        for good in ["0aF".repeat(20) + "0aF1", "d".repeat(40)] {
            assert!(is_object_id(&good), "{good}");
        }
        for bad in ["", "main", &"d".repeat(39), &"d".repeat(41), &"g".repeat(40)] {
            assert!(!is_object_id(bad), "{bad}");
        }
    }
}
