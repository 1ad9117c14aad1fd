#![doc = include_str!("docs.md")]

mod ci;
mod client;
mod config;
mod git;
mod wire;

pub use ci::GitLabCi;
pub use config::{GitLabCiFactory, GitLabConfig, GitLabGitFactory};
pub use git::GitLabGit;
