//! Wrapping an open stream: what a layer holds during a call it holds until the stream ends or is dropped.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, ErrorKind, Result};
use crate::op::{Reply, ReplyBody, ReplyStream, Shared};

/// Puts something around the stream of a reply. A reply with a value is over, and needs nothing around it.
#[inline]
pub(super) fn wrap(result: &mut Result<Reply>, around: impl FnOnce(ReplyStream) -> ReplyStream) {
    if let Ok(Reply { body: ReplyBody::Stream(stream), .. }) = result {
        let inner = std::mem::replace(stream, Box::pin(futures_util::stream::empty()));
        *stream = around(inner);
    }
}

/// Keeps `held` until the stream ends or is dropped.
pub(super) fn holding<T: Send + 'static>(inner: ReplyStream, held: T) -> ReplyStream {
    Box::pin(Holding { inner, held: Some(held) })
}

struct Holding<T> {
    inner: ReplyStream,
    held: Option<T>,
}

// Nothing in it is pinned in place: the stream inside has its own box.
impl<T> Unpin for Holding<T> {}

impl<T> Stream for Holding<T> {
    type Item = Result<Shared>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.as_mut().poll_next(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.held = None;
        }
        polled
    }
}

/// Ends the stream with its first error, which `seen` is told of.
pub(super) fn ending_with_error(
    inner: ReplyStream,
    seen: impl FnOnce(&Error) + Send + 'static,
) -> ReplyStream {
    Box::pin(UntilError { inner, seen: Some(seen) })
}

struct UntilError<F> {
    inner: ReplyStream,
    /// Gone when the stream is over.
    seen: Option<F>,
}

impl<F> Unpin for UntilError<F> {}

impl<F: FnOnce(&Error)> Stream for UntilError<F> {
    type Item = Result<Shared>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.seen.is_none() {
            return Poll::Ready(None);
        }
        let polled = self.inner.as_mut().poll_next(cx);
        match &polled {
            Poll::Ready(Some(Err(error))) => {
                if let Some(seen) = self.seen.take() {
                    seen(error);
                }
            }
            Poll::Ready(None) => self.seen = None,
            _ => {}
        }
        polled
    }
}

/// Ends the stream with `Timeout` where no item comes for so long.
pub(super) fn with_idle_limit(inner: ReplyStream, idle: Duration, operation: &'static str) -> ReplyStream {
    let sleep = Box::pin(sleep_until(Instant::now() + idle));
    Box::pin(IdleLimit { inner, idle, sleep, operation, waiting: false, over: false })
}

struct IdleLimit {
    inner: ReplyStream,
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
    operation: &'static str,
    /// Whether the stream was asked for an item that has not come. A consumer that takes its time is no silence.
    waiting: bool,
    over: bool,
}

impl Stream for IdleLimit {
    type Item = Result<Shared>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = self.inner.as_mut().poll_next(cx) {
            self.waiting = false;
            return Poll::Ready(item);
        }
        if !self.waiting {
            self.waiting = true;
            let until = Instant::now() + self.idle;
            self.sleep.as_mut().reset(until);
        }
        match self.sleep.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.over = true;
                let message = format!("the stream was silent for {:?}", self.idle);
                Poll::Ready(Some(Err(Error::new(ErrorKind::Timeout, message).operation(self.operation))))
            }
        }
    }
}

/// Polls the stream inside a span, and closes the span with it.
pub(super) fn in_span(inner: ReplyStream, span: tracing::Span) -> ReplyStream {
    Box::pin(Spanned { inner, span })
}

struct Spanned {
    inner: ReplyStream,
    span: tracing::Span,
}

impl Stream for Spanned {
    type Item = Result<Shared>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let _entered = this.span.enter();
        this.inner.as_mut().poll_next(cx)
    }
}
