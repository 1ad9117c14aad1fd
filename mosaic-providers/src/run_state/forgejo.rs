//! Forgejo's words for the states of its own runs.

use mosaic_core::types::cicd::RunState;

use super::Words;

/// Every word.
pub(crate) const WORDS: Words = Words(&[
    ("waiting", RunState::Queued),
    // It waits for another job, not for a person.
    ("blocked", RunState::Queued),
    ("running", RunState::Running),
    ("success", RunState::Succeeded),
    ("failure", RunState::Failed),
    ("unknown", RunState::Failed),
    ("cancelled", RunState::Cancelled),
    ("skipped", RunState::Skipped),
]);

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_has_its_meaning() {
        let table = "waiting:queued blocked:queued running:running success:succeeded failure:failed unknown:failed \
            cancelled:cancelled skipped:skipped";
        super::super::check(&super::WORDS, table);
    }
}
