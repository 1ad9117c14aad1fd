//! Woodpecker's words for the states of pipelines, workflows and steps.

use mosaic_core::types::cicd::RunState;

use super::Words;

/// Every word.
pub(crate) const WORDS: Words = Words(&[
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
]);

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_has_its_meaning() {
        let table = "created:queued pending:queued running:running success:succeeded failure:failed error:failed \
            killed:cancelled canceled:cancelled declined:cancelled blocked:blocked skipped:skipped";
        super::super::check(&super::WORDS, table);
    }
}
