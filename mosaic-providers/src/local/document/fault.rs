//! From what the disk and the index say to the error of a call.
//!
//! The messages name no path; the cause is in the error's source. Up to the step that makes a write visible nothing of it
//! lasts, so such an error says that the provider did not process the request.

use std::io;

use mosaic_core::error::{Delivery, Error, ErrorKind};

/// The error of reading files.
pub(super) fn reading(error: io::Error) -> Error {
    classified(error, "the documents cannot be read").refused()
}

/// The error of a write before its visible step.
pub(super) fn writing(error: io::Error) -> Error {
    classified(error, "the documents cannot be written").refused()
}

/// The error of making a visible step last: it may be lost with the power, or not.
pub(super) fn lasting(error: io::Error) -> Error {
    classified(error, "the documents were written, but may not last").delivery(Delivery::Unknown)
}

/// The error of the index, which holds nothing that the files do not have.
pub(super) fn index(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => not_open(),
        _ => Error::new(ErrorKind::Provider, "the search index cannot be used"),
    }
    .source(error)
    .refused()
}

/// The error of documents that were not opened, or were closed.
pub(super) fn not_open() -> Error {
    Error::new(ErrorKind::Lifecycle, "the documents are not open")
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message.into())
}

pub(super) fn conflict(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, message.into())
}

pub(super) fn missing(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {what} {}", shown(name)))
}

/// A text for a message: quoted, escaped and short.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

fn classified(error: io::Error, message: &'static str) -> Error {
    let message = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk of the documents is full",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "the folder of the documents does not allow it: check its permissions"
        }
        _ => message,
    };
    Error::new(ErrorKind::Provider, message).source(error)
}
