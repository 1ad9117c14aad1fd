//! What a suite says of a provider that behaves otherwise than promised.

use std::fmt;

use crate::error::{ErrorKind, Result};

/// One behaviour that a provider does not show: which, what was expected, and what came instead.
///
/// ```
/// use mosaic_core::testkit::suite::Failure;
///
/// let failure = Failure::new("project/duplicate_key", "expected conflict, got a second project");
/// assert_eq!(failure.to_string(), "project/duplicate_key: expected conflict, got a second project");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{behaviour}: {message}")]
pub struct Failure {
    behaviour: &'static str,
    message: String,
}

impl Failure {
    /// A failure of a behaviour.
    pub fn new(behaviour: &'static str, message: impl Into<String>) -> Self {
        Self { behaviour, message: message.into() }
    }

    /// The behaviour, as `service/behaviour`.
    pub fn behaviour(&self) -> &'static str {
        self.behaviour
    }

    /// What was expected and what came.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Fails the behaviour unless the condition holds.
///
/// # Errors
/// The failure, with the message that says what was expected and what came.
pub fn ensure<M: Into<String>>(
    behaviour: &'static str,
    condition: bool,
    message: impl FnOnce() -> M,
) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure::new(behaviour, message())) }
}

/// Fails the behaviour unless both are equal; `what` names the thing that is compared.
///
/// # Errors
/// The failure, showing both.
pub fn equal<T: PartialEq<U> + fmt::Debug + ?Sized, U: fmt::Debug + ?Sized>(
    behaviour: &'static str,
    what: &str,
    got: &T,
    expected: &U,
) -> Result<(), Failure> {
    ensure(behaviour, got == expected, || format!("{what}: expected {expected:?}, got {got:?}"))
}

/// The value of a call that must succeed; `what` names the call.
///
/// # Errors
/// The failure, with the error that came.
pub fn done<T>(behaviour: &'static str, what: &str, result: Result<T>) -> Result<T, Failure> {
    result.map_err(|error| Failure::new(behaviour, format!("{what}: expected success, got {error}")))
}

/// Fails the behaviour unless the call was refused with an error of this kind.
///
/// # Errors
/// The failure, with the answer or the other error that came.
pub fn refused<T: fmt::Debug>(
    behaviour: &'static str,
    what: &str,
    result: Result<T>,
    kind: ErrorKind,
) -> Result<(), Failure> {
    refused_as(behaviour, what, result, &[kind])
}

/// Fails the behaviour unless the call was refused with an error of one of these kinds.
///
/// # Errors
/// The failure, with the answer or the other error that came.
pub fn refused_as<T: fmt::Debug>(
    behaviour: &'static str,
    what: &str,
    result: Result<T>,
    kinds: &[ErrorKind],
) -> Result<(), Failure> {
    let expected = || kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    match result {
        Err(error) if kinds.contains(&error.kind()) => Ok(()),
        Err(error) => Err(Failure::new(behaviour, format!("{what}: expected {}, got {error}", expected()))),
        Ok(value) => {
            let value: String = format!("{value:?}").chars().take(200).collect();
            Err(Failure::new(behaviour, format!("{what}: expected {}, got {value}", expected())))
        }
    }
}
