//! The words that vendors have for the state of a run, a job or a check, on the scales of Mosaic.
//!
//! A word that is not known says at least whether it has ended: what has, and is not known to have ended well, failed.

use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::StatusState;

/// GitHub Actions and those who speak like it: the status, and the conclusion of what is completed.
pub(super) fn actions(status: &str, conclusion: Option<&str>) -> RunState {
    match (status, conclusion) {
        ("completed", conclusion) => match conclusion.unwrap_or_default() {
            "success" | "neutral" => RunState::Succeeded,
            "cancelled" | "stale" => RunState::Cancelled,
            "skipped" => RunState::Skipped,
            "action_required" => RunState::Blocked,
            _ => RunState::Failed,
        },
        ("queued" | "requested" | "pending", _) => RunState::Queued,
        ("waiting", _) => RunState::Blocked,
        _ => RunState::Running,
    }
}

/// Forgejo's runs, which are told of when they have ended.
pub(super) fn forgejo(status: &str) -> RunState {
    match status {
        "success" => RunState::Succeeded,
        "cancelled" => RunState::Cancelled,
        "skipped" => RunState::Skipped,
        "waiting" | "blocked" => RunState::Queued,
        "running" => RunState::Running,
        _ => RunState::Failed,
    }
}

/// GitLab's pipelines and jobs.
pub(super) fn gitlab(status: &str) -> RunState {
    match status {
        "created"
        | "waiting_for_resource"
        | "waiting_for_callback"
        | "preparing"
        | "pending"
        | "scheduled" => RunState::Queued,
        "success" => RunState::Succeeded,
        "failed" => RunState::Failed,
        "canceled" => RunState::Cancelled,
        "skipped" => RunState::Skipped,
        "manual" => RunState::Blocked,
        _ => RunState::Running,
    }
}

/// CircleCI's workflows and jobs, which are told of when they have ended.
pub(super) fn circleci(status: &str) -> RunState {
    match status {
        "success" => RunState::Succeeded,
        "canceled" => RunState::Cancelled,
        "not_run" => RunState::Skipped,
        "on_hold" | "blocked" => RunState::Blocked,
        "running" | "failing" => RunState::Running,
        "queued" | "not_running" => RunState::Queued,
        _ => RunState::Failed,
    }
}

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
