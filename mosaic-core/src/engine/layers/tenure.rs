//! The tenure of the instance that answers: keeps it from leaving while a call or a stream is inside, and ends both where its
//! time to leave is over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;

use super::stream::wrap;
use crate::engine::instance::Tenure;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::{Reply, ReplyStream, Shared};
use crate::types::ProviderId;

/// The tenure of the way to an instance.
pub(crate) struct Tenured {
    pub(crate) provider: ProviderId,
    pub(crate) tenure: Arc<Tenure>,
}

/// A call inside an instance; or on a way that leads to no instance alone.
pub(crate) struct Inside<'a> {
    inner: BoxFuture<'a, Result<Reply>>,
    call: &'a Call,
    within: Option<&'a Tenured>,
    /// Waits for the end of the tenure; made when the call is first waited for.
    cut: Option<BoxFuture<'static, ()>>,
}

impl<'a> Inside<'a> {
    #[inline]
    pub(crate) fn new(
        inner: BoxFuture<'a, Result<Reply>>,
        call: &'a Call,
        within: Option<&'a Tenured>,
    ) -> Self {
        Self { inner, call, within, cut: None }
    }
}

impl Future for Inside<'_> {
    type Output = Result<Reply>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Reply>> {
        let this = self.get_mut();
        let Some(within) = this.within else { return this.inner.as_mut().poll(cx) };
        let end = &within.tenure.end;
        if let Some(cut) = &mut this.cut {
            // Looked at first: who was not polled for long meets it before it reaches the plugin again.
            if cut.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(within.cut_off(this.call)));
            }
        } else if end.over() {
            return Poll::Ready(Err(turned_away(LATE, this.call, &within.provider)));
        }
        let mut polled = this.inner.as_mut().poll(cx);
        match &mut polled {
            // An open stream is inside until its end.
            Poll::Ready(result) => wrap(result, |stream| within.stream(stream, this.call)),
            Poll::Pending if this.cut.is_none() => {
                let cut = this.cut.insert(Box::pin(Arc::clone(end).until_cut()));
                if cut.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(within.cut_off(this.call)));
                }
            }
            Poll::Pending => {}
        }
        polled
    }
}

const LATE: &str = "its instance left while the call was on its way";

impl Tenured {
    #[cold]
    fn cut_off(&self, call: &Call) -> Error {
        let may_have_run = call.progress.as_ref().is_none_or(|progress| progress.may_have_run());
        let delivery = if may_have_run { Delivery::Unknown } else { Delivery::NotSent };
        left().operation(call.meta().name).provider(&self.provider).delivery(delivery).moves(true)
    }

    #[cold]
    fn stream(&self, stream: ReplyStream, call: &Call) -> ReplyStream {
        let cut: BoxFuture<'static, ()> = Box::pin(Arc::clone(&self.tenure.end).until_cut());
        let (inside, provider) = (Some((cut, Arc::clone(&self.tenure))), self.provider.clone());
        Box::pin(InsideStream { stream, inside, provider, operation: call.meta().name })
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
struct InsideStream {
    stream: ReplyStream,
    /// Waits for the end of the tenure, and keeps it from ending by itself. Gone when the stream is over.
    inside: Option<(BoxFuture<'static, ()>, Arc<Tenure>)>,
    provider: ProviderId,
    operation: &'static str,
}

impl Stream for InsideStream {
    type Item = Result<Shared>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some((cut, _)) = &mut this.inside else { return Poll::Ready(None) };
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
            this.inside = None;
        }
        polled
    }
}
