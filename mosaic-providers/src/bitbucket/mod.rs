#![doc = include_str!("docs.md")]

mod client;
mod cloud;
mod config;
mod git;
mod page;
mod pipelines;
mod wire;

pub use config::{BitbucketConfig, BitbucketGitFactory, BitbucketPipelinesFactory};
pub use git::BitbucketGit;
pub use pipelines::BitbucketPipelines;
