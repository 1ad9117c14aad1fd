//! Identity: whether the caller may do this, and whether its tenant may still afford it. Before the cache, so that a hit
//! bypasses neither.

use std::sync::Arc;

use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::op::Reply;
use crate::ports::{Authorizer, UsageStore};

pub(crate) struct Tenant<S> {
    pub(crate) inner: S,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) usage: Option<Arc<dyn UsageStore>>,
}

impl<S: Step> Step for Tenant<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let meta = call.meta();
        if !call.cx.caller().is_application() {
            match &self.authorizer {
                Some(authorizer) => authorizer.authorize(&call.cx, meta, call.payload.subject()).await?,
                None => {
                    let message = format!("{} may do nothing: no authorizer is set up", call.cx.caller());
                    return Err(Error::new(ErrorKind::PermissionDenied, message));
                }
            }
        }
        let Some(usage) = &self.usage else { return self.inner.call(call).await };
        let tenant = call.cx.tenant_id().clone();
        usage.reserve(&tenant, meta.cost).await?;
        let result = self.inner.call(call).await;
        // What was certainly not done costs nothing; what may have been done, or was answered, does.
        if let Err(error) = &result
            && error.outcome() == Outcome::NotMade
            && error.attempts().iter().all(|attempt| attempt.delivery == crate::error::Delivery::NotSent)
        {
            usage.give_back(&tenant, meta.cost);
        }
        result
    }
}
