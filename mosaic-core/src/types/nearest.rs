//! The known name that a mistyped one probably meant.

/// Less alike than this, a suggestion would only puzzle.
const ALIKE: f64 = 0.5;

/// Names longer than this are compared by their beginning: comparing takes the product of both lengths.
const LONGEST: usize = 80;

/// The known name most like `name`, if any is alike enough. The last part of a dotted name stands for it too: `size` means
/// `build.size` where nothing is closer.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let likeness = |other: &str| {
        let whole = strsim::normalized_damerau_levenshtein(&name, &other.to_lowercase());
        let last = other.rsplit_once('.').map_or(0.0, |(_, last)| {
            0.9 * strsim::normalized_damerau_levenshtein(&name, &last.to_lowercase())
        });
        whole.max(last)
    };
    known
        .into_iter()
        .map(|other| (likeness(other), other))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        // Of equals the first one wins, so that the answer does not depend on chance.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["org", "repo", "build.size", "build.public", "user.region"];
        for (name, expected) in [
            ("ogr", Some("org")),
            ("Repo", Some("repo")),
            ("buid.size", Some("build.size")),
            ("size", Some("build.size")),
            ("user_region", Some("user.region")),
            ("weather", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
