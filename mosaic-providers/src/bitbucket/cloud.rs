//! Bitbucket Cloud as one configuration sees it: the client, what was set, and what all rooms here share.

use std::time::Duration;

use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::RepoRef;

use super::client::{connect, health};
use super::config::BitbucketConfig;
pub(super) use crate::forge::fault::{conflict, invalid, not_found, unsupported};
use crate::forge::names;
pub(super) use crate::forge::names::revision;
pub(super) use crate::http::without_nulls as named;
use crate::http::{Auth, Client, Path, at};

/// The API, shared by all calls.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) client: Client,
    /// The key of the project that new repositories belong to.
    pub(super) project: Option<String>,
    /// How long a merge that goes on by itself is waited for.
    pub(super) patience: Duration,
    /// Whether somebody asks, or nobody in particular.
    anonymous: bool,
}

impl Cloud {
    /// The API by a configuration; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub(super) fn new(config: &BitbucketConfig) -> Result<Self> {
        Ok(Self {
            client: connect(config)?.vendor_calls(config.vendor_calls),
            project: config.project.clone(),
            patience: Duration::from_millis(config.merge_wait_ms),
            anonymous: config.auth == Auth::None,
        })
    }

    /// How Bitbucket is, by the cheapest call that shows whether the credentials are accepted.
    pub(super) async fn health(&self) -> HealthReport {
        health(&self.client, self.anonymous).await
    }
}

/// The path of a repository, whose name is checked.
///
/// # Errors
/// `Invalid` where no repository can have this name.
pub(super) fn repo(repo: &RepoRef) -> Result<Path> {
    names::hosted(repo)?;
    Ok(at!["repositories", &repo.owner, &repo.name])
}

/// An answer that was given and does not say what it must.
pub(super) fn unclear(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, text.into()).delivery(Delivery::Answered)
}
