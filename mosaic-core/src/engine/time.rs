//! A time limit that costs nothing where the answer is there at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio::time::{Instant, sleep_until};

/// Drives a future unless something else happens first. What the other is, is asked only where the future is not ready when
/// first asked; from then on it is looked at first.
#[inline]
pub(crate) async fn unless<F: Future, S: Future + Send + 'static>(
    stop: impl FnOnce() -> S,
    mut future: Pin<&mut F>,
) -> Result<F::Output, S::Output> {
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Ok(output);
    }
    // Boxed for the same reason as the timer of `until`.
    let mut stop = Box::pin(stop());
    poll_fn(|cx| match stop.as_mut().poll(cx) {
        Poll::Ready(stopped) => Poll::Ready(Err(stopped)),
        Poll::Pending => future.as_mut().poll(cx).map(Ok),
    })
    .await
}

/// The time was over before the future was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Drives a future until a point in time. No timer is made, and no clock read, where the future is ready when first asked.
///
/// The caller pins the future, so that it lies in the caller's state once and not here a second time.
#[inline]
pub(crate) async fn until<F: Future>(
    deadline: impl FnOnce() -> Instant,
    mut future: Pin<&mut F>,
) -> Result<F::Output, Elapsed> {
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Ok(output);
    }
    // Boxed, as it is large and rare: what is ready at once carries no timer in its state.
    let mut sleep = Box::pin(sleep_until(deadline()));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        sleep.as_mut().poll(cx).map(|()| Err(Elapsed))
    })
    .await
}
