//! A step of the request path: one async function from a call to its reply; and the way to tower and back.
//!
//! Steps pass the call on by reference: its parts are not copied from layer to layer, and the futures stay small.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tower::Service;

use super::Call;
use super::layers::tenure::{Inside, Tenured};
use crate::error::{Error, Result};
use crate::op::Reply;

/// A step. Layers hold the next one and are composed statically; see [`stack`](super::stack).
///
/// Waiting happens inside `call`. Dropping the future gives the call up.
pub trait Step: Send + Sync + 'static {
    /// Takes the call further.
    fn call(&self, call: &Call) -> impl Future<Output = Result<Reply>> + Send;
}

trait DynStep: Send + Sync {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply>>;
}

impl<S: Step> DynStep for S {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(Step::call(self, call))
    }
}

/// A step whose type is hidden: the seam between parts that are composed at run time.
///
/// It is a [`tower::Service`], and any tower layer over it can become one again; see
/// [`BoxStep::layered`].
#[derive(Clone)]
pub struct BoxStep {
    step: Arc<dyn DynStep>,
    /// Of the way to an instance: the tenure that a call on it holds. Here and not in a layer of its own, as the reply of the
    /// usual call then goes through without being touched.
    tenure: Option<Arc<Tenured>>,
}

impl BoxStep {
    /// Hides the type of a step.
    pub fn new(step: impl Step) -> Self {
        Self { step: Arc::new(step), tenure: None }
    }

    /// The same for the way to an instance, within its tenure.
    pub(crate) fn within(step: impl Step, tenure: Tenured) -> Self {
        Self { step: Arc::new(step), tenure: Some(Arc::new(tenure)) }
    }

    /// Puts a layer of tower around this step.
    ///
    /// ```
    /// use mosaic_core::engine::{BoxStep, Call};
    /// use mosaic_core::{Error, Result, op::Reply};
    /// use tower::layer::layer_fn;
    /// use tower::util::MapRequest;
    ///
    /// fn for_region(step: BoxStep) -> BoxStep {
    ///     step.layered(layer_fn(|inner| {
    ///         MapRequest::new(inner, |mut call: Call| {
    ///             call.cx = call.cx.attribute("region", "eu");
    ///             call
    ///         })
    ///     }))
    /// }
    /// ```
    #[must_use]
    pub fn layered<L>(self, layer: L) -> Self
    where
        L: tower::Layer<Self>,
        L::Service: Service<Call, Response = Reply, Error = Error> + Clone + Send + Sync + 'static,
        <L::Service as Service<Call>>::Future: Send,
    {
        Self::new(FromTower(layer.layer(self)))
    }
}

impl Step for BoxStep {
    async fn call(&self, call: &Call) -> Result<Reply> {
        Inside::new(self.step.call(call), call, self.tenure.as_deref()).await
    }
}

impl Service<Call> for BoxStep {
    type Response = Reply;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Reply>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let step = self.clone();
        Box::pin(async move { Step::call(&step, &call).await })
    }
}

impl std::fmt::Debug for BoxStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoxStep")
    }
}

/// A service of tower as a step: each call gets a clone of its own and waits until that is ready.
struct FromTower<S>(S);

impl<S> Step for FromTower<S>
where
    S: Service<Call, Response = Reply, Error = Error> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    async fn call(&self, call: &Call) -> Result<Reply> {
        let mut service = self.0.clone();
        std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(call.clone()).await
    }
}
