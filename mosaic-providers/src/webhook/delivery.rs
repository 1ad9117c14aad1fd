//! A delivery: one event with what came around it.

use bytes::Bytes;
use mosaic_core::types::RepoRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, Vendor};

/// A delivery that was checked and read. Cheap to clone as far as its body goes: the bytes are shared.
///
/// JSON has everything but the body, which is empty in what is read from JSON; `Debug` tells its length only.
///
/// ```
/// use mosaic_providers::webhook::{Delivery, Event};
///
/// fn line(delivery: &Delivery) -> String {
///     match &delivery.event {
///         Event::Other => format!("{} sent {}", delivery.vendor, delivery.name),
///         event => format!("{} sent {}, which is {}", delivery.vendor, delivery.name, event.kind()),
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Delivery {
    /// Who sent it.
    pub vendor: Vendor,
    /// The vendor's own name of the event, such as `pull_request` or `Merge Request Hook`.
    pub name: String,
    /// The vendor's own word for what happened, such as `synchronize`, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The vendor's id of the delivery: the same when it is sent again. What [`Deduplicator`](super::Deduplicator) looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The repository it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<RepoRef>,
    /// Who did it, by the name that people log in with where the vendor tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// What happened.
    pub event: Event,
    /// The body as it came, for what the event has no place for.
    #[serde(skip)]
    pub body: Bytes,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("vendor", &self.vendor)
            .field("name", &self.name)
            .field("action", &self.action)
            .field("id", &self.id)
            .field("repo", &self.repo)
            .field("sender", &self.sender)
            .field("event", &self.event)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}
