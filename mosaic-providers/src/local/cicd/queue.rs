//! The queue before the places at work: who comes first begins first.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places, given out in the order in which tickets were drawn.
#[derive(Debug)]
pub(super) struct Queue(Arc<Semaphore>);

/// A turn in the queue. Dropping it leaves the queue.
pub(super) struct Ticket(Turn);

enum Turn {
    Come(OwnedSemaphorePermit),
    Waiting(BoxFuture<'static, Result<OwnedSemaphorePermit>>),
    Lost(Error),
}

impl Queue {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Draws a ticket: from now on it has its turn.
    pub(super) fn draw(&self) -> Ticket {
        let places = Arc::clone(&self.0);
        let mut turn = async move {
            let closed = |_| Error::new(ErrorKind::Lifecycle, "the provider was stopped");
            places.acquire_owned().await.map_err(closed)
        }
        .boxed();
        // The semaphore is fair, and counts from the first time that it is asked.
        Ticket(match (&mut turn).now_or_never() {
            Some(Ok(place)) => Turn::Come(place),
            Some(Err(error)) => Turn::Lost(error),
            None => Turn::Waiting(turn),
        })
    }
}

impl Ticket {
    /// Waits for the turn; the place is held until what is returned is dropped.
    pub(super) async fn wait(self) -> Result<OwnedSemaphorePermit> {
        match self.0 {
            Turn::Come(place) => Ok(place),
            Turn::Waiting(turn) => turn.await,
            Turn::Lost(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_come_in_the_order_of_the_tickets() {
        let queue = Queue::new(1);
        let first = queue.draw().wait().await.unwrap();
        let (second, third, fourth) = (queue.draw(), queue.draw(), queue.draw());
        // Whoever asks first does not matter, nor one that left.
        drop(third);
        let mut fourth = Box::pin(fourth.wait());
        assert!((&mut fourth).now_or_never().is_none());
        drop(first);
        assert!((&mut fourth).now_or_never().is_none());
        drop(second.wait().await.unwrap());
        drop(fourth.await.unwrap());
    }
}
