//! Bitbucket Cloud as one configuration sees it: the client, what was set, and what all rooms here share.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::{OpSet, VendorRead, VendorWrite};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{RepoRef, ServiceKind};
use serde_json::Value;

use super::client::{connect, health};
use super::config::BitbucketConfig;
use crate::forge::names;
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
    /// Whether calls in the vendor's own words may be made.
    vendor_calls: bool,
}

impl Cloud {
    /// The API by a configuration; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub(super) fn new(config: &BitbucketConfig) -> Result<Self> {
        Ok(Self {
            client: connect(config)?,
            project: config.project.clone(),
            patience: Duration::from_millis(config.merge_wait_ms),
            anonymous: config.auth == Auth::None,
            vendor_calls: config.vendor_calls,
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

/// An answer that was given and does not say what it must.
pub(super) fn unclear(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, text.into()).delivery(Delivery::Answered)
}
