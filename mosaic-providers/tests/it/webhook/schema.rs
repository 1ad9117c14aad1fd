//! What is written as JSON is what the schema says, and events can be read again.

use mosaic_providers::webhook::{Delivery, Event, Vendor};
use serde_json::json;

#[test]
fn events_have_a_schema_and_come_back_from_json() {
    let body = json!({"ref": "refs/heads/main", "before": "aa", "after": "bb", "commits": [],
        "repository": {"full_name": "acme/widget"}, "sender": {"login": "ada"}});
    let delivery = super::delivery(Vendor::GitHub, "push", &body);
    let written = serde_json::to_value(&delivery).unwrap();
    let expected = json!({
        "vendor": "github", "name": "push", "id": "d-1", "repo": {"owner": "acme", "name": "widget"}, "sender": "ada",
        "event": {"kind": "push", "changes": [{"reference": "branch", "name": "main", "action": "moved", "before": "aa",
            "after": "bb", "forced": false, "commits": [], "truncated": false}]},
    });
    assert_eq!(written, expected);
    let event: Event = serde_json::from_value(written["event"].clone()).unwrap();
    assert_eq!(event, delivery.event);
    let mut read: Delivery = serde_json::from_value(written.clone()).unwrap();
    assert!(read.body.is_empty());
    read.body = delivery.body.clone();
    assert_eq!(read, delivery);

    let schema = serde_json::to_value(schemars::schema_for!(Delivery)).unwrap();
    let fields: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert!(written.as_object().unwrap().keys().all(|name| fields.contains(name)), "{fields:?}");
    assert!(!fields.contains(&"body".to_owned()));
    let kinds = schema["$defs"]["Event"]["oneOf"].as_array().unwrap();
    let named: Vec<_> =
        kinds.iter().map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap()).collect();
    assert!(named.contains(&"pull_request") && named.contains(&"other") && named.len() == 14, "{named:?}");
}
