//! What can be wrong with a delivery, each with the status code to answer it with.

use mosaic_core::{Error, ErrorKind};

use super::Vendor;

/// The delivery is not to be trusted: 401.
pub(super) fn untrusted(message: &'static str, header: &'static str) -> Error {
    Error::new(ErrorKind::Unauthenticated, format!("{message} (header {header})"))
        .status(401)
        .context("header", header)
}

/// The delivery cannot be read: 400.
pub(super) fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, message).status(400)
}

/// The receiver is set up wrongly: 500.
pub(super) fn setup(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message).status(500)
}

/// The delivery is trusted and lacks what its event always has: 422.
pub(super) fn lacking(field: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, "the event lacks a field that it always has")
        .status(422)
        .context("field", field)
}

/// The body is not what the vendor sends. What serde says of values would show the body, so only fields and places are told.
pub(super) fn unreadable(error: &serde_json::Error) -> Error {
    let told = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    if !error.is_data() {
        return invalid("the body is not JSON that can be read").context("place", place);
    }
    let field = told.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let fault =
        Error::new(ErrorKind::Protocol, "the event is not of the form that the vendor documents").status(422);
    match field {
        Some(field) => fault.context("missing", field),
        None => fault,
    }
    .context("place", place)
}

/// The same error with whose event it was, and which.
pub(super) fn of(error: Error, vendor: Vendor, name: &str) -> Error {
    let name: String = name.chars().take(80).collect();
    error.context("vendor", vendor).context("event", name)
}
