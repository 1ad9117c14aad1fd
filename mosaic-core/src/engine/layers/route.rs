//! Routing: finds who may answer the call, in which order.

use super::failover::Failover;
use crate::engine::route::Candidates;
use crate::engine::view::View;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;
use crate::types::ProviderId;

pub(crate) struct Routing {
    pub(crate) inner: Failover,
}

impl Step for Routing {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let view = call.view()?;
        call.restart();
        let subject = call.payload.subject();
        if call.meta().vendor && call.cx.pinned().is_none() {
            return Err(unpinned(call));
        }
        let table = view.rules.table(subject);
        let mut route = table.route(call.meta(), subject, &call.cx, &**view, call.now())?;
        if let Some(provider) = call.cx.pinned() {
            narrow(&mut route.candidates, provider, view, call)?;
        }
        self.inner.walk(call, view, &route.candidates).await
    }
}

/// Leaves nobody but the provider that the call is pinned to.
#[cold]
fn narrow(candidates: &mut Candidates, provider: &ProviderId, view: &View, call: &Call) -> Result<()> {
    candidates.retain(|one| view.lanes[usize::from(one.position)].provider.id == *provider);
    if !candidates.is_empty() {
        return Ok(());
    }
    let advice = if call.meta().vendor {
        "say what it is about, as the rules know it, or add a rule for this operation"
    } else {
        "begin anew, without the pin"
    };
    let message = format!(
        "the call is pinned to {provider}, which is none of those that the rules let answer it; {advice}"
    );
    Err(Error::new(ErrorKind::NoRoute, message).operation(call.meta().name))
}

/// The refusal of a call in a vendor's own words that names no vendor.
#[cold]
fn unpinned(call: &Call) -> Error {
    let message = "a call in a vendor's own words goes to one provider only: call it by `vendor(\"..\")`, or with \
                   `CallContext::pinned_to`";
    Error::new(ErrorKind::Invalid, message).operation(call.meta().name)
}
