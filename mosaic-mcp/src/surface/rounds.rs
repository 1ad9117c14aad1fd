//! Questions in rounds: what a client carries from the answer of a call to the same call made again.
//!
//! The client cannot be trusted with what it carries: the answers of earlier rounds travel under a keyed hash that binds
//! them to the call. So an answer counts only if its question was asked, for this very call.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake3::Hash;
use mosaic_core::context::CallContext;
use serde_json::Value;

/// The most bytes of what a client carries.
const MOST: usize = 64 * 1024;

/// What one call is, for the hash: who makes it, of what, with what.
#[derive(Clone, Copy)]
pub(super) struct Bound<'a> {
    pub(super) key: &'a [u8; 32],
    pub(super) cx: &'a CallContext,
    pub(super) tool: &'a str,
    pub(super) arguments: &'a Value,
}

impl Bound<'_> {
    fn mac(&self, payload: &[u8]) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(self.key);
        let arguments = self.arguments.to_string();
        let (tenant, principal) = (self.cx.tenant_id().as_str(), self.cx.caller().to_string());
        for part in
            [tenant.as_bytes(), principal.as_bytes(), self.tool.as_bytes(), arguments.as_bytes(), payload]
        {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.finalize()
    }

    /// The answers so far as something to carry.
    pub(super) fn seal(&self, answers: &BTreeMap<String, Value>) -> String {
        // A map of texts to JSON always has a JSON form.
        let payload = serde_json::to_vec(answers).unwrap_or_default();
        let mac = self.mac(&payload);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), mac.to_hex())
    }

    /// The answers so far, with those of the last round; nothing where what was carried is not for this call.
    pub(super) fn open(
        &self,
        carried: Option<&str>,
        last: Option<BTreeMap<String, Value>>,
    ) -> BTreeMap<String, Value> {
        let Some(mut answers) = carried.and_then(|carried| self.checked(carried)) else {
            return BTreeMap::new();
        };
        // What was answered before stays as it was.
        for (key, value) in last.into_iter().flatten() {
            answers.entry(key).or_insert(value);
        }
        answers
    }

    fn checked(&self, carried: &str) -> Option<BTreeMap<String, Value>> {
        let (payload, mac) = carried.split_once('.').filter(|_| carried.len() <= MOST)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        // Hashes are compared in constant time.
        (Hash::from_hex(mac).ok()? == self.mac(&payload)).then_some(())?;
        serde_json::from_slice(&payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_count_only_for_the_call_they_were_asked_for() {
        let key = [7; 32];
        let ann = CallContext::new().principal(Principal::user("ann"));
        let bob = CallContext::new().principal(Principal::user("bob"));
        let (one, two) = (json!({ "branch": "a" }), json!({ "branch": "b" }));
        let bound = Bound { key: &key, cx: &ann, tool: "git_delete_branch", arguments: &one };
        let first: BTreeMap<_, _> = [("confirm".to_owned(), json!({ "action": "accept" }))].into();
        let carried = bound.seal(&first);
        let last: BTreeMap<_, _> =
            [("which".to_owned(), json!(1)), ("confirm".to_owned(), json!("forged"))].into();

        let both = bound.open(Some(&carried), Some(last.clone()));
        assert_eq!(both["confirm"], json!({ "action": "accept" }));
        assert_eq!(both["which"], json!(1));

        for other in [
            Bound { key: &[8; 32], ..bound },
            Bound { cx: &bob, ..bound },
            Bound { tool: "git_merge_branch", ..bound },
            Bound { arguments: &two, ..bound },
        ] {
            assert!(other.open(Some(&carried), Some(last.clone())).is_empty());
        }
        for carried in [None, Some(""), Some("."), Some("e30.00"), Some(&carried[1..])] {
            assert!(bound.open(carried, Some(last.clone())).is_empty());
        }
    }
}
