#![doc = include_str!("docs.md")]

mod client;
mod config;
mod git;
mod wire;

pub use config::{GitLabConfig, GitLabGitFactory};
pub use git::GitLabGit;
