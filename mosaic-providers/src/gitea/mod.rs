#![doc = include_str!("docs.md")]

mod client;
mod comment;
mod config;
mod git;
mod issues;
mod server;
mod wiki;
mod wire;

pub use config::{GiteaConfig, GiteaGitFactory, GiteaIssuesFactory, GiteaWikiFactory, Product};
pub use git::GiteaGit;
pub use issues::GiteaIssues;
pub use wiki::GiteaWiki;
