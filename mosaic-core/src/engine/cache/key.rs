//! What an answer is known by: everything that could make it another one.

use crate::context::{AttributeValue, CallContext};
use crate::engine::route::RuleBook;
use crate::op::{Digester, OpMeta};

/// Makes keys under one digest key.
#[derive(Clone, Copy)]
pub struct Keys([u8; 16]);

impl Keys {
    /// Keys under a digest key, or under a random one.
    pub fn new(key: Option<[u8; 16]>) -> Self {
        Self(key.unwrap_or_else(|| {
            let mut random = [0; 16];
            fastrand::Rng::new().fill(&mut random);
            random
        }))
    }

    /// The key of a call: tenant, operation, parameters, the attributes that rules read, the credential that acts, the
    /// provider it is pinned to, and the epoch of the rules. A call that could be answered otherwise has another key.
    #[inline]
    pub fn key(
        &self,
        cx: &CallContext,
        meta: &OpMeta,
        rules: &RuleBook,
        epoch: u64,
        params: impl FnOnce(&mut Digester),
    ) -> u128 {
        let mut digest = Digester::new(self.0);
        digest.number(epoch);
        digest.number(meta.code);
        digest.text(cx.tenant_id().as_str());
        for table in rules.in_force() {
            for name in table.attributes() {
                digest_attribute(&mut digest, cx.attribute_value(name));
            }
            if table.reads_user() {
                let caller = cx.caller();
                digest.optional((!caller.is_application()).then(|| caller.name()));
            }
        }
        digest.optional(cx.caller().credential());
        digest.optional(cx.pinned().map(|provider| provider.as_str()));
        params(&mut digest);
        digest.finish()
    }
}

/// Every kind has a number of its own before it: a text and a number of the same bytes are not the same.
#[inline]
fn digest_attribute(digest: &mut Digester, value: Option<&AttributeValue>) {
    match value {
        None => digest.number(0),
        Some(AttributeValue::Text(text)) => {
            digest.number(1);
            digest.text(text);
        }
        Some(AttributeValue::Number(number)) => {
            digest.number(2);
            digest.number(number.to_bits());
        }
        Some(AttributeValue::Boolean(boolean)) => {
            digest.number(3);
            digest.number(u64::from(*boolean));
        }
        Some(AttributeValue::Duration(duration)) => {
            digest.number(4);
            digest.value(duration);
        }
        Some(AttributeValue::List(texts)) => {
            digest.number(5);
            digest.value(texts);
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}
