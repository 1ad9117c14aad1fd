//! Routing: finds who may answer the call, in which order.

use super::failover::Failover;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;

pub(crate) struct Routing {
    pub(crate) inner: Failover,
}

impl Step for Routing {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let Some(view) = &call.view else { return Err(no_view()) };
        let route = view.table.route(call.meta(), call.payload.subject(), &call.cx, &**view, call.started)?;
        self.inner.walk(call, view, &route.candidates).await
    }
}

#[cold]
pub(super) fn no_view() -> Error {
    Error::new(ErrorKind::Internal, "the call did not come through the beginning of the path")
}
