//! What of a call's context travels with it to another Mosaic, in the metadata of the request.
//!
//! Neither tenant nor principal do: the other side knows by its own authentication who calls. It may take the rest as it
//! takes what its own callers say, and does not have to.

use mosaic_core::context::CallContext;
use rmcp::model::JsonObject;
use serde_json::{Map, Value};

/// The idempotency key, a text.
const KEY: &str = "mosaic/idempotency-key";
/// The attributes, an object.
const ATTRIBUTES: &str = "mosaic/attributes";

/// The metadata of a call; none where there is nothing to say.
pub(super) fn of(cx: &CallContext) -> Option<JsonObject> {
    let mut meta = JsonObject::new();
    if let Some(key) = cx.key() {
        meta.insert(KEY.to_owned(), key.into());
    }
    let attributes: Map<String, Value> = cx
        .attributes()
        .filter_map(|(name, value)| Some((name.to_owned(), serde_json::to_value(value).ok()?)))
        .collect();
    if !attributes.is_empty() {
        meta.insert(ATTRIBUTES.to_owned(), attributes.into());
    }
    (!meta.is_empty()).then_some(meta)
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;
    use mosaic_core::types::TenantId;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_and_the_attributes_travel_and_nobodys_name() {
        assert_eq!(of(&CallContext::new()), None);
        let cx = CallContext::new()
            .tenant(TenantId::new("acme").unwrap())
            .principal(Principal::user("ann").with_credential("ann-token"))
            .idempotency_key("k-1")
            .attribute("region", "eu")
            .attribute("size", 12);
        let meta = of(&cx).unwrap();
        let expected = json!({
            "mosaic/idempotency-key": "k-1", "mosaic/attributes": { "region": "eu", "size": 12.0 },
        });
        assert_eq!(Value::from(meta), expected);
    }
}
