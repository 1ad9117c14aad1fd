//! Why the state refuses a change; each dialect has its own status code for it.

/// A change that did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// What a person reads.
    pub(crate) message: String,
}

/// The kinds of refusal that dialects tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What it is about is not there.
    Missing,
    /// There is one already.
    Exists,
    /// The request makes no sense.
    Invalid,
    /// It is at another version than was said.
    Stale,
    /// Both sides changed the same lines.
    Conflict,
    /// It is in a state that does not allow it.
    State,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(Reason::Missing, message)
    }
    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new(Reason::Exists, message)
    }
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Reason::Invalid, message)
    }
    pub(crate) fn stale(message: impl Into<String>) -> Self {
        Self::new(Reason::Stale, message)
    }
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Reason::Conflict, message)
    }
    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::new(Reason::State, message)
    }
}
