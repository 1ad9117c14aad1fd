//! The words that vendors have for the state of a run or a job, on the scale of Mosaic: one map per vendor, for what its API answers
//! and for what its webhooks tell.
#![allow(
    dead_code,
    reason = "a provider filters lists by these words, and webhooks only read them; each is compiled alone too"
)]

#[cfg(any(feature = "webhook", feature = "circleci"))]
pub(crate) mod circleci;
#[cfg(feature = "webhook")]
pub(crate) mod forgejo;
#[cfg(any(feature = "webhook", feature = "github"))]
pub(crate) mod github;
#[cfg(any(feature = "webhook", feature = "gitlab"))]
pub(crate) mod gitlab;
#[cfg(feature = "woodpecker")]
pub(crate) mod woodpecker;

use mosaic_core::types::cicd::RunState;

/// Every word of a vendor's, and what it means here.
pub(crate) struct Words(&'static [(&'static str, RunState)]);

impl Words {
    /// What a word means. One that is not known is never taken for a good end: what has ended with it failed.
    pub(crate) fn read(&self, word: &str, ended: bool) -> RunState {
        match self.known(word) {
            Some(state) => state,
            None if ended => RunState::Failed,
            None => RunState::Running,
        }
    }

    /// What a word means, where it is known.
    pub(crate) fn known(&self, word: &str) -> Option<RunState> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, state)| *state)
    }

    /// The words for a state, for vendors who filter by several.
    pub(crate) fn all_of(&self, state: RunState) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(move |(_, meaning)| *meaning == state).map(|(word, _)| *word)
    }

    /// The one word for a state, for vendors who filter by one; none where there are several.
    pub(crate) fn only(&self, state: RunState) -> Option<&'static str> {
        let mut words = self.all_of(state);
        words.next().filter(|_| words.next().is_none())
    }
}

/// Holds a map against a table of `word:meaning`, which has every word.
#[cfg(test)]
fn check(words: &Words, table: &str) {
    let mut rows = 0;
    for row in table.split_whitespace() {
        let (word, meaning) = row.split_once(':').unwrap();
        for ended in [false, true] {
            assert_eq!(serde_json::to_value(words.read(word, ended)).unwrap(), meaning, "{word}");
        }
        rows += 1;
    }
    assert_eq!(rows, words.0.len(), "a word is missing in the table, or twice in the map");
    assert_eq!(
        (words.read("paused?", false), words.read("paused?", true)),
        (RunState::Running, RunState::Failed)
    );
    for (_, state) in words.0 {
        let of_it: Vec<_> = words.all_of(*state).collect();
        assert!(!of_it.is_empty() && of_it.iter().all(|word| words.known(word) == Some(*state)));
        assert_eq!(words.only(*state), (of_it.len() == 1).then(|| of_it[0]), "{state:?}");
    }
}
