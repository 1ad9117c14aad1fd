//! Words of a text, for searches of vendors that find more than was asked for: what they give is looked at again.

use mosaic_core::types::project::Issue;

/// The words of a text, in small letters.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Whether the title and the text of an issue have all these words.
pub(crate) fn has_all(issue: &Issue, wanted: &[String]) -> bool {
    let there: Vec<_> = words(&issue.title).chain(words(issue.body.as_deref().unwrap_or_default())).collect();
    wanted.iter().all(|word| there.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mosaic_core::types::project::IssueState;

    #[test]
    fn an_issue_has_a_word_where_it_is_there_whole() {
        let issue = Issue::new("a/b", 1u64, "The Lid-leaks!", IssueState::Open).body("Since monday: größe.");
        let has = |query: &str| has_all(&issue, &words(query).collect::<Vec<_>>());
        assert!(has("lid") && has("MONDAY lid") && has("Größe") && has("lid-leaks"));
        assert!(!has("li") && !has("lid absent") && !has("title:lid"));
    }
}
