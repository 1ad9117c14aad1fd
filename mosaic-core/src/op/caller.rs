//! Who can be called: one provider, the whole orchestra, a remote client or a test double, through the same two traits.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answer, Items, JsonAnswer, Operation, Payload, Reply, StreamOperation, catalogue};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{HandlerTable, Plugin};

/// The object-safe ground: answers a call whose types are inside.
///
/// ```
/// use futures_util::future::BoxFuture;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::error::{Error, ErrorKind, Result};
/// use mosaic_core::op::{Dispatch, Payload, Reply};
///
/// struct Nobody;
/// impl Dispatch for Nobody {
///     fn dispatch<'a>(&'a self, _: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
///         Box::pin(async move { Err(Error::new(ErrorKind::NoRoute, "nobody is here").operation(payload.meta().name)) })
///     }
/// }
/// ```
pub trait Dispatch: Send + Sync + 'static {
    /// Answers a call. Dropping the future gives the call up; a write that was sent may then have happened.
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>>;
}

/// Typed calls over something that dispatches.
///
/// ```
/// use mosaic_core::{context::CallContext, op::{git::GetRepository, Caller}, Result};
///
/// async fn default_branch(caller: &impl Caller) -> Result<String> {
///     let repository = caller.call(&CallContext::new(), GetRepository::new("acme", "widget")).await?;
///     Ok(repository.default_branch.clone())
/// }
/// ```
pub trait Caller: Clone + Send + Sync + 'static {
    /// Answers a call whose types are inside.
    fn reply(&self, cx: &CallContext, payload: Payload) -> impl Future<Output = Result<Reply>> + Send;

    /// Calls an operation that answers with a value. Nothing is serialised.
    ///
    /// # Errors
    /// Those of the operation; see [`ErrorKind`].
    fn call<O: Operation>(
        &self,
        cx: &CallContext,
        op: O,
    ) -> impl Future<Output = Result<Answer<O::Output>>> + Send {
        // Nothing happens, and no time is taken, before the future is polled.
        async move { Answer::new(self.reply(cx, Payload::new(op)).await?) }
    }

    /// Calls an operation that answers with a stream; returns once the stream is open.
    ///
    /// # Errors
    /// Those of opening the stream; later ones come as its last item.
    fn open<O: StreamOperation>(
        &self,
        cx: &CallContext,
        op: O,
    ) -> impl Future<Output = Result<Items<O::Item>>> + Send {
        async move { Items::new(self.reply(cx, Payload::stream(op)).await?) }
    }

    /// Calls an operation by name with JSON parameters.
    ///
    /// # Errors
    /// `Invalid` for a name that the catalogue does not have (with the nearest one) and for parameters that do not fit
    /// (with the field); else those of the operation.
    fn call_json(
        &self,
        cx: &CallContext,
        name: &str,
        params: Value,
    ) -> impl Future<Output = Result<JsonAnswer>> + Send {
        let payload = catalogue().find(name).and_then(|def| def.decode(params));
        async move {
            let payload = payload?;
            let def = payload.def();
            JsonAnswer::new(def, self.reply(cx, payload).await?)
        }
    }
}

impl<D: Dispatch + ?Sized> Caller for Arc<D> {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.dispatch(cx, &payload).await
    }
}

/// Implements the service traits over any caller, so that code written against `impl GitService` takes all of them.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::{git::{GetRepository, GitService}, Caller, Via};
/// use mosaic_core::Result;
///
/// async fn is_private(git: &impl GitService) -> Result<bool> {
///     Ok(git.get_repository(&CallContext::new(), GetRepository::new("acme", "widget")).await?.private)
/// }
/// async fn through(caller: impl Caller) -> Result<bool> {
///     is_private(&Via(caller)).await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Via<C>(
    /// The caller underneath.
    pub C,
);

/// One plugin, called without an engine around it: no routing, cache, retry or breaker.
///
/// ```
/// use std::sync::Arc;
/// use mosaic_core::op::{Direct, git::Git};
/// use mosaic_core::plugin::Plugin;
///
/// fn client(plugin: Arc<dyn Plugin>) -> Git<Arc<Direct>> {
///     Git::new(Arc::new(Direct::new(plugin)))
/// }
/// ```
pub struct Direct {
    handlers: HandlerTable,
}

impl Direct {
    /// Calls go straight to this plugin.
    pub fn new(plugin: Arc<dyn Plugin>) -> Self {
        Self { handlers: plugin.handlers() }
    }
}

impl Dispatch for Direct {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let name = payload.meta().name;
            self.handlers.call(cx, payload).await.map_err(|error| error.operation(name))
        })
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

/// The error of an operation that a provider does not offer.
#[doc(hidden)]
#[cold]
pub fn unsupported(name: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, "this provider does not offer the operation").operation(name)
}
