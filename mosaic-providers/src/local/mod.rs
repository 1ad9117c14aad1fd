//! The embedded providers: real work on the disk of this machine, no account and no server.

#[cfg(feature = "local-git")]
pub mod git;
#[cfg(feature = "local-project")]
pub mod project;
