//! From the number of an operation to the code that answers it.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::context::CallContext;
use crate::error::Result;
use crate::op::{Dispatch, Payload, Reply, unsupported};
use crate::types::ServiceKind;

/// One row of a service table, bound to an implementation `S` of its trait.
#[doc(hidden)]
pub type RowFn<S> = for<'a> fn(&'a S, &'a CallContext, &'a Payload) -> BoxFuture<'a, Result<Reply>>;

trait Answering: Send + Sync {
    fn call<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>>;
}

struct Bound<S: 'static> {
    service: Arc<S>,
    rows: &'static [RowFn<S>],
}

impl<S: Send + Sync> Answering for Bound<S> {
    fn call<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        let meta = payload.meta();
        match self.rows.get(usize::from(meta.index)) {
            Some(row) => row(&self.service, cx, payload),
            None => Box::pin(std::future::ready(Err(unsupported(meta.name)))),
        }
    }
}

/// The operations of one family, bound to the code that answers them; made by the client types, such as
/// [`Git::handlers`](crate::op::Git::handlers).
#[derive(Clone)]
pub struct Handlers {
    service: ServiceKind,
    answering: Arc<dyn Answering>,
}

impl Handlers {
    #[doc(hidden)]
    pub fn new<S: Send + Sync + 'static>(
        kind: ServiceKind,
        service: Arc<S>,
        rows: &'static [RowFn<S>],
    ) -> Self {
        Self { service: kind, answering: Arc::new(Bound { service, rows }) }
    }
}

/// Anything that dispatches, answering as a plugin.
struct Dispatching(Arc<dyn Dispatch>);

impl Answering for Dispatching {
    fn call<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        self.0.dispatch(cx, payload)
    }
}

impl Handlers {
    /// The operations of a family, answered by something that dispatches: a remote server, a double.
    pub fn dispatching(service: ServiceKind, dispatch: Arc<dyn Dispatch>) -> Self {
        Self { service, answering: Arc::new(Dispatching(dispatch)) }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handlers({})", self.service)
    }
}

/// What a plugin answers, family by family.
///
/// ```
/// use mosaic_core::plugin::HandlerTable;
/// use mosaic_core::types::ServiceKind;
///
/// assert!(!HandlerTable::new().answers(ServiceKind::Git));
/// ```
#[derive(Clone, Default)]
pub struct HandlerTable([Option<Arc<dyn Answering>>; ServiceKind::ALL.len()]);

impl HandlerTable {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same table with one more family.
    #[must_use]
    pub fn with(mut self, handlers: Handlers) -> Self {
        self.0[handlers.service.index()] = Some(handlers.answering);
        self
    }

    /// Whether operations of the family are answered.
    pub fn answers(&self, service: ServiceKind) -> bool {
        self.0[service.index()].is_some()
    }

    /// Answers a call, or says `Unsupported` without doing anything.
    pub fn call<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        let meta = payload.meta();
        match &self.0[meta.service.index()] {
            Some(answering) => answering.call(cx, payload),
            None => Box::pin(std::future::ready(Err(unsupported(meta.name)))),
        }
    }
}

impl fmt::Debug for HandlerTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(ServiceKind::ALL.iter().filter(|kind| self.answers(**kind))).finish()
    }
}
