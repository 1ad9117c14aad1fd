//! What failed on the way to a server and back, as an error that says whether the call may have run.

use std::error::Error as StdError;
use std::time::Duration;

use mosaic_core::error::{Delivery, Error, ErrorKind};
use rmcp::model::{ErrorCode, ErrorData};
use rmcp::service::{ClientInitializeError, ServiceError};

use super::bounded::TOO_LARGE;
use super::text::told;

/// The error of a call whose request may have left this process, or certainly did not.
pub(super) fn of_call(error: &ServiceError, has_left: bool) -> Error {
    let lost = |text: &'static str| {
        let delivery = if has_left { Delivery::Unknown } else { Delivery::NotSent };
        Error::new(ErrorKind::Network, text).delivery(delivery)
    };
    match error {
        ServiceError::McpError(said) => of_server(said),
        ServiceError::TransportSend(failed) => of_transport(&*failed.error, has_left),
        ServiceError::Timeout { .. } => {
            Error::new(ErrorKind::Timeout, "the server did not answer in time").delivery(Delivery::Unknown)
        }
        ServiceError::Cancelled { .. } => {
            Error::new(ErrorKind::Cancelled, "the call was given up").delivery(Delivery::Unknown)
        }
        ServiceError::UnexpectedResponse => {
            Error::new(ErrorKind::Protocol, "the server answered something else than was asked for")
                .delivery(Delivery::Answered)
        }
        // The connection is over, for whatever reason.
        _ => lost("the connection to the server is over"),
    }
}

/// The error that a server gave instead of a result.
fn of_server(said: &ErrorData) -> Error {
    let kind = match said.code {
        // This side said so itself.
        ErrorCode(TOO_LARGE) => ErrorKind::Protocol,
        ErrorCode::INVALID_PARAMS => ErrorKind::Invalid,
        ErrorCode::METHOD_NOT_FOUND | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => ErrorKind::Unsupported,
        ErrorCode::RESOURCE_NOT_FOUND => ErrorKind::NotFound,
        ErrorCode::INVALID_REQUEST
        | ErrorCode::PARSE_ERROR
        | ErrorCode::HEADER_MISMATCH
        | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => ErrorKind::Protocol,
        _ => ErrorKind::Provider,
    };
    let text = told(&said.message);
    let text = if text.is_empty() { "the server gave an error without a message".to_owned() } else { text };
    Error::new(kind, text).context("code", said.code.0).delivery(Delivery::Answered)
}

/// The error of a request that could not be sent.
fn of_transport(failed: &(dyn StdError + 'static), has_left: bool) -> Error {
    let mut cause = Some(failed);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && matches!(io.kind(), std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::NotConnected)
        {
            // A request is whole with its line feed, which comes last: who stopped reading before has none of it to run.
            return Error::new(ErrorKind::Network, "the server reads nothing any more").refused();
        }
        #[cfg(feature = "http")]
        if let Some(error) = super::http::failure(error) {
            return error;
        }
        cause = error.source();
    }
    let delivery = if has_left { Delivery::Unknown } else { Delivery::NotSent };
    Error::new(ErrorKind::Network, "the request could not be sent").delivery(delivery)
}

/// Why a connection could not be opened.
pub(super) fn of_start(error: &ClientInitializeError) -> Error {
    match error {
        ClientInitializeError::TransportError { error, .. } => of_transport(&*error.error, false),
        ClientInitializeError::JsonRpcError(said) => of_server(said),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => of_start(fallback),
        ClientInitializeError::ConnectionClosed(_) => {
            Error::new(ErrorKind::Network, "the server ended before it said who it is")
        }
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => Error::new(
            ErrorKind::Unsupported,
            "the server speaks no revision of the protocol that Mosaic speaks",
        ),
        _ => Error::new(ErrorKind::Protocol, "the server did not say who it is as the protocol wants it"),
    }
}

/// The error of a call that took too long.
pub(super) fn too_late(limit: Option<Duration>, has_left: bool) -> Error {
    let delivery = if has_left { Delivery::Unknown } else { Delivery::NotSent };
    match limit {
        Some(limit) => Error::new(ErrorKind::Timeout, format!("the server did not answer within {limit:?}")),
        None => Error::new(
            ErrorKind::DeadlineExceeded,
            "the time of the call was over before the server answered",
        ),
    }
    .delivery(delivery)
}
