//! What of a call's context travels with it to another Mosaic, in the metadata of the request: the idempotency key.
//!
//! Neither tenant nor principal do, since the other side knows by its own authentication who calls; nor do attributes, by which its
//! rules and budgets go, and among which the roles of the caller are.

use mosaic_core::context::CallContext;
use rmcp::model::JsonObject;

use crate::surface::IDEMPOTENCY_KEY;

/// The metadata of a call; none where there is nothing to say.
pub(super) fn of(cx: &CallContext) -> Option<JsonObject> {
    let key = cx.key()?;
    Some(JsonObject::from_iter([(IDEMPOTENCY_KEY.to_owned(), key.into())]))
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;
    use mosaic_core::types::TenantId;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_key_travels_and_nobodys_name_or_role() {
        assert_eq!(of(&CallContext::new().attribute("mosaic.roles", "sealed")), None);
        let cx = CallContext::new()
            .tenant(TenantId::new("acme").unwrap())
            .principal(Principal::user("ann").with_credential("ann-token"))
            .idempotency_key("k-1")
            .attribute("region", "eu");
        assert_eq!(Value::from(of(&cx).unwrap()), json!({ "mosaic/idempotency-key": "k-1" }));
    }
}
