#![doc = include_str!("docs.md")]

mod app;
mod client;
mod config;
mod git;
mod issues;

pub use config::{GitHubConfig, GitHubGitFactory, GitHubIssuesFactory};
pub use git::GitHubGit;
pub use issues::GitHubIssues;
