//! The audit as everything else tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::ports::{AuditChange, AuditRecord, AuditSink};
use mosaic_core::types::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::chain::{Checkpoint, Head};
use super::course::Course;
use super::event::AuditEvent;
use super::refusals::Refusals;
use super::sign::{AuditKeys, AuditSigner};
use super::writer::{Message, Writer, head_place};
use crate::function::Ledger;
use crate::state::{Clock, State};

/// Takes checkpoints to where those who can write to the store cannot reach: another machine, a file that can only grow, a printer.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::error::Result;
/// use mosaic_mcp::security::audit::{Anchor, Checkpoint};
///
/// struct Printed;
/// #[async_trait]
/// impl Anchor for Printed {
///     async fn anchor(&self, checkpoint: &Checkpoint) -> Result<()> {
///         println!("{} {}", checkpoint.records, checkpoint.hash);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Anchor: Send + Sync + 'static {
    /// Takes a checkpoint. One that is refused, or not taken within ten seconds, is offered again unless a later one has come. After a
    /// commit whose answer was lost one may be offered that was taken before.
    ///
    /// # Errors
    /// Whatever stands in the way.
    async fn anchor(&self, checkpoint: &Checkpoint) -> Result<()>;
}

/// How an audit is kept.
///
/// ```
/// use std::time::Duration;
/// use mosaic_mcp::security::audit::{AuditOptions, AuditSigner};
///
/// let options = AuditOptions::new(AuditSigner::generate()?).checkpoints(10_000, Duration::from_secs(300));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct AuditOptions {
    pub(super) signer: AuditSigner,
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) checkpoint_every: u64,
    pub(super) checkpoint_after: Duration,
    pub(super) anchor: Option<Arc<dyn Anchor>>,
    pub(super) retention: Option<Duration>,
}

impl AuditOptions {
    /// A queue of 65,536 records, batches of 512, a checkpoint after 1,000 records or a minute, no anchor.
    pub fn new(signer: AuditSigner) -> Self {
        Self {
            signer,
            queue: 65_536,
            batch: 512,
            checkpoint_every: 1_000,
            checkpoint_after: Duration::from_secs(60),
            anchor: None,
            retention: None,
        }
    }

    /// How many records may wait.
    pub fn queue(mut self, most: usize) -> Self {
        self.queue = most.clamp(1, 1 << 24);
        self
    }

    /// How many records are written together; 4,096 at most.
    pub fn batch(mut self, most: usize) -> Self {
        self.batch = most.clamp(1, 4_096);
        self
    }

    /// After how many records, and after how long where there are fewer, a checkpoint is signed.
    pub fn checkpoints(mut self, records: u64, after: Duration) -> Self {
        (self.checkpoint_every, self.checkpoint_after) = (records.max(1), after.max(Duration::from_secs(1)));
        self
    }

    /// How long records are kept at least; for ever unless this is said. Older ones are removed up to a checkpoint, and what is left
    /// is verified from there: the removal is signed, and is a record itself. Records that do not hold are not removed.
    ///
    /// How old records are is what the checkpoints after them have signed. Where the clock was moved by more than an hour, or by an eighth
    /// of this time, nothing is removed until it is right again, or has gone on for this time: by then all of it is old.
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention = Some(keep);
        self
    }

    /// Who takes checkpoints.
    pub fn anchor(mut self, anchor: impl Anchor) -> Self {
        self.anchor = Some(Arc::new(anchor));
        self
    }
}

impl std::fmt::Debug for AuditOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditOptions")
            .field("signer", &self.signer)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

/// What the handle and the writer share.
pub(super) struct Shared {
    pub(super) head: watch::Sender<Option<Checkpoint>>,
    /// Somebody waits for what is in the queue.
    pub(super) hurry: Notify,
    /// There is room in the queue again.
    pub(super) roomy: Notify,
    /// Refused logins that are not told yet.
    pub(super) refusals: Refusals,
    lost: AtomicU64,
    /// How many were lost ever.
    lost_ever: AtomicU64,
    lost_since: Mutex<Option<Timestamp>>,
    failing: RwLock<Option<Error>>,
    closing: AtomicBool,
}

impl Shared {
    /// What was lost since it was last asked, and since when.
    pub(super) fn take_lost(&self) -> Option<(u64, Timestamp)> {
        if self.lost.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut since = self.lost_since.lock();
        let records = self.lost.swap(0, Ordering::AcqRel);
        since.take().map(|since| (records, since))
    }

    fn lose(&self, at: Timestamp) {
        let mut since = self.lost_since.lock();
        self.lost.fetch_add(1, Ordering::AcqRel);
        self.lost_ever.fetch_add(1, Ordering::AcqRel);
        since.get_or_insert(at);
    }

    pub(super) fn fails(&self, error: Option<Error>) {
        *self.failing.write() = error;
    }

    /// Why nothing is written any more.
    fn ended(&self) -> Error {
        self.failing.read().clone().unwrap_or_else(closed)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// The audit of a node. Clones share it.
///
/// Telling it something never waits: the record takes a place in a queue, from which a task writes in batches. Where the queue is
/// full the record is lost, counted, and told as a gap in its place; put [`Audited`](super::Audited) before what writes, and it does not
/// come to that. Where the store does not take records, they are tried until it does.
///
/// Before each batch the head in the store is looked at: it has to be the one that this node left, or a later one that another node
/// signed. Where it is not, somebody changed the store below, and to go on would vouch for it: nothing more is written, whoever waits
/// hears why, [`Audit::failing`] tells it, and [`Audited`](super::Audited) refuses writes, until the audit is opened again.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink as _};
/// use mosaic_mcp::security::audit::{Audit, AuditKeys, AuditOptions, AuditSigner, verify};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let signer = AuditSigner::generate()?;
/// let audit = Audit::open(&state, AuditOptions::new(signer.clone())).await?;
/// audit.record(AuditRecord::new(&CallContext::new(), "git.delete_repository", "acme/widget", AuditOutcome::Made));
/// audit.flush().await?;
/// let report = verify(&state, &AuditKeys::of(&signer), &[]).await?;
/// assert!(report.fault.is_none());
/// audit.close().await?;
/// # state.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    state: State,
    shared: Arc<Shared>,
    clock: Clock,
    margin: usize,
    /// None once it is closed.
    queue: RwLock<Option<mpsc::Sender<Message>>>,
    task: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl Audit {
    /// The audit in a state: a new one where there is none, else it goes on.
    ///
    /// # Errors
    /// `Config` where the head of the audit that is there was signed by another key: name it with [`Audit::open_trusting`], or look
    /// who changed it. Those of the state.
    pub async fn open(state: &State, options: AuditOptions) -> Result<Self> {
        let keys = AuditKeys::of(&options.signer);
        Self::open_trusting(state, options, &keys).await
    }

    /// As [`Audit::open`], where other keys may have signed the head: those of other nodes, or an earlier one. Name every node that
    /// writes to this state while this one runs.
    ///
    /// # Errors
    /// As for [`Audit::open`].
    pub async fn open_trusting(state: &State, options: AuditOptions, keys: &AuditKeys) -> Result<Self> {
        let head: Option<Head> = state.read(&head_place()?).await?;
        if head.as_ref().is_some_and(|head| !head.end.is_signed(keys)) {
            let message = "the head of the audit is signed by no key that is trusted: give the public keys of those who wrote it, or verify it";
            return Err(Error::new(ErrorKind::Config, message));
        }
        if let Some(wrong) = head.as_ref().and_then(|head| head.misplaced(keys)) {
            let message = format!(
                "the audit was changed in the store: {wrong}. Verify it, put it right, and open it again"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let (sender, queue) = mpsc::channel(options.queue);
        let shared = Arc::new(Shared {
            head: watch::Sender::new(head.as_ref().map(|head| head.end.clone())),
            hurry: Notify::new(),
            roomy: Notify::new(),
            refusals: Refusals::default(),
            lost: AtomicU64::new(0),
            lost_ever: AtomicU64::new(0),
            lost_since: Mutex::default(),
            failing: RwLock::default(),
            closing: AtomicBool::new(false),
        });
        let margin = (options.queue / 4).max(1);
        let written = head.as_ref().map(|head| head.end.at);
        let unmarked = head.filter(|head| head.checkpointed(keys) < head.end.records);
        let writer = Writer {
            state: state.clone(),
            shared: shared.clone(),
            queue,
            look: options.retention.map(|_| tokio::time::Instant::now()),
            course: options.retention.map(|keep| Course::new(state.now(), written, keep)),
            options,
            keys: keys.clone(),
            node: Uuid::now_v7(),
            batches: 0,
            unanchored: None,
            unmarked: unmarked.map(|_| tokio::time::Instant::now()),
        };
        let task = Mutex::new(Some(tokio::spawn(writer.run())));
        let queue = RwLock::new(Some(sender));
        Ok(Self(Arc::new(Inner { state: state.clone(), shared, clock: state.clock(), margin, queue, task })))
    }

    /// Tells it something. Never waits. Refused logins of a source are counted, and told once in a minute after the first.
    pub fn tell(&self, event: AuditEvent) {
        if let AuditEvent::LoginRefused { means, from, why } = &event
            && !self.0.shared.refusals.is_first(means, from, why)
        {
            return;
        }
        let at = self.0.clock.now();
        let message = Message::Event { at, event, written: None };
        let sent = match &*self.0.queue.read() {
            Some(queue) => queue.try_send(message).is_ok(),
            None => false,
        };
        if !sent {
            self.0.shared.lose(at);
        }
    }

    /// Tells it something, and waits until it is written.
    ///
    /// # Errors
    /// `Lifecycle` once it is closed; `Config` where the store was changed below it.
    pub async fn write(&self, event: AuditEvent) -> Result<()> {
        let at = self.0.clock.now();
        self.send(|written| Message::Event { at, event, written: Some(written) }).await
    }

    /// Waits until everything that was told before is written.
    ///
    /// # Errors
    /// As for [`Audit::write`].
    pub async fn flush(&self) -> Result<()> {
        self.send(Message::Flush).await
    }

    async fn send(&self, message: impl FnOnce(oneshot::Sender<Result<()>>) -> Message) -> Result<()> {
        let (written, answer) = oneshot::channel();
        let queue = self.0.queue.read().clone().ok_or_else(closed)?;
        queue.send(message(written)).await.map_err(|_| self.0.shared.ended())?;
        drop(queue);
        self.0.shared.hurry.notify_one();
        answer.await.map_err(|_| self.0.shared.ended())?
    }

    /// The state that it is written to.
    pub(super) fn state(&self) -> &State {
        &self.0.state
    }

    /// The signed end of what is written, as far as this node wrote it.
    pub fn head(&self) -> Option<Checkpoint> {
        self.0.shared.head.borrow().clone()
    }

    /// The signed end, as it moves.
    pub fn heads(&self) -> watch::Receiver<Option<Checkpoint>> {
        self.0.shared.head.subscribe()
    }

    /// Why records are not written at present, where they are not.
    pub fn failing(&self) -> Option<Error> {
        self.0.shared.failing.read().clone()
    }

    /// How many records were lost since it was opened, because the queue was full or closed.
    pub(super) fn lost(&self) -> u64 {
        self.0.shared.lost_ever.load(Ordering::Acquire)
    }

    /// Whether there is room: a quarter of the queue is kept for the records of calls that are under way.
    pub(super) fn has_room(&self) -> bool {
        let room = |queue: &mpsc::Sender<Message>| !queue.is_closed() && queue.capacity() > self.0.margin;
        self.0.queue.read().as_ref().is_some_and(room)
    }

    /// Whether it has ended, so that nobody makes room any more.
    pub(super) fn is_down(&self) -> bool {
        self.0.queue.read().as_ref().is_none_or(mpsc::Sender::is_closed)
    }

    /// Waits until somebody may have made room.
    pub(super) async fn room(&self) {
        let roomy = self.0.shared.roomy.notified();
        if !self.has_room() {
            roomy.await;
        }
    }

    /// Writes what waits, signs a checkpoint and ends the task. What is told after that is lost.
    ///
    /// # Errors
    /// Those of the state, where something could not be written.
    pub async fn close(&self) -> Result<()> {
        self.0.shared.closing.store(true, Ordering::Release);
        self.0.queue.write().take();
        self.0.shared.hurry.notify_one();
        let task = self.0.task.lock().take();
        match task {
            Some(task) => task
                .await
                .map_err(|_| Error::new(ErrorKind::Internal, "the writer of the audit panicked"))
                .and_then(|result| result),
            None => Ok(()),
        }
    }
}

impl Ledger for Audit {
    /// Takes a place in the queue, as [`Audit::tell`] does. What it gives ends with `QuotaExceeded` where there was none, with
    /// `Lifecycle` where the audit is closed, with `Config` where the store was changed below it, and with the errors of the state.
    fn enter(&self, record: AuditRecord) -> BoxFuture<'static, Result<()>> {
        let at = self.0.clock.now();
        let (written, answer) = oneshot::channel();
        let message = Message::Event { at, event: AuditEvent::Call(record), written: Some(written) };
        let sent = match &*self.0.queue.read() {
            Some(queue) => queue.try_send(message).map_err(|error| match error {
                TrySendError::Full(_) => full(),
                TrySendError::Closed(_) => self.0.shared.ended(),
            }),
            None => Err(closed()),
        };
        match &sent {
            Ok(()) => self.0.shared.hurry.notify_one(),
            Err(_) => self.0.shared.lose(at),
        }
        let shared = self.0.shared.clone();
        Box::pin(async move {
            sent?;
            answer.await.map_err(|_| shared.ended())?
        })
    }

    fn lost(&self) -> u64 {
        Self::lost(self)
    }

    /// As [`Audit::flush`].
    fn settled(&self) -> BoxFuture<'static, Result<()>> {
        let audit = self.clone();
        Box::pin(async move { audit.flush().await })
    }
}

impl AuditSink for Audit {
    fn record(&self, record: AuditRecord) {
        self.tell(AuditEvent::Call(record));
    }

    fn changed(&self, change: AuditChange) {
        let AuditChange { provider, what, detail, .. } = change;
        let by = "application".to_owned();
        self.tell(match provider {
            Some(provider) => AuditEvent::Plugin { by, provider, what: detail },
            None => AuditEvent::Configuration { by, what: what.to_owned(), detail },
        });
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("head", &*self.0.shared.head.borrow()).finish_non_exhaustive()
    }
}

pub(super) fn full() -> Error {
    Error::new(ErrorKind::QuotaExceeded, "the queue of the audit is full")
}

fn closed() -> Error {
    Error::new(ErrorKind::Lifecycle, "the audit is closed")
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod refusals_tests;

#[cfg(test)]
#[path = "tamper_tests.rs"]
mod tamper_tests;

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
