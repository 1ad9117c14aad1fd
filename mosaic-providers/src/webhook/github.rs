//! GitHub: which of its events is which of ours.

use mosaic_core::Result;

use super::Event;
use super::hub::{self, Payload};
use super::wire::Parsed;

/// Reads an event by the name in its header.
///
/// # Errors
/// `Invalid` where the body is not JSON, `Protocol` where a known event is not of the documented form.
pub(super) fn parse(name: &str, body: &[u8]) -> Result<Parsed> {
    let payload = Payload::open(body)?;
    let event = match name {
        "ping" => Event::Ping,
        "push" => hub::push(&payload, false)?,
        "create" => hub::created(&payload)?,
        "delete" => hub::deleted(&payload)?,
        "pull_request" => hub::pull_request(&payload)?,
        "pull_request_review" => hub::review(&payload)?,
        "pull_request_review_comment" => hub::review_comment(&payload)?,
        "issues" => hub::issue(&payload)?,
        "issue_comment" => hub::comment(&payload)?,
        "commit_comment" => hub::commit_comment(&payload)?,
        "release" => hub::release(&payload)?,
        "workflow_run" => hub::run(&payload)?,
        "workflow_job" => hub::job(&payload)?,
        "status" => hub::status(&payload)?,
        "check_run" => hub::check_run(&payload)?,
        "gollum" => hub::wiki_pages(&payload)?,
        "repository" => hub::repository(&payload)?,
        _ => Event::Other,
    };
    payload.close(event)
}
