//! GitLab's words for the states of pipelines and jobs.

use mosaic_core::types::cicd::RunState;

use super::Words;

/// Every word, of pipelines and of jobs.
pub(crate) const WORDS: Words = Words(&[
    ("created", RunState::Queued),
    ("waiting_for_resource", RunState::Queued),
    ("waiting_for_callback", RunState::Queued),
    ("preparing", RunState::Queued),
    ("pending", RunState::Queued),
    ("scheduled", RunState::Queued),
    ("running", RunState::Running),
    // What cleans up after it still runs.
    ("canceling", RunState::Running),
    ("success", RunState::Succeeded),
    ("failed", RunState::Failed),
    ("canceled", RunState::Cancelled),
    ("skipped", RunState::Skipped),
    // A person has to start it.
    ("manual", RunState::Blocked),
]);

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_has_its_meaning() {
        let table = "created:queued waiting_for_resource:queued waiting_for_callback:queued preparing:queued pending:queued \
            scheduled:queued running:running canceling:running success:succeeded failed:failed canceled:cancelled \
            skipped:skipped manual:blocked";
        super::super::check(&super::WORDS, table);
    }
}
