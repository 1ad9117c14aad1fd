//! What can go wrong between a call and its answer, to be injected.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Something that is done to one attempt.
///
/// ```
/// use mosaic_core::error::ErrorKind;
/// use mosaic_core::testkit::Fault;
///
/// let refused = Fault::error(ErrorKind::RateLimited);
/// assert!(matches!(refused, Fault::Error { executed: false, .. }));
/// ```
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request arrives later.
    Delay(Duration),
    /// The request is executed at once, and the answer comes later.
    DelayAnswer(Duration),
    /// The connection cannot be made: nothing is sent.
    DisconnectBefore,
    /// The connection breaks while the request is sent: it is not executed, and nobody knows.
    DisconnectDuring,
    /// The connection breaks after the request was sent: it is executed, and nobody knows.
    DisconnectAfter,
    /// No answer ever comes.
    Hang(Place),
    /// The answer is an error.
    Error {
        /// The error.
        error: Error,
        /// Whether the request is executed all the same.
        executed: bool,
    },
    /// The plugin panics after sending.
    Panic,
}

/// Where an attempt hangs.
///
/// ```
/// use mosaic_core::testkit::Place;
///
/// assert_ne!(Place::BeforeSending, Place::AfterExecution);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing was sent.
    BeforeSending,
    /// It was sent and not executed.
    AfterSending,
    /// It was sent and executed.
    AfterExecution,
}

impl Fault {
    /// An error in answer to a request that is not executed.
    pub fn error(kind: ErrorKind) -> Self {
        Self::Error { error: Error::new(kind, "the script says so"), executed: false }
    }

    /// An error in answer to a request that is executed all the same.
    pub fn error_after(kind: ErrorKind) -> Self {
        Self::Error { error: Error::new(kind, "the script says so"), executed: true }
    }

    /// An error with which the provider says that it did not process the request.
    pub fn refusal(kind: ErrorKind) -> Self {
        Self::Error { error: Error::new(kind, "the script says so").refused(), executed: false }
    }
}
