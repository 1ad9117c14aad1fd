//! The tenure of the instance that answers: keeps it from leaving while a call or a stream is inside, and ends both where its
//! time to leave is over.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;

use super::stream::wrap;
use crate::engine::instance::Tenure;
use crate::engine::time::unless;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::{Reply, ReplyStream, Shared};
use crate::types::ProviderId;

pub(crate) struct Tenured<S> {
    pub(crate) inner: S,
    pub(crate) provider: ProviderId,
    pub(crate) tenure: Arc<Tenure>,
}

impl<S: Step> Step for Tenured<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let end = &self.tenure.end;
        if end.over() {
            return Err(turned_away("its instance left while the call was on its way", call, &self.provider));
        }
        let inside = pin!(self.inner.call(call));
        let Ok(mut result) = unless(|| Arc::clone(end).until_cut(), inside).await else {
            return Err(self.cut_off(call));
        };
        // An open stream is inside until its end.
        wrap(&mut result, |stream| {
            let (tenure, provider) = (Some(Arc::clone(&self.tenure)), self.provider.clone());
            Box::pin(Inside { stream, cut: None, tenure, provider, operation: call.meta().name })
        });
        result
    }
}

impl<S> Tenured<S> {
    #[cold]
    fn cut_off(&self, call: &Call) -> Error {
        let may_have_run = call.progress.as_ref().is_none_or(|progress| progress.may_have_run());
        let delivery = if may_have_run { Delivery::Unknown } else { Delivery::NotSent };
        left().operation(call.meta().name).provider(&self.provider).delivery(delivery).moves(true)
    }
}

fn left() -> Error {
    Error::new(ErrorKind::Cancelled, "the instance that was answering left, and the time to finish was over")
}

/// The error of a call that reached no instance. Nothing was sent: the call may go to the next provider.
#[cold]
fn turned_away(why: impl Into<std::borrow::Cow<'static, str>>, call: &Call, provider: &ProviderId) -> Error {
    Error::new(ErrorKind::Lifecycle, why).operation(call.meta().name).provider(provider).moves(true)
}

/// In the place of an instance where none answers.
pub(crate) struct Down {
    pub(crate) provider: ProviderId,
    /// What became of the instance, and what comes next.
    pub(crate) why: Arc<str>,
}

impl Step for Down {
    async fn call(&self, call: &Call) -> Result<Reply> {
        Err(turned_away(self.why.to_string(), call, &self.provider))
    }
}

/// A stream inside an instance.
struct Inside {
    stream: ReplyStream,
    /// Waits for the end of the tenure; made when the stream is first waited for.
    cut: Option<BoxFuture<'static, ()>>,
    /// Gone when the stream is over.
    tenure: Option<Arc<Tenure>>,
    provider: ProviderId,
    operation: &'static str,
}

impl Stream for Inside {
    type Item = Result<Shared>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(tenure) = &this.tenure else { return Poll::Ready(None) };
        let cut = this.cut.get_or_insert_with(|| Box::pin(Arc::clone(&tenure.end).until_cut()));
        let polled = match cut.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let error = left().operation(this.operation).provider(&this.provider);
                Poll::Ready(Some(Err(error.delivery(Delivery::Answered))))
            }
            Poll::Pending => this.stream.as_mut().poll_next(cx),
        };
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            // What the plugin made goes before the right to be inside it.
            this.stream = Box::pin(futures_util::stream::empty());
            (this.cut, this.tenure) = (None, None);
        }
        polled
    }
}
