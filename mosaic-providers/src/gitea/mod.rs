#![doc = include_str!("docs.md")]

mod client;
mod config;
mod git;
mod server;
mod wire;

pub use config::{GiteaConfig, GiteaGitFactory, Product};
pub use git::GiteaGit;
