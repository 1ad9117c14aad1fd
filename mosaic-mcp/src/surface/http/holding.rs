//! An answer that holds something until its last byte has gone out, or until it is given up; and one that may end before that.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// The body of an answer, and what is dropped with it.
pub(super) struct Holding<T> {
    body: Body,
    /// What ends the body before its last byte.
    end: Option<BoxFuture<'static, ()>>,
    _held: T,
}

impl<T> Holding<T> {
    pub(super) fn new(body: Body, held: T) -> Self {
        Self { body, end: None, _held: held }
    }

    /// Ends with this as well.
    pub(super) fn until(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.end = Some(end.boxed());
        self
    }
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // The end first: there may always be one more frame.
        if self.end.as_mut().is_some_and(|end| end.poll_unpin(cx).is_ready()) {
            // What made the frames hears of it by being dropped.
            (self.end, self.body) = (None, Body::empty());
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
