//! From an answer that is no success to an error: the table that all vendors share.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use mosaic_core::error::{Delivery, Error, ErrorKind};
use mosaic_core::types::Secret;
use serde_json::Value;

use super::dialect::{Dialect, Refusal};
use super::rate;
use super::redact::told;

/// The error of an answer that is no success. It was answered; what that says of the effect follows from its kind.
pub(super) fn classify(
    dialect: &Dialect,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[Secret],
) -> Error {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = (dialect.message)(&json).or_else(|| plain(headers, body)).unwrap_or_default();
    let message = told(&said, secrets);
    let refusal = Refusal { status, headers, body: &json, message: &message };
    let wait = rate::wait(headers);
    let kind = (dialect.kind)(&refusal).unwrap_or_else(|| kind(status, rate::exhausted(headers), wait));
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("no known status");
    let text = match message.as_str() {
        "" => format!("{} answers {code} {reason}", dialect.product),
        message => format!("{} answers {code}: {message}", dialect.product),
    };
    let error = Error::new(kind, text).status(code).delivery(Delivery::Answered);
    let error = match wait {
        Some(wait) if matches!(kind, ErrorKind::RateLimited | ErrorKind::Provider) => error.retry_after(wait),
        _ => error,
    };
    // A server that says when to come back did not begin.
    if status == StatusCode::SERVICE_UNAVAILABLE && wait.is_some() { error.refused() } else { error }
}

/// The kind that a status stands for where the vendor means nothing else by it.
fn kind(status: StatusCode, exhausted: bool, wait: Option<Duration>) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Unauthenticated,
        402 => ErrorKind::QuotaExceeded,
        403 if exhausted || wait.is_some() => ErrorKind::RateLimited,
        403 | 451 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        405 | 409 | 412 | 423 | 428 => ErrorKind::Conflict,
        407 => ErrorKind::Config,
        429 => ErrorKind::RateLimited,
        501 => ErrorKind::Unsupported,
        408 | 425 | 500..=599 => ErrorKind::Provider,
        400..=499 => ErrorKind::Invalid,
        _ => ErrorKind::Protocol,
    }
}

/// A short answer in plain text is a message too; a page is none.
fn plain(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind =
        headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = std::str::from_utf8(body).ok()?.trim();
    (kind.starts_with("text/plain") && !text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> Dialect {
        Dialect {
            product: "Forge",
            accept: "application/json",
            headers: &[],
            token: super::super::TokenHeader::BEARER,
            message: |body| body.get("message")?.as_str().map(str::to_owned),
            kind: |refusal| (refusal.message == "exists").then_some(ErrorKind::Conflict),
        }
    }

    fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        classify(
            &dialect(),
            StatusCode::from_u16(status).unwrap(),
            &headers,
            body.as_bytes(),
            &[Secret::new("s3cret")],
        )
    }

    #[test]
    fn statuses_have_their_kinds() {
        let table = "
            400 invalid          401 unauthenticated   402 quota_exceeded   403 permission_denied
            404 not_found        405 conflict          407 config           408 provider
            409 conflict         410 not_found         412 conflict         413 invalid
            422 invalid          423 conflict          428 conflict         429 rate_limited
            451 permission_denied 500 provider         501 unsupported      502 provider
            503 provider         599 provider          304 protocol         101 protocol";
        let words: Vec<&str> = table.split_whitespace().collect();
        for pair in words.chunks(2) {
            let error = of(pair[0].parse().unwrap(), &[], "");
            assert_eq!(error.kind().code(), pair[1], "{}", pair[0]);
            assert_eq!(error.delivered(), Delivery::Answered);
        }
    }

    #[test]
    fn a_403_with_a_limit_is_no_denial() {
        assert_eq!(of(403, &[("retry-after", "30")], "").wait(), Some(Duration::from_secs(30)));
        assert_eq!(of(403, &[("x-ratelimit-remaining", "0")], "").kind(), ErrorKind::RateLimited);
        assert_eq!(of(403, &[("x-ratelimit-remaining", "7")], "").kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn what_the_vendor_says_is_told_without_secrets() {
        let error = of(422, &[], r#"{"message":"bad s3cret\nhere"}"#);
        assert_eq!(error.message(), "Forge answers 422: bad *** here");
        assert_eq!(of(422, &[], r#"{"message":"exists"}"#).kind(), ErrorKind::Conflict);
        assert_eq!(
            of(502, &[("content-type", "text/html")], "<h1>no</h1>").message(),
            "Forge answers 502 Bad Gateway"
        );
        assert_eq!(
            of(400, &[("content-type", "text/plain")], "no such thing\n").message(),
            "Forge answers 400: no such thing"
        );
    }

    #[test]
    fn a_server_that_says_when_to_come_back_did_not_begin() {
        assert!(of(503, &[("retry-after", "1")], "").was_refused());
        assert!(!of(503, &[], "").was_refused());
    }
}
