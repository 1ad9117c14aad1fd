//! Woodpecker's words for a state, and ours.

use mosaic_core::types::cicd::RunState;

/// Every word of Woodpecker's, and what it means here.
const WORDS: [(&str, RunState); 11] = [
    ("created", RunState::Queued),
    ("pending", RunState::Queued),
    ("running", RunState::Running),
    ("success", RunState::Succeeded),
    ("failure", RunState::Failed),
    ("error", RunState::Failed),
    ("killed", RunState::Cancelled),
    ("canceled", RunState::Cancelled),
    // Somebody did not let it begin.
    ("declined", RunState::Cancelled),
    ("blocked", RunState::Blocked),
    ("skipped", RunState::Skipped),
];

/// What a word means. One that is not known is never taken for a good end.
pub(super) fn read(word: &str, finished: bool) -> RunState {
    match WORDS.iter().find(|(known, _)| *known == word) {
        Some((_, state)) => *state,
        None if finished => RunState::Failed,
        None => RunState::Running,
    }
}

/// The one word for a state; none where there are several.
pub(super) fn word(state: RunState) -> Option<&'static str> {
    let mut words = WORDS.iter().filter(|(_, meaning)| *meaning == state);
    match (words.next(), words.next()) {
        (Some((word, _)), None) => Some(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_meaning() {
        let table = "created queued, pending queued, running running, success succeeded, failure failed, error failed, \
            killed cancelled, canceled cancelled, declined cancelled, blocked blocked, skipped skipped";
        for row in table.split(", ") {
            let (word, meaning) = row.trim().split_once(' ').unwrap();
            let state = serde_json::to_value(read(word, false)).unwrap();
            assert_eq!(state, meaning, "{word}");
        }
        assert_eq!(table.split(", ").count(), WORDS.len());
    }

    #[test]
    fn a_new_word_is_no_good_end() {
        assert_eq!((read("paused", false), read("paused", true)), (RunState::Running, RunState::Failed));
    }

    #[test]
    fn a_state_of_one_word_is_asked_for_by_it() {
        assert_eq!((word(RunState::Succeeded), word(RunState::Failed)), (Some("success"), None));
    }
}
