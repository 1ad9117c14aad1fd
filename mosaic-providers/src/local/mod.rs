#![doc = include_str!("docs.md")]

#[cfg(all(feature = "local-cicd", target_os = "linux"))]
pub mod cicd;
#[cfg(feature = "local-docs")]
pub mod document;
#[cfg(feature = "local-git")]
pub mod git;
#[cfg(feature = "local-project")]
pub mod project;
