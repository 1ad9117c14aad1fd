//! The words that vendors have for what a check found of a commit, on the scale of Mosaic.

use mosaic_core::types::git::StatusState;

/// The commit statuses of GitHub, Gitea and Forgejo.
pub(super) fn hub_status(state: &str) -> StatusState {
    match state {
        "success" | "skipped" => StatusState::Success,
        "pending" => StatusState::Pending,
        // A warning does not let a commit pass.
        "failure" | "warning" => StatusState::Failure,
        _ => StatusState::Error,
    }
}

/// GitHub's check runs: the status, and the conclusion of what is completed.
pub(super) fn check(status: &str, conclusion: Option<&str>) -> StatusState {
    match (status, conclusion.unwrap_or_default()) {
        ("completed", "success" | "neutral" | "skipped") => StatusState::Success,
        ("completed", "failure" | "timed_out" | "action_required") => StatusState::Failure,
        ("completed", _) => StatusState::Error,
        _ => StatusState::Pending,
    }
}

/// The commit statuses of Bitbucket.
pub(super) fn bitbucket_status(state: &str) -> StatusState {
    match state {
        "SUCCESSFUL" => StatusState::Success,
        "INPROGRESS" => StatusState::Pending,
        "FAILED" => StatusState::Failure,
        _ => StatusState::Error,
    }
}
