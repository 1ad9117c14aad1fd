//! Errors, as Bitbucket sends them.

use serde_json::json;

use crate::fake::forge::{Reason, Refusal};
use crate::fake::http::Reply;

pub(super) fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "type": "error", "error": { "message": message } }))
}

pub(super) fn not_found(message: &str) -> Reply {
    error(404, message)
}

pub(super) fn unauthorized() -> Reply {
    error(401, "Token is invalid, expired, or not supported for this endpoint.")
}

pub(super) fn forbidden() -> Reply {
    error(403, "Your credentials lack one or more required privilege scopes.")
}

/// What a refusal of the state is: mostly a bad request.
pub(super) fn refused(refusal: Refusal) -> Reply {
    match refusal.reason {
        Reason::Missing => not_found(&refusal.message),
        Reason::Stale => error(409, &refusal.message),
        Reason::Exists | Reason::Conflict | Reason::Invalid | Reason::State => error(400, &refusal.message),
    }
}
