//! One server: its client, what product it is, and what was set about it.

use std::time::Duration;

use http::HeaderMap;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{OpSet, VendorRead, VendorWrite};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, PageRequest, RepoRef, ServiceKind};
use serde::Serialize;
use serde_json::Value;

use super::client::{connect, health};
use super::config::{GiteaConfig, Product};
use crate::forge::names;
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
    /// Whether calls in the vendor's own words may be made.
    vendor_calls: bool,
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
            client: connect(config)?,
            product: config.product,
            most: config.page_size,
            anonymous: config.auth == Auth::None,
            vendor_calls: config.vendor_calls,
            patience: Duration::from_millis(config.merge_wait_ms),
        })
    }

    /// What a plugin declares that offers these operations of a family.
    pub(super) fn declared(&self, family: ServiceKind, offered: OpSet) -> OpSet {
        if self.vendor_calls { offered.and(OpSet::vendor(family)) } else { offered }
    }

    /// Fetches something in the vendor's own words.
    ///
    /// # Errors
    /// `Unsupported` where that is not allowed, else those of any request.
    pub(super) async fn vendor_read<F>(&self, cx: &CallContext, op: VendorRead<F>) -> Result<VendorAnswer> {
        self.allowed()?;
        self.client.vendor_read(cx, op).await
    }

    /// Changes something in the vendor's own words.
    ///
    /// # Errors
    /// `Unsupported` where that is not allowed, else those of any request.
    pub(super) async fn vendor_write<F>(&self, cx: &CallContext, op: VendorWrite<F>) -> Result<VendorAnswer> {
        self.allowed()?;
        self.client.vendor_write(cx, op).await
    }

    fn allowed(&self) -> Result<()> {
        if self.vendor_calls {
            return Ok(());
        }
        Err(unsupported("calls in the vendor's own words are not allowed here: set `vendorCalls`"))
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

/// An object without the fields that say nothing.
pub(super) fn named(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

/// Checks a branch, tag or commit as a caller names it.
///
/// # Errors
/// `Invalid`.
pub(super) fn revision<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    names::Revision::parse(field, text)?;
    Ok(text)
}

pub(super) fn conflict(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, text.into())
}

pub(super) fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, text.into())
}

pub(super) fn not_found(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::NotFound, text.into())
}

pub(super) fn unsupported(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, text.into())
}
