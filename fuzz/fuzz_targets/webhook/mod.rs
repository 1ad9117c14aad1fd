//! What every target of webhooks does: any bytes as an event of a known name, to a receiver that asks for no proof.

use http::{HeaderMap, HeaderValue};
use mosaic_core::ports::Notice;
use mosaic_providers::webhook::{Event, Receiver, Vendor};

/// A delivery can be shown, written and told to a cache; an error says what to answer. The first byte picks one of the names, so
/// that bodies get far.
pub fn receive(vendor: Vendor, header: &'static str, names: &[&'static str], input: (u8, &[u8])) {
    let (at, body) = input;
    let mut headers = HeaderMap::new();
    headers.insert(header, HeaderValue::from_static(names[usize::from(at) % names.len()]));
    match Receiver::unsigned(vendor).receive(&headers, body.to_vec().into()) {
        Ok(delivery) => {
            assert!(delivery.repo.is_some() || matches!(delivery.event, Event::Ping | Event::Other));
            assert_eq!(delivery.body, body);
            delivery.changes(&mut |_, subject| assert!(subject.org.is_some()));
            let json = serde_json::to_string(&delivery).expect("a delivery is written as JSON");
            assert!(!json.is_empty() && !format!("{delivery:?}").is_empty());
        }
        Err(error) => assert!(matches!(error.status_code(), Some(400 | 422)), "{error:?}"),
    }
}
