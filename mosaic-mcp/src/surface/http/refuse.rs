//! Answers to requests that do not get through: a status, and an error in the words of JSON-RPC that says what to do.

use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use mosaic_core::error::{Error, ErrorKind};
use serde_json::json;

use super::body::BadBody;
use crate::security::token::ProtectedResource;

/// The code of an error of the server in JSON-RPC.
const SERVER: i32 = -32_000;
/// The code of a text that is no request.
const NO_REQUEST: i32 = -32_600;

fn refuse(status: StatusCode, code: i32, message: &str) -> Response<Body> {
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": message } });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Too often, or too many at a time.
pub(super) fn too_many(message: &str, wait: Duration) -> Response<Body> {
    later(refuse(StatusCode::TOO_MANY_REQUESTS, SERVER, message), wait)
}

/// No room for one more session.
pub(super) fn no_room() -> Response<Body> {
    let message = "there are as many sessions as there may be; close one, or wait, or speak the protocol of 2026-07-28, \
                   which needs none";
    later(refuse(StatusCode::SERVICE_UNAVAILABLE, SERVER, message), Duration::from_secs(5))
}

/// A session that is none, or somebody else's.
pub(super) fn no_session() -> Response<Body> {
    refuse(StatusCode::NOT_FOUND, SERVER, "there is no such session; begin a new one")
}

/// A body that does not keep to its bounds.
pub(super) fn bad_body(why: BadBody) -> Response<Body> {
    match why {
        BadBody::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, NO_REQUEST, "the request is too large"),
        BadBody::TooSlow => {
            refuse(StatusCode::REQUEST_TIMEOUT, NO_REQUEST, "the request did not arrive in time")
        }
        BadBody::TooDeep => refuse(
            StatusCode::BAD_REQUEST,
            NO_REQUEST,
            "arrays and objects of the request stand too deep in each other",
        ),
        BadBody::Twice => refuse(StatusCode::BAD_REQUEST, NO_REQUEST, "a part of the request is there twice"),
        BadBody::Broken => refuse(StatusCode::BAD_REQUEST, NO_REQUEST, "the request broke off"),
    }
}

/// A request whose sender is not known, or may not come in.
pub(super) fn not_let_in(
    error: &Error,
    token_given: bool,
    about: Option<&ProtectedResource>,
) -> Response<Body> {
    let status = match error.kind() {
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => {
            tracing::warn!(%error, "nobody can be authenticated");
            let message = "who sends the request cannot be told now; try again later";
            return later(refuse(StatusCode::SERVICE_UNAVAILABLE, SERVER, message), Duration::from_secs(5));
        }
    };
    let mut response = refuse(status, SERVER, error.message());
    if status == StatusCode::UNAUTHORIZED {
        // A request without a token is told nothing about what was wrong with it.
        let code = token_given.then_some("invalid_token");
        let challenge = match (about, code) {
            (Some(about), code) => about.challenge(code),
            (None, Some(code)) => format!("Bearer error=\"{code}\""),
            (None, None) => "Bearer".to_owned(),
        };
        let challenge = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

fn later(mut response: Response<Body>, wait: Duration) -> Response<Body> {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
