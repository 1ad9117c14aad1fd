//! One server: its client, what product it is, and what was set about it.

use std::time::Duration;

use http::HeaderMap;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::{Page, PageRequest, RepoRef};
use serde::Serialize;

use super::client::{connect, health};
use super::config::{GiteaConfig, Product};
pub(super) use crate::forge::fault::{conflict, invalid, not_found, unsupported};
use crate::forge::names;
pub(super) use crate::forge::names::revision;
pub(super) use crate::http::without_nulls as named;
use crate::http::{Auth, Client, List, Numbered, Path, at};

/// A server, shared by all calls.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) product: Product,
    /// The most items that a page of it has.
    pub(super) most: usize,
    /// Whether somebody asks, or nobody in particular.
    anonymous: bool,
    /// How long to wait for it to find out whether a pull request can be merged.
    pub(super) patience: Duration,
}

impl Server {
    /// The server of a configuration; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub(super) fn new(config: &GiteaConfig) -> Result<Self> {
        if !(1..=100).contains(&config.page_size) {
            return Err(Error::new(ErrorKind::Config, "pageSize: give a number from 1 to 100"));
        }
        Ok(Self {
            client: connect(config)?.vendor_calls(config.vendor_calls),
            product: config.product,
            most: config.page_size,
            anonymous: config.auth == Auth::None,
            patience: Duration::from_millis(config.merge_wait_ms),
        })
    }

    /// How the server is, by the cheapest call that shows whether the credentials are accepted.
    pub(super) async fn health(&self) -> HealthReport {
        health(&self.client, self.anonymous).await
    }

    /// The part of a list that a call asks for.
    ///
    /// # Errors
    /// `Invalid` where the cursor is not one of this list.
    pub(super) fn part(&self, list: &List<impl Serialize>, page: &PageRequest) -> Result<Numbered> {
        Numbered::of(list, page, self.most)
    }
}

/// The path of a repository, whose name is checked.
///
/// # Errors
/// `Invalid` where no repository can have this name.
pub(super) fn repo(repo: &RepoRef) -> Result<Path> {
    names::hosted(repo)?;
    Ok(at!["repos", &repo.owner, &repo.name])
}

/// The page of what was read: `received` items came, some of which may have been left out since.
///
/// Long lists tell of the next page by a link, most tell how many items there are, a few tell nothing.
pub(super) fn page<T>(
    list: &List<impl Serialize>,
    part: Numbered,
    items: Vec<T>,
    received: usize,
    headers: &HeaderMap,
) -> Page<T> {
    if headers.contains_key(http::header::LINK) {
        return part.linked(list, items, headers);
    }
    let total = headers.get("x-total-count").and_then(|total| total.to_str().ok()?.parse::<u64>().ok());
    let more = match total {
        Some(total) => part.offset + part.size < total,
        None => received as u64 >= part.size,
    };
    part.page(list, items, more)
}
