//! GitHub's error bodies.

use serde_json::{Value, json};

use crate::fake::forge::{Reason, Refusal, User};
use crate::fake::http::Reply;

const DOCS: &str = "https://docs.github.com/rest";

pub(super) fn error(status: u16, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "message": message, "documentation_url": DOCS, "status": status.to_string() }),
    )
}

pub(super) fn not_found() -> Reply {
    error(404, "Not Found")
}

pub(super) fn bad_credentials() -> Reply {
    error(401, "Bad credentials")
}

pub(super) fn empty() -> Reply {
    error(409, "Git Repository is empty.")
}

/// The primary limit is reached: its headers say until when.
pub(super) fn rate_limited(user: Option<&User>) -> Reply {
    let who = user.map_or_else(|| "127.0.0.1".to_owned(), |user| format!("user ID {}", user.id));
    error(403, &format!("API rate limit exceeded for {who}."))
}

/// A 422 with one error of a field.
pub(super) fn field(resource: &str, field: &str, code: &str) -> Reply {
    failed(json!([{ "resource": resource, "field": field, "code": code }]))
}

/// A 422 with one error in words.
pub(super) fn custom(resource: &str, message: &str) -> Reply {
    failed(json!([{ "resource": resource, "code": "custom", "message": message }]))
}

/// A 422 with one error in words, of a field.
pub(super) fn custom_field(resource: &str, field: &str, message: &str) -> Reply {
    failed(json!([{ "resource": resource, "code": "custom", "field": field, "message": message }]))
}

pub(super) fn failed(errors: Value) -> Reply {
    let body = json!({ "message": "Validation Failed", "errors": errors, "documentation_url": DOCS, "status": "422" });
    Reply::json(422, &body)
}

/// A parameter that is obligatory.
pub(super) fn not_supplied(name: &str) -> Reply {
    error(422, &format!("Invalid request.\n\n\"{name}\" wasn't supplied."))
}

/// What a refusal of the state is where nothing more particular is known.
pub(super) fn refused(refusal: Refusal) -> Reply {
    let status = match refusal.reason {
        Reason::Missing => 404,
        Reason::Exists | Reason::Invalid | Reason::State => 422,
        Reason::Stale | Reason::Conflict => 409,
    };
    error(status, &refusal.message)
}
