//! What errors of the server and of the connection mean for those who use the store.

use std::borrow::Cow;

use mosaic_core::error::{Delivery, Error, ErrorKind};

/// What the server or the connection did, while something was asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server, or the driver, says so.
    Sqlx(sqlx::Error),
    /// Nothing was heard in time.
    Silent,
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlx(error)
    }
}

impl Fault {
    /// Whether the connection is of no use any more.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Sqlx(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| ends_connections(&code))
            }
            Self::Sqlx(error) => !matches!(
                error,
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_)
            ),
        }
    }

    /// The error for those who asked; `what` says what was not done.
    pub(super) fn error(self, what: &str) -> Error {
        let (kind, why) = match self {
            Self::Silent => (ErrorKind::Timeout, Cow::from("PostgreSQL did not answer in time")),
            Self::Sqlx(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                (kind(&code), format!("PostgreSQL says {} ({code})", error.message()).into())
            }
            Self::Sqlx(sqlx::Error::PoolTimedOut) => {
                (ErrorKind::Timeout, "no connection to PostgreSQL became free in time".into())
            }
            Self::Sqlx(sqlx::Error::PoolClosed) => (ErrorKind::Lifecycle, "the store is closed".into()),
            Self::Sqlx(sqlx::Error::Io(error)) => {
                (ErrorKind::Network, format!("the connection to PostgreSQL failed: {error}").into())
            }
            Self::Sqlx(sqlx::Error::Tls(error)) => {
                (ErrorKind::Network, format!("PostgreSQL is not spoken to by TLS: {error}").into())
            }
            Self::Sqlx(error) => {
                (ErrorKind::Protocol, format!("PostgreSQL's answer is not understood: {error}").into())
            }
        };
        Error::new(kind, format!("{what}: {why}")).delivery(Delivery::NotSent)
    }
}

/// What a code of the server means: the first two characters are its class.
fn kind(code: &str) -> ErrorKind {
    match code {
        _ if ends_connections(code) => ErrorKind::Network,
        // The write turn, or the answer, was waited for too long.
        "57014" | "55P03" => ErrorKind::Timeout,
        "42501" => ErrorKind::PermissionDenied,
        _ => match code.get(..2) {
            Some("28") => ErrorKind::Unauthenticated,
            Some("3D" | "3F") => ErrorKind::Config,
            Some("53") => ErrorKind::Provider,
            Some("40") => ErrorKind::Conflict,
            _ => ErrorKind::Internal,
        },
    }
}

/// Codes after which the server hangs up: it stops, starts or crashed, or the session was idle for too long.
fn ends_connections(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
}

/// What is stored is not what this program stores.
pub(super) fn strange(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("what PostgreSQL holds is not what the store wrote: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_told_from_an_answer() {
        let lost = Fault::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert!(lost.is_lost() && Fault::Silent.is_lost());
        let error = lost.error("no head");
        assert_eq!((error.kind(), error.delivered()), (ErrorKind::Network, Delivery::NotSent));
        assert!(!Fault::from(sqlx::Error::Decode("odd".into())).is_lost());
        assert!(ends_connections("57P01") && ends_connections("08006") && !ends_connections("57014"));
    }

    #[test]
    fn codes_have_their_kinds() {
        let kinds = ["57P03", "57014", "28P01", "3D000", "53100", "42501", "23505"].map(kind);
        use ErrorKind::{Config, Internal, Network, PermissionDenied, Provider, Timeout, Unauthenticated};
        assert_eq!(kinds, [Network, Timeout, Unauthenticated, Config, Provider, PermissionDenied, Internal]);
    }
}
