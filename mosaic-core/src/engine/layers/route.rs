//! Routing: finds who may answer the call, in which order.

use super::failover::Failover;
use crate::engine::{Call, Step};
use crate::error::Result;
use crate::op::Reply;

pub(crate) struct Routing {
    pub(crate) inner: Failover,
}

impl Step for Routing {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let view = call.view()?;
        call.restart();
        let route = view.table.route(call.meta(), call.payload.subject(), &call.cx, &**view, call.now())?;
        self.inner.walk(call, view, &route.candidates).await
    }
}
