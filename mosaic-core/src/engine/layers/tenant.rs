//! Identity: whether the caller may do this, and whether its tenant may still afford it. Before the cache, so that a hit
//! bypasses neither.

use std::pin::pin;
use std::sync::Arc;

use crate::engine::budget::{CallBudgets, not_made};
use crate::engine::time::until;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;
use crate::ports::{Authorizer, UsageStore};

pub(crate) struct Tenant<S> {
    pub(crate) inner: S,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) usage: Option<Arc<dyn UsageStore>>,
    pub(crate) budgets: Option<CallBudgets>,
}

impl<S: Step> Step for Tenant<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let meta = call.meta();
        if !call.cx.caller().is_application() {
            let Some(authorizer) = &self.authorizer else {
                let message = format!("{} may do nothing: no authorizer is set up", call.cx.caller());
                return Err(Error::new(ErrorKind::PermissionDenied, message));
            };
            let (subject, also) = (call.payload.subject(), call.payload.also());
            // A write that changes two things needs to be allowed for both.
            for subject in std::iter::once(subject).chain((also != subject).then_some(also)) {
                let asked = authorizer.authorize(&call.cx, meta, subject);
                within(call, "the authorizer", asked).await?.map_err(denial)?;
            }
        }
        match &self.budgets {
            None => self.counted(call).await,
            // Boxed, as it is large: calls without budgets carry none of it.
            Some(budgets) => Box::pin(self.budgeted(call, budgets)).await,
        }
    }
}

impl<S: Step> Tenant<S> {
    /// The call within its budgets: reserved before, settled after.
    async fn budgeted(&self, call: &Call, budgets: &CallBudgets) -> Result<Reply> {
        let pending = within(call, "the store of budgets", budgets.reserve(call)).await??;
        let result = self.counted(call).await;
        if let Some(pending) = pending {
            match &result {
                Err(error) if not_made(call, error) => pending.give_back(),
                result => pending.settle(call, result),
            }
        }
        result
    }

    /// The call within what its tenant may use.
    async fn counted(&self, call: &Call) -> Result<Reply> {
        let Some(usage) = &self.usage else { return self.inner.call(call).await };
        let meta = call.meta();
        let tenant = call.cx.tenant_id();
        within(call, "the usage store", usage.reserve(tenant, meta.cost)).await??;
        let result = self.inner.call(call).await;
        // What was certainly not done costs nothing; what may have been done, or was answered, does.
        if let Err(error) = &result
            && not_made(call, error)
        {
            usage.give_back(tenant, meta.cost);
        }
        result
    }
}

/// What stands before the deadline layer has no more time than what stands behind it.
async fn within<T>(call: &Call, who: &str, future: impl Future<Output = T>) -> Result<T> {
    let Some(deadline) = call.cx.deadline() else { return Ok(future.await) };
    until(|| deadline, pin!(future)).await.map_err(|_| {
        Error::new(ErrorKind::DeadlineExceeded, format!("{who} did not answer in the time that the call has"))
    })
}

/// An authorizer that fails denies too.
fn denial(error: Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::QuotaExceeded => error,
        _ => Error::new(ErrorKind::PermissionDenied, "the authorizer failed, which denies").source(error),
    }
}
