//! Streams of answers: tokens, log lines, artifact bytes.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{Stream, StreamExt as _};

use super::erased::{ReplyStream, Report, Shared, other_type};
use crate::error::Result;

/// Makes a typed stream one of shared values.
pub fn erase<T: Any + Send + Sync>(stream: impl Stream<Item = Result<T>> + Send + 'static) -> ReplyStream {
    Box::pin(stream.map(|item| item.map(|value| Arc::new(value) as Shared)))
}

/// A typed stream that providers return.
pub type ItemStream<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// The answer of a stream operation: a stream of shared items, with how it was opened.
///
/// Dropping it ends the call: permits and gauges are given back at once.
///
/// ```
/// use futures_util::StreamExt as _;
/// use mosaic_core::op::{erase, Items, Reply};
///
/// # tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?.block_on(async {
/// let reply = Reply::stream(erase(futures_util::stream::iter([Ok(1u32), Ok(2)])));
/// let items: Items<u32> = Items::new(reply).map_err(|e| e.to_string())?;
/// let sum: u32 = items.map(|item| item.map_or(0, |n| *n)).collect::<Vec<_>>().await.iter().sum();
/// assert_eq!(sum, 3);
/// # Ok::<(), String>(()) })?;
/// # Ok::<(), String>(())
/// ```
pub struct Items<T> {
    stream: ReplyStream,
    report: Report,
    item: PhantomData<fn() -> T>,
}

impl<T: Any + Send + Sync> Items<T> {
    /// The typed view of an open stream.
    ///
    /// # Errors
    /// `Internal` where the reply is no stream.
    pub fn new(reply: super::Reply) -> Result<Self> {
        match reply.body {
            super::ReplyBody::Stream(stream) => Ok(Self { stream, report: reply.report, item: PhantomData }),
            super::ReplyBody::Value(_) => Err(other_type()),
        }
    }

    /// How the stream was opened.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl<T: Any + Send + Sync> Stream for Items<T> {
    type Item = Result<Arc<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream
            .as_mut()
            .poll_next(cx)
            .map(|item| item.map(|item| item.and_then(|value| value.downcast().map_err(|_| other_type()))))
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("report", &self.report).finish_non_exhaustive()
    }
}
