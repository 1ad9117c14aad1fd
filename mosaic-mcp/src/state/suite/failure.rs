//! What the suite says of a store that behaves otherwise than promised.

use std::fmt;
use std::panic::Location;

use mosaic_core::error::{Error, ErrorKind, Result};

/// A behaviour that a store does not show: what was expected, what came instead, and where in the suite.
///
/// ```
/// use mosaic_mcp::state::suite::Failure;
///
/// let failure = Failure::new("two writers had the lock").of("nodes_write_one_after_the_other");
/// assert!(failure.to_string().starts_with("nodes_write_one_after_the_other: two writers had the lock"));
/// ```
#[derive(Debug, Clone)]
pub struct Failure {
    behaviour: &'static str,
    message: String,
    at: &'static Location<'static>,
}

/// How a behaviour ends.
pub type Outcome = Result<(), Failure>;

impl Failure {
    /// A failure at the place of the call.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { behaviour: "state", message: message.into(), at: Location::caller() }
    }

    /// The same, of a behaviour.
    #[must_use]
    pub fn of(mut self, behaviour: &'static str) -> Self {
        self.behaviour = behaviour;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { behaviour, message, at } = self;
        write!(f, "{behaviour}: {message} ({}:{})", at.file(), at.line())
    }
}

impl std::error::Error for Failure {}

/// Whatever must succeed and does not.
impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        let mut message = format!("success was expected, and there came: {error}");
        let mut cause = std::error::Error::source(&error);
        while let Some(because) = cause {
            message.push_str(&format!(", because of: {because}"));
            cause = because.source();
        }
        Self::new(message)
    }
}

/// Fails unless both are equal.
#[track_caller]
pub(super) fn equal<T: PartialEq<U> + fmt::Debug, U: fmt::Debug>(what: &str, got: T, expected: U) -> Outcome {
    if got == expected {
        return Ok(());
    }
    let short = |text: String| text.chars().take(400).collect::<String>();
    let (got, expected) = (short(format!("{got:?}")), short(format!("{expected:?}")));
    Err(Failure::new(format!("{what}: expected {expected}, got {got}")))
}

/// Fails unless it holds.
#[track_caller]
pub(super) fn holds(what: &str, condition: bool) -> Outcome {
    if condition { Ok(()) } else { Err(Failure::new(format!("it does not hold that {what}"))) }
}

/// Fails unless it was refused with an error of this kind.
#[track_caller]
pub(super) fn refused<T: fmt::Debug>(what: &str, result: Result<T>, kind: ErrorKind) -> Outcome {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Failure::new(format!("{what}: expected {kind}, got {error}"))),
        Ok(value) => {
            let value: String = format!("{value:?}").chars().take(200).collect();
            Err(Failure::new(format!("{what}: expected {kind}, got {value}")))
        }
    }
}
