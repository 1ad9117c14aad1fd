//! The error of every command: what was attempted and why it did not hold.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Result of a command.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command failed; its text is the last line the reader sees.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is not understood.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started at all.
    #[error("cannot start `{program}`: {source}")]
    Start { program: String, source: io::Error },
    /// A program ran and reported failure.
    #[error("`{command}` failed: {status}")]
    Failed { command: String, status: ExitStatus },
    /// A program printed something other than what its manual says.
    #[error("cannot read the output of `{command}`: {reason}")]
    Output { command: String, reason: String },
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A check found faults; the text lists them.
    #[error("{0}")]
    Check(String),
}

impl Error {
    /// A failed check: one headline, then one indented line per fault.
    pub(crate) fn faults<I>(headline: &str, faults: I) -> Self
    where
        I: IntoIterator,
        I::Item: std::fmt::Display,
    {
        let mut text = headline.to_owned();
        for fault in faults {
            text.push_str(&format!("\n  {fault}"));
        }
        Self::Check(text)
    }
}
