//! A time limit that costs nothing where the answer is there at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio::time::{Instant, sleep_until};

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
    let mut asked = true;
    poll_fn(|cx| {
        // It was asked a moment ago, in this very turn: one that gave way to others is not to be called back at once.
        if !std::mem::take(&mut asked)
            && let Poll::Ready(output) = future.as_mut().poll(cx)
        {
            return Poll::Ready(Ok(output));
        }
        sleep.as_mut().poll(cx).map(|()| Err(Elapsed))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use super::*;

    /// Gives way once; counts how often it is polled.
    async fn giving_way(polls: &mut u32) {
        let mut gave_way = false;
        poll_fn(|cx| {
            *polls += 1;
            if std::mem::replace(&mut gave_way, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_way_is_polled_once_in_a_turn() {
        let (mut polls, mut turns) = (0, 0);
        let far = || Instant::now() + Duration::from_secs(60);
        {
            let inner = pin!(giving_way(&mut polls));
            let middle = pin!(until(far, inner));
            let mut outer = pin!(until(far, middle));
            poll_fn(|cx| {
                turns += 1;
                outer.as_mut().poll(cx).map(|result| assert_eq!(result, Ok(Ok(()))))
            })
            .await;
        }
        assert_eq!((polls, turns), (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_its_time() {
        let never = pin!(std::future::pending::<()>());
        assert_eq!(until(|| Instant::now() + Duration::from_secs(1), never).await, Err(Elapsed));
    }
}
