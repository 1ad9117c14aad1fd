#![doc = include_str!("docs.md")]

mod actions;
mod app;
mod client;
mod config;
mod git;
mod issues;

pub use actions::{ActionsConfig, GitHubActions, GitHubActionsFactory};
pub use config::{GitHubConfig, GitHubGitFactory, GitHubIssuesFactory};
pub use git::GitHubGit;
pub use issues::GitHubIssues;
