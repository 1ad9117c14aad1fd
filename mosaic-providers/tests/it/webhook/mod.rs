//! Inbound webhooks: proof of the sender, every event of every vendor, repeats, the cache.

mod bitbucket;
mod circleci;
mod documented;
mod gitea;
mod github;
mod gitlab;
mod mutated;
mod receive;
mod recorded;
mod repeats;
mod schema;
mod touch;

use bytes::Bytes;
use http::HeaderMap;
use mosaic_core::Result;
use mosaic_providers::webhook::{Delivery, Event, Receiver, Vendor};
use serde_json::Value;

/// The headers that a vendor sends with an event, but for the signature.
pub(crate) fn headers(vendor: Vendor, name: &str) -> HeaderMap {
    let pairs: &[(&'static str, &str)] = match vendor {
        Vendor::GitHub => &[("x-github-event", name), ("x-github-delivery", "d-1")],
        Vendor::Gitea => &[
            ("x-github-event", name),
            ("x-github-delivery", "d-1"),
            ("x-gitea-event", name),
            ("x-gitea-delivery", "d-1"),
        ],
        Vendor::Forgejo => &[
            ("x-github-event", name),
            ("x-gitea-event", name),
            ("x-gitea-delivery", "d-1"),
            ("x-forgejo-event", name),
            ("x-forgejo-delivery", "d-1"),
        ],
        Vendor::GitLab => {
            &[("x-gitlab-event", name), ("idempotency-key", "d-1"), ("x-gitlab-event-uuid", "chain-1")]
        }
        Vendor::Bitbucket => &[("x-event-key", name), ("x-request-uuid", "d-1")],
        _ => &[("circleci-event-type", name)],
    };
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// What an unsigned receiver makes of a body.
pub(crate) fn receive(vendor: Vendor, name: &str, body: impl Into<Bytes>) -> Result<Delivery> {
    Receiver::unsigned(vendor).receive(&headers(vendor, name), body.into())
}

/// The delivery of an event that can be read; its parts that all events have are checked on the way.
pub(crate) fn delivery(vendor: Vendor, name: &str, body: &Value) -> Delivery {
    let bytes = body.to_string();
    let delivery = receive(vendor, name, bytes.clone()).unwrap();
    assert_eq!((delivery.vendor, delivery.name.as_str()), (vendor, name));
    assert_eq!(delivery.body, bytes);
    delivery
}

/// Its event.
pub(crate) fn event(vendor: Vendor, name: &str, body: &Value) -> Event {
    delivery(vendor, name, body).event
}
