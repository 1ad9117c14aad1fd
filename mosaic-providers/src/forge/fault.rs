//! What a forge's provider refuses by itself, before anything is sent or after it was read.

use mosaic_core::error::{Error, ErrorKind};

pub(crate) fn conflict(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, text.into())
}

pub(crate) fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, text.into())
}

pub(crate) fn not_found(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::NotFound, text.into())
}

pub(crate) fn unsupported(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, text.into())
}
