//! Errors and time limits in the words of gRPC.

use std::time::Duration;

use http::HeaderMap;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::surface::Fault;

/// The trailer that says what happened, whether it took effect, and what to do.
pub(super) const FAULT: &str = "mosaic-fault-bin";

/// An error as a status.
pub(super) fn status(error: &Error, effect: Effect) -> Status {
    let mut trailers = MetadataMap::new();
    let fault = Fault::new(error, effect);
    if let Ok(json) = serde_json::to_vec(&fault) {
        trailers.insert_bin(FAULT, MetadataValue::from_bytes(&json));
    }
    Status::with_metadata(code(error.kind()), error.message().to_owned(), trailers)
}

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::Aborted,
        ErrorKind::Invalid | ErrorKind::Config => Code::InvalidArgument,
        ErrorKind::QuotaExceeded | ErrorKind::RateLimited | ErrorKind::Throttled => Code::ResourceExhausted,
        ErrorKind::Unsupported | ErrorKind::NoRoute => Code::Unimplemented,
        ErrorKind::DeadlineExceeded | ErrorKind::Timeout => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Network | ErrorKind::CircuitOpen | ErrorKind::Lifecycle | ErrorKind::Provider => {
            Code::Unavailable
        }
        _ => Code::Internal,
    }
}

/// How long the client waits: up to eight digits and a unit.
pub(super) fn time_limit(headers: &HeaderMap) -> Result<Option<Duration>> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let invalid =
        || Error::new(ErrorKind::Invalid, "grpc-timeout: up to eight digits and one of H M S m u n");
    let text = value.to_str().map_err(|_| invalid())?;
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(invalid)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let number: u64 = digits.parse().map_err(|_| invalid())?;
    let limit = match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return Err(invalid()),
    };
    Ok(Some(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_read() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            time_limit(&headers)
        };
        assert_eq!(time_limit(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("250m").unwrap(), Some(Duration::from_millis(250)));
        assert_eq!(read("99999999H").unwrap(), Some(Duration::from_secs(99_999_999 * 3_600)));
        for bad in ["", "S", "1", "1x", "123456789S", "-1S", "1 S"] {
            assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
    }

    #[test]
    fn a_status_tells_what_to_do() {
        let error = Error::new(ErrorKind::Conflict, "it has version 3").refused();
        let status = status(&error, Effect::Idempotent);
        assert_eq!(status.code(), Code::Aborted);
        let fault = status.metadata().get_bin(FAULT).unwrap().to_bytes().unwrap();
        let fault: serde_json::Value = serde_json::from_slice(&fault).unwrap();
        assert_eq!(fault["message"], "it has version 3");
        assert!(fault["advice"].as_str().unwrap().contains("Read the present state"));
    }
}
