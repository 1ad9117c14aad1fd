//! Group commit: transactions that wait together are written together.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::Head;
use super::clock::Clock;
use super::store::{StateStore, StoreTx};
use super::subscribe::Feed;
use super::tx::{Group, Tx};

/// The work of one transaction. What it returns reaches whoever asked once everything is committed.
pub(super) trait Work: Send {
    /// Runs it. An error takes its writes back.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<()>>;
    /// Tells how it ended.
    fn end(self: Box<Self>, end: Result<Head>);
}

/// Work made of a function.
struct Job<F, T> {
    work: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Job<F, T> {
    fn new(work: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        (Self { work: Some(work), value: None, reply }, answer)
    }
}

impl<F, T> Work for Job<F, T>
where
    F: for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>> + Send,
    T: Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<()>> {
        let Some(work) = self.work.take() else { return Box::pin(async { Err(closed()) }) };
        Box::pin(async move {
            self.value = Some(work(tx).await?);
            Ok(())
        })
    }

    fn end(self: Box<Self>, end: Result<Head>) {
        let Self { value, reply, .. } = *self;
        // Whoever asked may have gone away; the transaction stands.
        let _ = reply.send(end.and_then(|_| value.ok_or_else(closed)));
    }
}

/// Gives a transaction to the writer, and waits for its end.
pub(super) async fn submit<T, F>(queue: mpsc::Sender<Box<dyn Work>>, work: F) -> Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let (job, answer) = Job::new(work);
    queue.send(Box::new(job)).await.map_err(|_| closed())?;
    drop(queue);
    answer.await.map_err(|_| {
        Error::new(ErrorKind::Lifecycle, "the state store was closed before it answered")
            .delivery(Delivery::Unknown)
    })?
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Lifecycle, "the state store is closed").delivery(Delivery::NotSent)
}

pub(super) struct Writer {
    pub(super) store: Arc<dyn StateStore>,
    pub(super) clock: Clock,
    pub(super) queue: mpsc::Receiver<Box<dyn Work>>,
    pub(super) group: usize,
    pub(super) head: watch::Sender<Head>,
    pub(super) feed: Arc<Feed>,
    /// When the first of the values that were written ceases to be, since somebody looked.
    pub(super) ends: Arc<watch::Sender<Option<Timestamp>>>,
}

impl Writer {
    /// Runs until every sender is gone and the queue is empty.
    pub(super) async fn run(mut self) {
        let mut waiting = Vec::with_capacity(self.group);
        while self.queue.recv_many(&mut waiting, self.group).await > 0 {
            self.write(std::mem::take(&mut waiting)).await;
        }
    }

    async fn write(&self, waiting: Vec<Box<dyn Work>>) {
        let mut tx = match self.store.begin(self.clock.now()).await {
            Ok(tx) => tx,
            Err(error) => return waiting.into_iter().for_each(|work| work.end(Err(error.clone()))),
        };
        let mut group = Group::new(tx.head());
        let mut done = Vec::with_capacity(waiting.len());
        for mut work in waiting {
            match step(work.as_mut(), tx.as_mut(), &mut group).await {
                Ok(()) => done.push((work, group.head)),
                Err(error) => work.end(Err(error)),
            }
        }
        let (head, end) = (group.head, group.first_end());
        let events = if self.feed.wanted() { group.events().to_vec() } else { Vec::new() };
        let written = if group.is_empty() { Ok(()) } else { tx.commit(group.into_writes()).await };
        match written {
            Ok(()) => {
                self.feed.publish(events);
                self.feed.reach(head.offset);
                self.head.send_if_modified(|known| advance(known, head));
                if let Some(end) = end {
                    self.ends.send_if_modified(|first| {
                        let earlier = first.is_none_or(|first| end < first);
                        if earlier {
                            *first = Some(end);
                        }
                        earlier
                    });
                }
                done.into_iter().for_each(|(work, head)| work.end(Ok(head)));
            }
            Err(error) => done.into_iter().for_each(|(work, _)| work.end(Err(error.clone()))),
        }
    }
}

/// Moves a head on, never back; tells whether it moved.
pub(super) fn advance(known: &mut Head, head: Head) -> bool {
    let moved = head.revision > known.revision;
    if moved {
        *known = head;
    }
    moved
}

/// Runs one transaction within the group: all of its writes, or none.
async fn step(work: &mut dyn Work, store: &mut dyn StoreTx, group: &mut Group) -> Result<()> {
    let mut tx = Tx::new(store, group);
    // The group of others must not fall with one.
    let run = AssertUnwindSafe(work.run(&mut tx)).catch_unwind().await;
    let own = tx.into_own();
    match run {
        Ok(Ok(())) => {
            group.merge(own);
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            Err(Error::new(ErrorKind::Internal, "a transaction panicked; nothing of it was written")
                .refused())
        }
    }
}
