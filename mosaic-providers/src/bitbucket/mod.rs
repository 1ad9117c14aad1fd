#![doc = include_str!("docs.md")]

mod client;
mod cloud;
mod config;
mod git;
mod page;
mod wire;

pub use config::{BitbucketConfig, BitbucketGitFactory};
pub use git::BitbucketGit;
