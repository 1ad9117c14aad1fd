//! Gitea and Forgejo: which of their events is which of ours.

use mosaic_core::Result;

use super::Event;
use super::hub::{self, Payload};
use super::wire::Parsed;

/// Reads an event by the name in its header.
///
/// # Errors
/// `Invalid` where the body is not JSON, `Protocol` where a known event is not of the documented form.
pub(super) fn parse(name: &str, body: &[u8]) -> Result<Parsed> {
    let mut payload = Payload::open(body)?;
    let event = match name {
        "push" => hub::push(&payload, true)?,
        "create" => hub::created(&payload)?,
        "delete" => hub::deleted(&payload)?,
        // Reviews come under names of their own, which tell the verdict once more.
        _ if name.starts_with("pull_request") && payload.action == "reviewed" => hub::review(&payload)?,
        "pull_request"
        | "pull_request_assign"
        | "pull_request_label"
        | "pull_request_milestone"
        | "pull_request_review_request"
        | "pull_request_sync" => hub::pull_request(&payload)?,
        "issues" | "issue_assign" | "issue_label" | "issue_milestone" => hub::issue(&payload)?,
        "issue_comment" | "pull_request_comment" => hub::comment(&payload)?,
        "release" => hub::release(&payload)?,
        "workflow_run" => hub::run(&payload)?,
        // One name for each way in which a run may end.
        _ if name.starts_with("action_run_") => hub::forgejo_run(&mut payload)?,
        "workflow_job" => hub::job(&payload)?,
        "status" => hub::status(&payload)?,
        "wiki" => hub::wiki_page(&payload)?,
        "repository" => hub::repository(&payload)?,
        _ => Event::Other,
    };
    payload.close(event)
}
