//! What went wrong: the kinds of error and the total functions over them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of an [`Error`](crate::Error). Each has one row in the table of the guide "failover and errors".
///
/// ```
/// use mosaic_core::error::{ErrorKind, Verdict};
///
/// assert_eq!(ErrorKind::NotFound.verdict(), Verdict::Success);
/// assert_eq!(ErrorKind::Timeout.code(), "timeout");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider could not be reached, or the connection broke.
    Network,
    /// One attempt took too long.
    Timeout,
    /// The provider does not accept the credential.
    Unauthenticated,
    /// The provider asks to slow down.
    RateLimited,
    /// Our own limiter asks to slow down; nothing was sent.
    Throttled,
    /// The provider failed (an answer of the 5xx kind).
    Provider,
    /// The provider's answer could not be read.
    Protocol,
    /// The circuit breaker of the provider is open; nothing was sent.
    CircuitOpen,
    /// The provider cannot do this operation; nothing was sent.
    Unsupported,
    /// The thing does not exist.
    NotFound,
    /// The thing is in a state that does not allow it.
    Conflict,
    /// The parameters are wrong.
    Invalid,
    /// The caller may not do this.
    PermissionDenied,
    /// A quota or a budget is used up.
    QuotaExceeded,
    /// No provider may answer this call.
    NoRoute,
    /// The time that the whole call had is over.
    DeadlineExceeded,
    /// The call was given up.
    Cancelled,
    /// The configuration is wrong.
    Config,
    /// A plugin is not in a state that allows it.
    Lifecycle,
    /// A fault of Mosaic or of a plugin, such as a panic.
    Internal,
}

/// The family an error belongs to, after the error-handling flow.
///
/// ```
/// use mosaic_core::error::{ErrorClass, ErrorKind};
///
/// assert_eq!(ErrorKind::Throttled.class(), ErrorClass::RateLimit);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The way to the provider.
    Network,
    /// The credential.
    Auth,
    /// Too many calls.
    RateLimit,
    /// The provider itself.
    Provider,
    /// Anything that repeating does not mend.
    Other,
}

/// What a circuit breaker learns from the end of an attempt.
///
/// ```
/// use mosaic_core::error::{ErrorKind, Verdict};
///
/// assert_eq!(ErrorKind::RateLimited.verdict(), Verdict::Neutral);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The provider works (an answer such as "not found" is one too).
    Success,
    /// The provider does not work.
    Failure,
    /// It says nothing about the provider.
    Neutral,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Network,
        Self::Timeout,
        Self::Unauthenticated,
        Self::RateLimited,
        Self::Throttled,
        Self::Provider,
        Self::Protocol,
        Self::CircuitOpen,
        Self::Unsupported,
        Self::NotFound,
        Self::Conflict,
        Self::Invalid,
        Self::PermissionDenied,
        Self::QuotaExceeded,
        Self::NoRoute,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Config,
        Self::Lifecycle,
        Self::Internal,
    ];

    /// The stable name: in JSON, metrics and audit records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Unauthenticated => "unauthenticated",
            Self::RateLimited => "rate_limited",
            Self::Throttled => "throttled",
            Self::Provider => "provider",
            Self::Protocol => "protocol",
            Self::CircuitOpen => "circuit_open",
            Self::Unsupported => "unsupported",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::PermissionDenied => "permission_denied",
            Self::QuotaExceeded => "quota_exceeded",
            Self::NoRoute => "no_route",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::Config => "config",
            Self::Lifecycle => "lifecycle",
            Self::Internal => "internal",
        }
    }

    /// The family in the error-handling flow.
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::Network | Self::Timeout => ErrorClass::Network,
            Self::Unauthenticated => ErrorClass::Auth,
            Self::RateLimited | Self::Throttled => ErrorClass::RateLimit,
            Self::Provider | Self::Protocol => ErrorClass::Provider,
            _ => ErrorClass::Other,
        }
    }

    /// What the breaker of the provider learns.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Network | Self::Timeout | Self::Provider | Self::Protocol => Verdict::Failure,
            Self::NotFound | Self::Conflict | Self::Invalid => Verdict::Success,
            _ => Verdict::Neutral,
        }
    }

    /// Whether an *answer* of this kind proves that nothing was done: it was refused before it was processed.
    pub const fn proves_refusal(self) -> bool {
        matches!(
            self,
            Self::Unauthenticated
                | Self::RateLimited
                | Self::Throttled
                | Self::CircuitOpen
                | Self::Unsupported
                | Self::NotFound
                | Self::Conflict
                | Self::Invalid
                | Self::PermissionDenied
                | Self::QuotaExceeded
                | Self::NoRoute
                | Self::Config
                | Self::Lifecycle
        )
    }

    /// How telling the kind is to a person who asks why a call failed: of several errors the highest is reported.
    pub const fn telling(self) -> u8 {
        match self {
            Self::Unsupported | Self::NoRoute => 0,
            Self::CircuitOpen | Self::Throttled | Self::Lifecycle => 1,
            Self::RateLimited => 2,
            Self::Network | Self::Timeout | Self::Cancelled | Self::DeadlineExceeded => 3,
            Self::Provider | Self::Protocol | Self::Internal => 4,
            Self::Unauthenticated | Self::Config => 5,
            Self::NotFound
            | Self::Conflict
            | Self::Invalid
            | Self::PermissionDenied
            | Self::QuotaExceeded => 6,
        }
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns "class" and "breaker" of the error table, and whether an answer of the kind proves that nothing was done.
    const TABLE: &str = "
network            network     failure  -
timeout            network     failure  -
unauthenticated    auth        neutral  refused
rate_limited       rate-limit  neutral  refused
throttled          rate-limit  neutral  refused
provider           provider    failure  -
protocol           provider    failure  -
circuit_open       other       neutral  refused
unsupported        other       neutral  refused
not_found          other       success  refused
conflict           other       success  refused
invalid            other       success  refused
permission_denied  other       neutral  refused
quota_exceeded     other       neutral  refused
no_route           other       neutral  refused
deadline_exceeded  other       neutral  -
cancelled          other       neutral  -
config             other       neutral  refused
lifecycle          other       neutral  refused
internal           other       neutral  -
";

    #[test]
    fn every_kind_has_its_columns() {
        let rows: Vec<Vec<&str>> =
            TABLE.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), ErrorKind::ALL.len());
        for (kind, row) in ErrorKind::ALL.into_iter().zip(rows) {
            let class = match kind.class() {
                ErrorClass::Network => "network",
                ErrorClass::Auth => "auth",
                ErrorClass::RateLimit => "rate-limit",
                ErrorClass::Provider => "provider",
                ErrorClass::Other => "other",
            };
            let verdict = match kind.verdict() {
                Verdict::Success => "success",
                Verdict::Failure => "failure",
                Verdict::Neutral => "neutral",
            };
            let refused = if kind.proves_refusal() { "refused" } else { "-" };
            assert_eq!(row, [kind.code(), class, verdict, refused]);
        }
    }

    #[test]
    fn the_code_is_the_name_in_json() {
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            assert_eq!(serde_json::from_value::<ErrorKind>(kind.code().into()).unwrap(), kind);
        }
    }
}
