//! GitHub's words for the states of runs and jobs of Actions; Gitea and Forgejo tell of theirs in the same words.

use mosaic_core::types::cicd::RunState;

use super::Words;

/// What a run or a job is while it has not ended.
const STATUSES: Words = Words(&[
    ("queued", RunState::Queued),
    ("requested", RunState::Queued),
    ("pending", RunState::Queued),
    // A person has to let it into an environment.
    ("waiting", RunState::Blocked),
    ("in_progress", RunState::Running),
    // How it ended is another word; without one nothing good is known.
    ("completed", RunState::Failed),
]);

/// How a run or a job ended.
const CONCLUSIONS: Words = Words(&[
    ("success", RunState::Succeeded),
    ("neutral", RunState::Succeeded),
    ("failure", RunState::Failed),
    ("timed_out", RunState::Failed),
    ("startup_failure", RunState::Failed),
    // Nobody heard of it for two weeks.
    ("stale", RunState::Failed),
    ("cancelled", RunState::Cancelled),
    ("skipped", RunState::Skipped),
    // A person has to let it begin, as runs of strangers' pull requests.
    ("action_required", RunState::Blocked),
]);

/// What the two words of a run or job mean. One that is not known is never taken for a good end.
pub(crate) fn read(status: Option<&str>, conclusion: Option<&str>) -> RunState {
    let ended = matches!(status, None | Some("completed"));
    match (status, conclusion) {
        (_, Some(conclusion)) if ended => CONCLUSIONS.read(conclusion, true),
        (None, _) => RunState::Queued,
        (Some(status), _) => STATUSES.read(status, false),
    }
}

/// The one word that lists of runs are filtered by for a state; none where there are several.
pub(crate) fn word(state: RunState) -> Option<&'static str> {
    match state {
        RunState::Running => Some("in_progress"),
        RunState::Cancelled => Some("cancelled"),
        RunState::Skipped => Some("skipped"),
        _ => None,
    }
}

/// The word of the two that says most.
pub(crate) fn own(status: Option<String>, conclusion: Option<String>) -> Option<String> {
    match status.as_deref() {
        None | Some("completed") => conclusion.or(status),
        _ => status,
    }
}

/// Why something ended as it did, where the word says more than the state.
pub(crate) fn reason(conclusion: Option<&str>) -> Option<&'static str> {
    Some(match conclusion? {
        "timed_out" => "it took longer than it may",
        "startup_failure" => "the workflow could not be started: its definition is not valid",
        "stale" => "nobody heard of it for too long",
        "action_required" => "a person has to let it run",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_meaning() {
        let table = "queued:queued requested:queued pending:queued waiting:blocked in_progress:running \
            completed/success:succeeded completed/neutral:succeeded completed/failure:failed completed/timed_out:failed \
            completed/startup_failure:failed completed/stale:failed completed/cancelled:cancelled \
            completed/skipped:skipped completed/action_required:blocked completed:failed completed/odd:failed odd:running";
        for row in table.split_whitespace() {
            let (words, meaning) = row.split_once(':').unwrap();
            let (status, conclusion) = match words.split_once('/') {
                Some((status, conclusion)) => (status, Some(conclusion)),
                None => (words, None),
            };
            assert_eq!(serde_json::to_value(read(Some(status), conclusion)).unwrap(), meaning, "{row}");
        }
        assert_eq!(read(None, None), RunState::Queued);
        assert_eq!(read(None, Some("success")), RunState::Succeeded);
        // While it goes on, what an attempt before ended with counts for nothing.
        assert_eq!(read(Some("in_progress"), Some("failure")), RunState::Running);
    }

    #[test]
    fn a_filter_is_asked_for_only_where_it_is_exact() {
        use RunState::*;
        for state in [Queued, Running, Succeeded, Failed, Cancelled, Blocked, Skipped] {
            let of_it: Vec<_> = STATUSES.all_of(state).filter(|word| *word != "completed").collect();
            let of_it: Vec<_> = of_it.into_iter().chain(CONCLUSIONS.all_of(state)).collect();
            let exact = if let [one] = of_it[..] { Some(one) } else { None };
            assert_eq!(word(state), exact, "{state:?}");
        }
    }
}
