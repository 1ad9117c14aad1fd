//! The task that writes: records in batches, each with a signed end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::chain::{CHECKPOINT, Checkpoint, Head, Link, RECORD};
use super::course::Course;
use super::event::{AuditEvent, Line};
use super::handle::{Anchor, AuditOptions, Shared};
use super::retention::{self, Old, Removal};
use super::sign::{AuditKeys, AuditSigner};
use crate::state::{Key, State, Topic, Tx};

/// What waits for the writer.
pub(super) enum Message {
    Event {
        at: Timestamp,
        event: AuditEvent,
        written: Option<oneshot::Sender<Result<()>>>,
    },
    /// Tell when everything before is written.
    Flush(oneshot::Sender<Result<()>>),
}

/// How long the writer gathers after the first record, unless somebody waits.
const GATHER: Duration = Duration::from_millis(2);
/// The pauses before a failed batch is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long an anchor may take.
const ANCHOR: Duration = Duration::from_secs(10);
/// How long a batch is remembered that may have been written.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// The topic of checkpoints.
pub(super) const CHECKPOINTS: [&str; 2] = ["audit", "-"];

pub(super) struct Writer {
    pub(super) state: State,
    pub(super) shared: Arc<Shared>,
    pub(super) queue: mpsc::Receiver<Message>,
    pub(super) options: AuditOptions,
    /// This node, and how many batches it has written.
    pub(super) node: Uuid,
    pub(super) batches: u64,
    /// A checkpoint that is not anchored yet.
    pub(super) unanchored: Option<Checkpoint>,
    pub(super) keys: AuditKeys,
    /// When old records are looked for next.
    pub(super) look: Option<Instant>,
    /// Whether the clock may be believed; none where nothing is removed.
    pub(super) course: Option<Course>,
    /// Since when there is something without a checkpoint.
    pub(super) unmarked: Option<Instant>,
}

/// What a transaction did.
struct Written {
    end: Checkpoint,
    checkpoint: Option<Checkpoint>,
    marked: bool,
    /// Whether it removed what it was to remove.
    removed: bool,
}

impl Writer {
    /// Runs until everyone who tells is gone and everything is written, or writing has become impossible.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut waiting = Vec::new();
        loop {
            let refused = self.shared.refusals.due();
            let due = self.unmarked.map(|since| since + self.options.checkpoint_after);
            let more = tokio::select! {
                biased;
                more = self.queue.recv_many(&mut waiting, self.options.batch) => more,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.write(Vec::new(), true, None).await?;
                    continue;
                }
                () = sleep_until(refused.unwrap_or_else(Instant::now)), if refused.is_some() => {
                    let lines = self.shared.refusals.take(self.state.now(), false)?;
                    self.write(lines, false, None).await?;
                    continue;
                }
                () = sleep_until(self.look.unwrap_or_else(Instant::now)), if self.look.is_some() => {
                    self.remove().await?;
                    continue;
                }
            };
            if more == 0 {
                break;
            }
            // So that a stream of records wakes this task once for many of them.
            if waiting.len() < self.options.batch && !waiting.iter().any(Message::is_awaited) {
                tokio::select! {
                    () = sleep(GATHER) => {}
                    () = self.shared.hurry.notified() => {}
                }
                while waiting.len() < self.options.batch {
                    let Ok(next) = self.queue.try_recv() else { break };
                    waiting.push(next);
                }
            }
            self.take(std::mem::take(&mut waiting)).await?;
        }
        let lines = self.shared.refusals.take(self.state.now(), true)?;
        self.write(lines, true, None).await
    }

    /// Removes records that are older than what is kept.
    async fn remove(&mut self) -> Result<()> {
        let (Some(keep), Some(course)) = (self.options.retention, &mut self.course) else { return Ok(()) };
        let now = self.state.now();
        let found = if course.holds(now) {
            retention::find(&self.state, now, keep, &self.keys).await
        } else {
            Ok(None)
        };
        match found {
            Ok(Some(old)) => return self.write(Vec::new(), false, Some(old)).await,
            Ok(None) => {}
            // Another node removed them meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::error!(%error, "old audit records are not removed"),
        }
        self.look = Some(Instant::now() + retention::every(keep));
        Ok(())
    }

    async fn take(&mut self, messages: Vec<Message>) -> Result<()> {
        let (mut lines, mut told) = (Vec::with_capacity(messages.len() + 1), Vec::new());
        if let Some((records, from)) = self.shared.take_lost() {
            lines.push(Line::gap(records, from, self.state.now())?);
        }
        // Also where there is always something else to write.
        lines.extend(self.shared.refusals.take(self.state.now(), false)?);
        for message in messages {
            match message {
                Message::Flush(written) => told.push(written),
                Message::Event { at, event, written } => {
                    lines.push(Line::of(at, &event)?);
                    told.extend(written);
                }
            }
        }
        self.shared.roomy.notify_waiters();
        let result = self.write(lines, false, None).await;
        for written in told {
            // Whoever waited may have gone away.
            let _ = written.send(result.clone());
        }
        result
    }

    /// Writes lines, and a checkpoint where one is due. Tries until it is done, and ends only with the state, or where the head in the
    /// store is not what those with a key left there: what went on from it would vouch for whoever changed it.
    async fn write(&mut self, lines: Vec<Line>, mark: bool, old: Option<Old>) -> Result<()> {
        if !lines.is_empty() || old.is_some() || (mark && self.unmarked.is_some()) {
            let batch = Arc::new(Batch {
                lines,
                mark,
                old: old.zip(self.options.retention),
                every: self.options.checkpoint_every,
                node: self.node,
                number: self.batches + 1,
                signer: self.options.signer.clone(),
                keys: self.keys.clone(),
                last: self.shared.head.borrow().clone(),
            });
            let mut pause = PAUSES.0;
            let written = loop {
                let again = batch.clone();
                match self.state.run(move |tx| Box::pin(async move { again.write(tx).await })).await {
                    Ok(Ok(written)) => break written,
                    Ok(Err(why)) => {
                        let error = changed(why);
                        tracing::error!(%error, records = batch.lines.len(), "audit records are lost: the audit is down");
                        self.shared.fails(Some(error.clone()));
                        return Err(error);
                    }
                    Err(error) if error.kind() == ErrorKind::Lifecycle => {
                        tracing::error!(%error, records = batch.lines.len(), "audit records are lost: the state is closed");
                        return Err(error);
                    }
                    Err(error) if self.shared.is_closing() && pause >= PAUSES.1 => {
                        tracing::error!(%error, records = batch.lines.len(), "audit records are lost: they could not be written");
                        return Err(error);
                    }
                    Err(error) => {
                        tracing::error!(%error, "audit records are not written yet; they are tried again");
                        self.shared.fails(Some(error));
                        sleep(pause).await;
                        pause = (pause * 2).min(PAUSES.1);
                    }
                }
            };
            self.shared.fails(None);
            self.batches += 1;
            self.unmarked =
                if written.marked { None } else { self.unmarked.or_else(|| Some(Instant::now())) };
            if let Some((_, keep)) = batch.old.as_ref().filter(|_| !written.removed) {
                self.look = Some(Instant::now() + retention::every(*keep));
            }
            self.shared.head.send_replace(Some(written.end));
            self.unanchored = written.checkpoint.or(self.unanchored.take());
        }
        self.anchor().await;
        Ok(())
    }

    /// Hands the last checkpoint over. One that is not taken is offered again.
    async fn anchor(&mut self) {
        let (Some(anchor), Some(checkpoint)) = (&self.options.anchor, &self.unanchored) else {
            self.unanchored = None;
            return;
        };
        let anchor: &dyn Anchor = anchor.as_ref();
        match timeout(ANCHOR, anchor.anchor(checkpoint)).await {
            Ok(Ok(())) => self.unanchored = None,
            Ok(Err(error)) => {
                tracing::error!(%error, "an audit checkpoint was not anchored; it is offered again")
            }
            Err(_) => {
                tracing::error!("an audit checkpoint was not anchored in ten seconds; it is offered again")
            }
        }
    }
}

impl Message {
    fn is_awaited(&self) -> bool {
        matches!(self, Self::Flush(_) | Self::Event { written: Some(_), .. })
    }
}

/// What one transaction writes, however often it is tried.
struct Batch {
    lines: Vec<Line>,
    mark: bool,
    /// What is removed, and how long the others are kept.
    old: Option<(Old, Duration)>,
    every: u64,
    node: Uuid,
    number: u64,
    signer: AuditSigner,
    /// Those of everyone who writes this chain.
    keys: AuditKeys,
    /// The end that this node found or wrote last.
    last: Option<Checkpoint>,
}

impl Batch {
    /// Gives what it did, or what is wrong with the head, where nothing was written.
    async fn write(&self, tx: &mut Tx<'_>) -> Result<Result<Written, &'static str>> {
        let places = [head_place()?, Key::of(&["audit", "node", &self.node.to_string()])?];
        let mut found = tx.get_many(&places).await?.into_iter();
        let (head, node) = (found.next().flatten(), found.next().flatten());
        let now = tx.now();
        let mut head: Head = match head {
            Some(entry) => match serde_json::from_slice(&entry.value) {
                Ok(head) => match self.wrong(&head) {
                    None => head,
                    Some(wrong) => return Ok(Err(wrong)),
                },
                Err(_) => return Ok(Err("its head is no head")),
            },
            None if self.last.is_some() => return Ok(Err("its head is gone")),
            None => {
                let log = Uuid::now_v7().to_string();
                let end = Checkpoint::sign(&log, &Link::begin(&log), now, &self.signer);
                Head { end, checkpoint: None }
            }
        };
        let (mark, checkpointed) = (self.mark(), head.checkpointed(&self.keys));
        // It was tried before, and written nevertheless.
        if node.is_some_and(|entry| entry.value == mark.as_bytes()) {
            let marked = checkpointed == head.end.records;
            // Its checkpoint may not be anchored yet, nor the one that another node has written since.
            let checkpoint = head.checkpoint.filter(|checkpoint| checkpoint.is_signed(&self.keys));
            return Ok(Ok(Written { marked, end: head.end, checkpoint, removed: self.old.is_some() }));
        }
        let log = head.end.log.clone();
        let broken = || Error::new(ErrorKind::Internal, "the head of the audit has no hash");
        let mut end = head.end.link().ok_or_else(broken)?;
        for line in &self.lines {
            end = append(tx, &end, line.topic.clone(), RECORD, &line.body)?;
        }
        let removal = self.remove(tx, &log).await?;
        let removed = removal.is_some();
        if let Some(line) = removal {
            end = append(tx, &end, line.topic, RECORD, &line.body)?;
        }
        let due = end.number.saturating_sub(checkpointed) >= self.every;
        let (mut checkpoint, mut marked) = (None, checkpointed == end.number);
        if (self.mark || due) && end.number > checkpointed {
            let signed = Checkpoint::sign(&log, &end, now, &self.signer);
            let body = serde_json::to_vec(&signed).map_err(|error| {
                Error::new(ErrorKind::Internal, "a checkpoint has no JSON form").source(error)
            })?;
            end = append(tx, &end, Topic::of(&CHECKPOINTS)?, CHECKPOINT, &body)?;
            marked = true;
            head.checkpoint = Some(signed.clone());
            checkpoint = Some(signed);
        }
        head.end = Checkpoint::sign(&log, &end, now, &self.signer);
        let [head_key, node_key] = places;
        tx.write(&head_key, &head)?;
        let until = now.saturating_add(REMEMBERED).unwrap_or(now);
        tx.put_until(node_key, Bytes::from(mark), Some(until))?;
        Ok(Ok(Written { marked, end: head.end, checkpoint, removed }))
    }

    /// What is wrong with the head in the store.
    fn wrong(&self, head: &Head) -> Option<&'static str> {
        if let Some(wrong) = head.misplaced(&self.keys) {
            return Some(wrong);
        }
        let Some(last) = &self.last else { return self.unsigned(head) };
        // What this node left there itself.
        if *last == head.end {
            return None;
        }
        if let Some(wrong) = self.unsigned(head) {
            return Some(wrong);
        }
        if head.end.log != last.log {
            return Some("its head is that of another log");
        }
        let before = head.end.records < last.records;
        // As many records are the same ones, signed again, or the end of another chain.
        let other = head.end.records == last.records && head.end.hash != last.hash;
        (before || other).then_some("its head was put back to an earlier one")
    }

    fn unsigned(&self, head: &Head) -> Option<&'static str> {
        (!head.end.is_signed(&self.keys)).then_some("its head is signed by no key that is trusted")
    }

    /// What says that this batch is written. It is signed, so that nobody else can say so.
    fn mark(&self) -> String {
        let mut statement = b"mosaic audit batch 1".to_vec();
        statement.extend_from_slice(self.node.as_bytes());
        statement.extend_from_slice(&self.number.to_le_bytes());
        self.signer.sign(&statement)
    }

    /// Removes what is old, unless another node has done it. Gives the record that tells of it.
    async fn remove(&self, tx: &mut Tx<'_>, log: &str) -> Result<Option<Line>> {
        let Some((old, kept)) = &self.old else { return Ok(None) };
        let place = retention::place()?;
        let before: Option<Removal> = tx.read(&place).await?;
        let before = before.filter(|before| before.counts(log, &self.keys));
        if before.is_some_and(|before| before.checkpoint.records >= old.checkpoint.records) {
            return Ok(None);
        }
        for topic in &old.topics {
            tx.trim(Some(topic.clone()), old.through);
        }
        let now = tx.now();
        tx.write(&place, &Removal::sign(old.checkpoint.clone(), now, &self.signer))?;
        Line::removed(now, old.checkpoint.records, *kept).map(Some)
    }
}

fn append(tx: &mut Tx<'_>, end: &Link, topic: Topic, kind: &'static str, body: &[u8]) -> Result<Link> {
    let next = end.next(&topic, kind, body);
    tx.append(topic, kind, next.encode(body))?;
    Ok(next)
}

fn changed(why: &str) -> Error {
    let message = format!(
        "the audit was changed in the store, and nothing more is written: {why}. Verify it, put it right, and open it again"
    );
    Error::new(ErrorKind::Config, message)
}

/// Where the head is.
pub(super) fn head_place() -> Result<Key> {
    Key::of(&["audit", "head"])
}
