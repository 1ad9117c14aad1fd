//! CircleCI's words for the states of workflows and jobs.

use mosaic_core::types::cicd::RunState;

use super::Words;

/// Every word, of workflows and of jobs.
pub(crate) const WORDS: Words = Words(&[
    ("queued", RunState::Queued),
    ("not_running", RunState::Queued),
    // It waits for other jobs.
    ("blocked", RunState::Queued),
    ("running", RunState::Running),
    // A job has failed, and others go on.
    ("failing", RunState::Running),
    ("success", RunState::Succeeded),
    ("failed", RunState::Failed),
    ("error", RunState::Failed),
    ("timedout", RunState::Failed),
    ("infrastructure_fail", RunState::Failed),
    ("terminated-unknown", RunState::Failed),
    ("unauthorized", RunState::Failed),
    // Another one took its place.
    ("retried", RunState::Failed),
    ("canceled", RunState::Cancelled),
    ("not_run", RunState::Skipped),
    // A person has to approve.
    ("on_hold", RunState::Blocked),
]);

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_has_its_meaning() {
        let table = "queued:queued not_running:queued running:running failing:running success:succeeded failed:failed \
            error:failed timedout:failed infrastructure_fail:failed terminated-unknown:failed unauthorized:failed \
            retried:failed canceled:cancelled not_run:skipped on_hold:blocked blocked:queued";
        super::super::check(&super::WORDS, table);
    }
}
