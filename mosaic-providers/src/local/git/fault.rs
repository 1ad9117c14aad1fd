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

/// Something on the disk that is not as this provider or git writes it.
pub(super) fn unreadable(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

/// The operating system refused; `doing` completes "cannot ..". The system's own words name no path.
pub(super) fn disk(doing: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Provider, format!("cannot {doing}: {}", error.kind())).source(error)
}

/// Another process holds what a write needs; nothing was done, so trying again is safe.
pub(super) fn busy(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Provider, message).refused()
}

/// The root is not there: nothing can be said about what is in it.
pub(super) fn gone() -> Error {
    Error::new(ErrorKind::Network, "the directory of this forge is gone")
}
