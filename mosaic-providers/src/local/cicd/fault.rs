//! The errors of this provider, each named after what went wrong.

use std::borrow::Cow;
use std::io;

use mosaic_core::error::{Error, ErrorKind};

pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

pub(super) fn not_found(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::NotFound, message)
}

pub(super) fn conflict(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Conflict, message)
}

pub(super) fn config(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Something on the disk that is not as this provider writes it.
pub(super) fn unreadable(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

/// The operating system refused; `doing` completes "cannot ..". The system's own words name no path.
pub(super) fn disk(doing: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Provider, format!("cannot {doing}: {}", error.kind())).source(error)
}

/// Something that would start a process, where the configuration does not allow that.
pub(super) fn switched_off() -> Error {
    Error::new(
        ErrorKind::PermissionDenied,
        "this provider does not run commands: set `runCommands: true` in its configuration to allow it",
    )
}

/// More runs wait than may.
pub(super) fn queue_full(limit: usize) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        format!("{limit} runs are under way already: try again when one has ended"),
    )
}

/// The provider was not started, or was stopped.
pub(super) fn not_open() -> Error {
    Error::new(ErrorKind::Lifecycle, "this provider is not open: initialize it first")
}

/// A text for a message: quoted, escaped and short.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}
