#![doc = include_str!("docs.md")]

mod app;
mod client;
mod config;
mod git;

pub use config::{GitHubConfig, GitHubGitFactory};
pub use git::GitHubGit;
