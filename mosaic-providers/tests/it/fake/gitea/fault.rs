//! Error bodies: a message, and where the API is described.

use serde_json::{Value, json};

use super::Cx;
use crate::fake::forge::{Reason, Refusal, Repo};
use crate::fake::http::Reply;

const DOCS: &str = "https://git.example.org/api/swagger";

pub(super) fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message, "url": DOCS }))
}

/// What is missing is told with a list beside the message, which may be null.
pub(super) fn not_found(_: &Cx<'_>) -> Reply {
    missing("The target couldn't be found.")
}

pub(super) fn missing(message: &str) -> Reply {
    Reply::json(404, &json!({ "errors": Value::Null, "message": message, "url": DOCS }))
}

pub(super) fn unauthorized(message: &str) -> Reply {
    error(401, message)
}

/// What went wrong inside is told to nobody but administrators.
pub(super) fn internal() -> Reply {
    error(500, "")
}

pub(super) fn archived(repo: &Repo) -> Reply {
    error(423, &format!("{} is archived", repo.full_name()))
}

pub(super) fn empty() -> Reply {
    error(409, "Git Repository is empty.")
}

/// What a refusal of the state is where nothing more particular is known.
pub(super) fn refused(refusal: Refusal) -> Reply {
    match refusal.reason {
        Reason::Missing => missing(&refusal.message),
        Reason::Exists | Reason::Conflict | Reason::Stale => error(409, &refusal.message),
        Reason::Invalid | Reason::State => error(422, &refusal.message),
    }
}
