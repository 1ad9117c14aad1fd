//! The one error type: it says what happened, where, what to do, and it decides nothing itself.

mod kind;
mod recovery;
mod trail;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use kind::{ErrorClass, ErrorKind, Verdict};
pub use recovery::{Recovery, Situation, fails_over, may_have_run, movable, recovery, repeatable_here};
pub use trail::Attempt;

use crate::types::ProviderId;

/// The result of everything in Mosaic.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether a request left this process.
///
/// ```
/// use mosaic_core::error::Delivery;
///
/// assert!(Delivery::Unknown > Delivery::Answered && Delivery::Answered > Delivery::NotSent);
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Not a byte was sent.
    #[default]
    NotSent,
    /// It was sent and the provider answered.
    Answered,
    /// It was sent, or may have been, and no answer came.
    Unknown,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent",
            Self::Answered => "answered",
            Self::Unknown => "unknown",
        })
    }
}

/// What is known about the effect of a failed write.
///
/// ```
/// use mosaic_core::error::{Error, ErrorKind, Outcome};
///
/// assert_eq!(Error::new(ErrorKind::Conflict, "it exists").outcome(), Outcome::NotMade);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It certainly did not happen.
    NotMade,
    /// It may have happened: look before doing it again.
    Unknown,
}

/// What went wrong with a call. One pointer, cheap to clone.
///
/// `Display` is one line without secrets or bodies; `Debug` shows everything that is known, with the trail and the source.
///
/// ```
/// use mosaic_core::error::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "there is no repository acme/widget").operation("git.get_repository");
/// assert_eq!(error.to_string(), "git.get_repository: not_found: there is no repository acme/widget");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    provider: Option<ProviderId>,
    context: Vec<(&'static str, String)>,
    delivery: Delivery,
    refused: bool,
    may_have_run: bool,
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "the engine decides"))]
    /// What the error-handling flow decided after the last attempt on its provider, where that is known.
    moves: Option<bool>,
    retry_after: Option<Duration>,
    status: Option<u16>,
    trail: Vec<Attempt>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with a message for people: what happened and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            provider: None,
            context: Vec::new(),
            delivery: Delivery::NotSent,
            refused: false,
            may_have_run: false,
            moves: None,
            retry_after: None,
            status: None,
            trail: Vec::new(),
            source: None,
        }))
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The same error with the name of the operation, unless it has one.
    #[must_use]
    pub fn operation(self, name: &'static str) -> Self {
        if self.0.operation.is_some() { self } else { self.edit(|e| e.operation = Some(name)) }
    }

    /// The same error with the provider that gave it, unless it has one.
    #[must_use]
    pub fn provider(self, provider: &ProviderId) -> Self {
        if self.0.provider.is_some() { self } else { self.edit(|e| e.provider = Some(provider.clone())) }
    }

    /// The same error with a fact beside the message, such as `("branch", "main")`. Never a secret.
    #[must_use]
    pub fn context(self, key: &'static str, value: impl fmt::Display) -> Self {
        self.edit(|e| e.context.push((key, value.to_string())))
    }

    /// The same error with what is known of the delivery; whether it may have run follows.
    #[must_use]
    pub fn delivery(self, delivery: Delivery) -> Self {
        self.edit(|e| {
            e.delivery = delivery;
            e.may_have_run = may_have_run(e.kind, delivery, e.refused);
        })
    }

    /// The same error with the provider's statement that it did not process the request.
    #[must_use]
    pub fn refused(self) -> Self {
        self.edit(|e| {
            e.refused = true;
            e.may_have_run = false;
        })
    }

    /// The same error with the worst over several attempts: it may have run if any of them may have.
    #[must_use]
    pub fn worst(self, delivery: Delivery, may_have_run: bool) -> Self {
        if self.0.delivery >= delivery && self.0.may_have_run == may_have_run {
            return self;
        }
        self.edit(|e| {
            e.delivery = e.delivery.max(delivery);
            e.may_have_run |= may_have_run;
            // That one attempt was refused says nothing of another that may have run.
            e.refused &= !may_have_run;
        })
    }

    /// The same error of a later step of a write whose earlier step was made: the write may have run in part, whatever this
    /// kind says of the step.
    ///
    /// ```
    /// use mosaic_core::error::{Error, ErrorKind, Outcome};
    ///
    /// let error = Error::new(ErrorKind::RateLimited, "come back later").refused().after_a_step();
    /// assert_eq!(error.outcome(), Outcome::Unknown);
    /// ```
    #[must_use]
    pub fn after_a_step(self) -> Self {
        self.worst(Delivery::Answered, true)
    }

    /// The same error with what the flow decided after the last attempt on its provider: whether the call goes to the next.
    #[cfg(feature = "engine")]
    pub(crate) fn moves(self, moves: bool) -> Self {
        self.edit(|e| e.moves = Some(moves))
    }

    /// Whether the call goes to the next provider, where that was decided already.
    #[cfg(feature = "engine")]
    pub(crate) fn decided(&self) -> Option<bool> {
        self.0.moves
    }

    /// The same error with the wait that the provider asks for.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        self.edit(|e| e.retry_after = Some(wait))
    }

    /// The same error with the status code of the protocol below.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.edit(|e| e.status = Some(status))
    }

    /// The same error with its cause.
    #[must_use]
    pub fn source(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.edit(|e| e.source = Some(Arc::new(source)))
    }

    /// The same error with the attempts that the call made.
    #[must_use]
    pub fn trail(self, trail: Vec<Attempt>) -> Self {
        if trail.is_empty() { self } else { self.edit(|e| e.trail = trail) }
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message, without operation and provider.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed.
    pub fn operation_name(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The provider that gave the error.
    pub fn provider_id(&self) -> Option<&ProviderId> {
        self.0.provider.as_ref()
    }

    /// Facts beside the message.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// Whether the request left this process, the worst over all attempts.
    pub fn delivered(&self) -> Delivery {
        self.0.delivery
    }

    /// Whether the provider said that it did not process the request.
    pub fn was_refused(&self) -> bool {
        self.0.refused
    }

    /// What is known about the effect of the call that failed.
    pub fn outcome(&self) -> Outcome {
        if self.0.may_have_run { Outcome::Unknown } else { Outcome::NotMade }
    }

    /// How long the provider asks to wait.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The status code of the protocol below, such as 404.
    pub fn status_code(&self) -> Option<u16> {
        self.0.status
    }

    /// The attempts that the call made, first attempt first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.trail
    }

    /// What a breaker learns from it.
    pub fn verdict(&self) -> Verdict {
        self.0.kind.verdict()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(provider) = &self.0.provider {
            write!(f, "{provider}: ")?;
        }
        write!(f, "{}: {}", self.0.kind, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &e.kind).field("message", &e.message);
        if let Some(operation) = e.operation {
            out.field("operation", &operation);
        }
        if let Some(provider) = &e.provider {
            out.field("provider", provider);
        }
        for (key, value) in &e.context {
            out.field(key, value);
        }
        out.field("delivery", &e.delivery).field("outcome", &self.outcome());
        if let Some(wait) = e.retry_after {
            out.field("retry_after", &wait);
        }
        if let Some(status) = e.status {
            out.field("status", &status);
        }
        if !e.trail.is_empty() {
            out.field("trail", &e.trail);
        }
        if let Some(source) = &e.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<crate::types::InvalidId> for Error {
    fn from(error: crate::types::InvalidId) -> Self {
        Self::new(ErrorKind::Invalid, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_and_debug_has_the_rest() {
        let error = Error::new(ErrorKind::Network, "connection reset")
            .operation("git.create_repository")
            .provider(&ProviderId::new("forge-a").unwrap())
            .context("host", "127.0.0.1")
            .source(std::io::Error::other("reset"))
            .delivery(Delivery::Unknown);
        assert_eq!(error.to_string(), "git.create_repository: forge-a: network: connection reset");
        let debug = format!("{error:?}");
        for part in ["127.0.0.1", "Unknown", "reset"] {
            assert!(debug.contains(part), "{debug}");
        }
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(error.refused().outcome(), Outcome::NotMade);
    }
}
