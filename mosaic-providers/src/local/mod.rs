//! The embedded providers: real work on the disk of this machine, no account and no server.

#[cfg(all(feature = "local-cicd", target_os = "linux"))]
pub mod cicd;
#[cfg(feature = "local-docs")]
pub mod document;
#[cfg(feature = "local-git")]
pub mod git;
#[cfg(feature = "local-project")]
pub mod project;
