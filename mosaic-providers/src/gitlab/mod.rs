#![doc = include_str!("docs.md")]

mod ci;
mod client;
mod config;
mod git;
mod issues;
mod wiki;
mod wire;

pub use ci::GitLabCi;
pub use config::{GitLabCiFactory, GitLabConfig, GitLabGitFactory, GitLabIssuesFactory, GitLabWikiFactory};
pub use git::GitLabGit;
pub use issues::GitLabIssues;
pub use wiki::GitLabWiki;
