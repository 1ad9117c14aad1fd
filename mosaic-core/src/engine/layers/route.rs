//! Routing: sets the candidates of the call.

use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;

pub(crate) struct Routing<S> {
    pub(crate) inner: S,
}

impl<S: Step> Step for Routing<S> {
    async fn call(&self, mut call: Call) -> Result<Reply> {
        let Some(view) = &call.view else { return Err(no_view()) };
        let route = view.table.route(call.meta(), call.payload.subject(), &call.cx, &**view, call.started)?;
        call.candidates = route.candidates;
        self.inner.call(call).await
    }
}

#[cold]
pub(super) fn no_view() -> Error {
    Error::new(ErrorKind::Internal, "the call did not come through the beginning of the path")
}
