//! What a client may say of a call in the metadata of its request.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use rmcp::model::JsonObject;
use serde_json::Value;

/// The idempotency key of the call: a text of 1 to 200 bytes. Nothing else of a context is taken from a client, since rules and
/// budgets go by it.
pub(crate) const IDEMPOTENCY_KEY: &str = "mosaic/idempotency-key";
/// The longest key, in bytes.
const LONGEST: usize = 200;

/// The context of the call with the key that the client gives, where it gives one.
///
/// # Errors
/// `Invalid` for a key that is no text, empty or too long: what was meant to be done once is not done at all.
pub(super) fn keyed(cx: CallContext, meta: &JsonObject) -> Result<CallContext> {
    match meta.get(IDEMPOTENCY_KEY) {
        None => Ok(cx),
        Some(Value::String(key)) if (1..=LONGEST).contains(&key.len()) => {
            Ok(cx.idempotency_key(key.as_str()))
        }
        Some(_) => {
            let message = format!("{IDEMPOTENCY_KEY} is a text of 1 to {LONGEST} bytes");
            Err(Error::new(ErrorKind::Invalid, message).refused())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_taken_and_nothing_else() {
        let of = |meta: Value| keyed(CallContext::new(), meta.as_object().unwrap());
        assert_eq!(of(json!({})).unwrap().key(), None);
        let cx =
            of(json!({ "mosaic/idempotency-key": "k-1", "mosaic/attributes": { "region": "eu" } })).unwrap();
        assert_eq!((cx.key(), cx.attributes().count()), (Some("k-1"), 0));
        for bad in [json!(7), json!(""), json!("x".repeat(201)), json!(null)] {
            let error = of(json!({ "mosaic/idempotency-key": bad })).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }
}
