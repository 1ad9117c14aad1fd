//! What an answer is known by: everything that could make it another one.

use crate::context::CallContext;
use crate::engine::route::Table;
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

    /// The key of a call: tenant, operation, parameters, the attributes that rules read, the credential that acts, and the
    /// epoch of the rules. A call that could be answered otherwise has another key.
    #[inline]
    pub fn key(
        &self,
        cx: &CallContext,
        meta: &OpMeta,
        rules: &Table,
        epoch: u64,
        params: impl FnOnce(&mut Digester),
    ) -> u128 {
        let mut digest = Digester::new(self.0);
        digest.number(epoch);
        digest.number(meta.code);
        digest.text(cx.tenant_id().as_str());
        for name in rules.attributes() {
            digest.optional(cx.get(name));
        }
        if rules.reads_user() {
            let caller = cx.caller();
            digest.optional((!caller.is_application()).then(|| caller.name()));
        }
        digest.optional(cx.caller().credential());
        params(&mut digest);
        digest.finish()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}
