//! From what SQLite says to an error of the state: the only place that knows its codes.
//!
//! | what SQLite says | kind | may be written |
//! |---|---|---|
//! | busy, locked, no turn in time | `Provider` | no |
//! | disk full, read-only, input or output fails, the file is damaged | `Provider` | no, unless while committing |
//! | a value that cannot be read | `Internal` | no |
//! | the store was closed | `Lifecycle` | no |
//! | anything else, such as a constraint nobody expected | `Internal` | no, unless while committing |
//!
//! The messages name neither SQL nor a path; the cause is in the error's source.

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
    if is_busy(&error) { before_commit(error) } else { classified(error).delivery(Delivery::Unknown) }
}

/// The error of opening the file: most of them are about its path.
pub(super) fn opening(error: sqlx::Error) -> Error {
    let message = match code(&error) {
        Some(CANTOPEN) => "the file of the state store cannot be opened",
        Some(NOTADB) => "the file of the state store is not an SQLite database",
        Some(READONLY) => "the file of the state store, or its folder, cannot be written to",
        _ => return classified(error),
    };
    Error::new(ErrorKind::Config, message).source(error)
}

/// Whether another connection holds the lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(BUSY | LOCKED))
}

/// The error of a store that was closed.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Lifecycle, "the state store is closed").refused()
}

/// The error of stored data that is none of ours.
pub(super) fn unreadable(what: &'static str) -> Error {
    Error::new(ErrorKind::Internal, format!("the state store holds {what} that cannot be read"))
}

fn classified(error: sqlx::Error) -> Error {
    let (kind, message) = match &error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return closed().source(error),
        sqlx::Error::PoolTimedOut => (ErrorKind::Provider, "the state store is busy: no turn came in time"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            return unreadable("a value").source(error);
        }
        sqlx::Error::Io(_) => (ErrorKind::Provider, "the file of the state store cannot be read or written"),
        _ => match code(&error) {
            Some(BUSY | LOCKED) => {
                (ErrorKind::Provider, "the file of the state store is busy with another process")
            }
            Some(READONLY) => (ErrorKind::Provider, "the file of the state store cannot be written to"),
            Some(IOERR | CANTOPEN) => {
                (ErrorKind::Provider, "the file of the state store cannot be read or written")
            }
            Some(FULL) => (ErrorKind::Provider, "the disk of the state store is full"),
            Some(CORRUPT | NOTADB) => (ErrorKind::Provider, "the file of the state store is damaged"),
            _ => (ErrorKind::Internal, "the state store failed in a way it does not know"),
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
    fn what_fails_while_committing_may_be_written() {
        let full = || sqlx::Error::Io(std::io::Error::other("no space"));
        assert_eq!(before_commit(full()).outcome(), Outcome::NotMade);
        assert_eq!(committing(full()).outcome(), Outcome::Unknown);
        assert_eq!(before_commit(sqlx::Error::PoolClosed).kind(), ErrorKind::Lifecycle);
    }
}
