//! From what SQLite says to the error of a call: the only place that knows its codes.
//!
//! | what SQLite says | kind | may have run |
//! |---|---|---|
//! | busy, locked, no turn in time | `Provider` | no |
//! | disk full, read-only, input or output fails | `Provider` | no, unless while committing |
//! | the file is damaged | `Provider` | no, unless while committing |
//! | a value that cannot be read | `Protocol` | no |
//! | the tracker was stopped | `Lifecycle` | no |
//! | anything else, such as a constraint nobody expected | `Internal` | no, unless while committing |
//!
//! Up to `COMMIT` nothing of a transaction lasts, so such an error says that the provider did not process the request. The
//! messages name neither SQL nor a path; the cause is in the error's source.

use mosaic_core::error::{Delivery, Error, ErrorKind};

// https://www.sqlite.org/rescode.html, without the part that extends them.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;

/// The error of a statement before its transaction is committed: it left nothing.
pub(super) fn before_commit(error: sqlx::Error) -> Error {
    classified(error).refused()
}

/// The error of a commit. Only a busy file proves that nothing was written: after a failed sync the last frames may be
/// whole all the same, and the next process that opens the file would then find them.
pub(super) fn committing(error: sqlx::Error) -> Error {
    if is_busy(&error) { classified(error).refused() } else { classified(error).delivery(Delivery::Unknown) }
}

/// The error of opening the file: most of them are about the path in the configuration.
pub(super) fn opening(error: sqlx::Error) -> Error {
    let message = match code(&error) {
        Some(CANTOPEN) => "path: the file cannot be opened or made",
        Some(NOTADB) => "path: the file is not an SQLite database",
        Some(READONLY) => "path: the file or its folder cannot be written to",
        None if matches!(error, sqlx::Error::Io(_)) => "path: is not a path that SQLite can open",
        _ => return classified(error),
    };
    Error::new(ErrorKind::Config, message).source(error)
}

/// Whether another connection holds the lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(BUSY | LOCKED))
}

/// The error of a tracker that was not started, or was stopped.
pub(super) fn not_open() -> Error {
    Error::new(ErrorKind::Lifecycle, "the tracker is not open")
}

/// The error of stored data that is none of ours.
pub(super) fn unreadable(what: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the tracker holds a {what} that cannot be read"))
}

fn classified(error: sqlx::Error) -> Error {
    let (kind, message) = match &error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return not_open().source(error),
        sqlx::Error::PoolTimedOut => (ErrorKind::Provider, "the tracker is busy; no turn came in time"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            return unreadable("value").source(error);
        }
        sqlx::Error::Io(_) => (ErrorKind::Provider, "the tracker's file cannot be read or written"),
        _ => match code(&error) {
            Some(BUSY | LOCKED) => (ErrorKind::Provider, "the tracker's file is busy with another program"),
            Some(READONLY) => (ErrorKind::Provider, "the tracker's file cannot be written to"),
            Some(IOERR | CANTOPEN) => (ErrorKind::Provider, "the tracker's file cannot be read or written"),
            Some(FULL) => (ErrorKind::Provider, "the disk of the tracker is full"),
            Some(CORRUPT | NOTADB) => (ErrorKind::Provider, "the tracker's file is damaged"),
            _ => (ErrorKind::Internal, "the tracker failed in a way it does not know"),
        },
    };
    Error::new(kind, message).source(error)
}

/// The primary result code of SQLite.
fn code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mosaic_core::error::Outcome;

    #[test]
    fn a_stopped_tracker_says_so() {
        let error = before_commit(sqlx::Error::PoolClosed);
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Lifecycle, Outcome::NotMade));
    }

    #[test]
    fn what_fails_while_committing_may_have_run() {
        let full = || sqlx::Error::Io(std::io::Error::other("no space"));
        assert_eq!(before_commit(full()).outcome(), Outcome::NotMade);
        assert_eq!(committing(full()).outcome(), Outcome::Unknown);
    }
}
