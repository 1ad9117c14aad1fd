//! Proof that nothing of a chain was changed.

use std::fmt;

use mosaic_core::error::{ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::{CHECKPOINT, Checkpoint, Head, Link, RECORD};
use super::retention;
use super::sign::AuditKeys;
use super::writer::head_place;
use crate::state::{State, Topic, TopicFilter, limits};

/// How often the audit is read anew where records are removed meanwhile.
const TRIES: usize = 3;

/// The first thing that is wrong with a log.
///
/// ```
/// # use mosaic_mcp::security::audit::Fault;
/// fn shout(fault: &Fault) -> String {
///     format!("look at record {}: {}", fault.record, fault.what)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Fault {
    /// The number of the first record that is wrong or missing.
    pub record: u64,
    /// Its offset in the state's log, or its line in an export; none where it is missing.
    pub place: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.record, self.what)
    }
}

/// What a verification found.
///
/// ```
/// # use mosaic_mcp::security::audit::Report;
/// fn line(report: &Report) -> String {
///     match &report.fault {
///         None => format!("{} records hold", report.records),
///         Some(fault) => format!("{} records hold, then: {fault}", report.records),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// The number of the first record that was looked at.
    pub first: u64,
    /// How many records were looked at and hold.
    pub records: u64,
    /// How many checkpoints among them.
    pub checkpoints: u64,
    /// The number of the last record that holds.
    pub last: u64,
    /// The hash of that record, in hexadecimal digits.
    pub hash: String,
    /// What is wrong first; none where everything holds.
    pub fault: Option<Fault>,
}

/// Checks records one after the other. For those who read them from elsewhere; [`verify`] reads them from a state.
///
/// ```
/// # use mosaic_mcp::security::audit::{AuditKeys, Checkpoint, Verifier};
/// # use mosaic_mcp::state::Event;
/// fn holds(first: &Checkpoint, events: &[Event], end: &Checkpoint, keys: AuditKeys) -> bool {
///     let mut verifier = Verifier::after(first, keys);
///     events.iter().all(|event| verifier.record(event.offset, &event.topic, &event.kind, &event.data).is_ok())
///         && verifier.end(end).is_ok()
/// }
/// ```
#[derive(Debug)]
pub struct Verifier {
    log: String,
    end: Link,
    keys: AuditKeys,
    anchors: Vec<Checkpoint>,
    /// The next anchor.
    anchor: usize,
    records: u64,
    checkpoints: u64,
    /// The last that was met.
    checkpoint: Option<Checkpoint>,
}

impl Verifier {
    /// From the first record of a log.
    pub fn begin(log: &str, keys: AuditKeys) -> Self {
        let end = Link::begin(log);
        Self {
            log: log.to_owned(),
            end,
            keys,
            anchors: Vec::new(),
            anchor: 0,
            records: 0,
            checkpoints: 0,
            checkpoint: None,
        }
    }

    /// From the record after a checkpoint, which is trusted as it is.
    pub fn after(checkpoint: &Checkpoint, keys: AuditKeys) -> Self {
        let mut verifier = Self::begin(&checkpoint.log, keys);
        verifier.end = checkpoint.link().unwrap_or(verifier.end);
        verifier
    }

    /// The same, held against checkpoints that were kept elsewhere.
    ///
    /// # Errors
    /// The fault where one is of another log or not signed by a trusted key.
    pub fn anchors(mut self, anchors: &[Checkpoint]) -> Result<Self, Fault> {
        for anchor in anchors {
            if anchor.log != self.log {
                return Err(fault(anchor.records, None, "the anchored checkpoint is of another log"));
            }
            if !anchor.is_signed(&self.keys) {
                return Err(fault(
                    anchor.records,
                    None,
                    "the anchored checkpoint is signed by no trusted key",
                ));
            }
        }
        self.anchors = anchors.to_vec();
        self.anchors.sort_by_key(|anchor| anchor.records);
        let begin = self.end.number;
        self.anchor = self.anchors.partition_point(|anchor| anchor.records < begin);
        // One at the very place where this begins is to be met as well.
        self.meet(None)?;
        Ok(self)
    }

    /// Checks the next record.
    ///
    /// # Errors
    /// The fault, where it is not the next one as it was written.
    pub fn record(&mut self, place: u64, topic: &Topic, kind: &str, data: &[u8]) -> Result<(), Fault> {
        let Some((told, body)) = Link::decode(data) else {
            return Err(fault(self.next(), Some(place), "it is no record of an audit"));
        };
        self.next_is(place, topic, kind, told, body)
    }

    /// The number that the next record has.
    pub(super) fn next(&self) -> u64 {
        self.end.number + 1
    }

    /// Checks the next record, of which the end and the body are known.
    pub(super) fn next_is(
        &mut self,
        place: u64,
        topic: &Topic,
        kind: &str,
        told: Link,
        body: &[u8],
    ) -> Result<(), Fault> {
        let expected = self.next();
        if told.number != expected {
            let what =
                format!("record {} is in its place: something was removed, moved or inserted", told.number);
            return Err(fault(expected, Some(place), what));
        }
        if self.end.next(topic, kind, body) != told {
            let what = "its hash does not fit: it, or what is before it, was changed";
            return Err(fault(expected, Some(place), what));
        }
        if kind == CHECKPOINT {
            let signed: Option<Checkpoint> = serde_json::from_slice(body).ok();
            let holds = signed.as_ref().is_some_and(|signed| {
                signed.log == self.log && signed.link() == Some(self.end) && signed.is_signed(&self.keys)
            });
            if !holds {
                return Err(fault(
                    expected,
                    Some(place),
                    "the checkpoint is not signed by a trusted key, or for another chain",
                ));
            }
            self.checkpoints += 1;
            self.checkpoint = signed;
        } else if kind != RECORD {
            return Err(fault(expected, Some(place), "it is of a kind that an audit does not have"));
        }
        self.end = told;
        self.records += 1;
        if self.anchors.is_empty() { Ok(()) } else { self.meet(Some(place)) }
    }

    /// Compares the end with the anchors of that number.
    fn meet(&mut self, place: Option<u64>) -> Result<(), Fault> {
        while let Some(anchor) = self.anchors.get(self.anchor) {
            if anchor.records > self.end.number {
                break;
            }
            if anchor.link() != Some(self.end) {
                let what = "it is not what was anchored: the chain was written anew up to here or further";
                return Err(fault(self.end.number, place, what));
            }
            self.anchor += 1;
        }
        Ok(())
    }

    /// Checks that the signed end of the log is the end of what was read, and that nothing anchored is missing.
    ///
    /// # Errors
    /// The fault: records are missing, or there are more than were signed.
    pub fn end(&self, end: &Checkpoint) -> Result<(), Fault> {
        let last = self.end.number;
        if end.log != self.log || !end.is_signed(&self.keys) {
            return Err(fault(
                last,
                None,
                "the end of the log is signed by no trusted key, or for another log",
            ));
        }
        if end.records > last {
            return Err(fault(
                last + 1,
                None,
                format!("records up to {} are missing at the end", end.records),
            ));
        }
        if end.records < last {
            return Err(fault(
                end.records + 1,
                None,
                "records from here on were appended without a signature",
            ));
        }
        if end.link() != Some(self.end) {
            return Err(fault(last, None, "its hash is not the one that was signed as the end"));
        }
        match self.anchors.get(self.anchor) {
            Some(anchor) => {
                let what =
                    format!("records up to {} were anchored and are missing at the end", anchor.records);
                Err(fault(last + 1, None, what))
            }
            None => Ok(()),
        }
    }

    /// Checks that the head tells of the last checkpoint that was met.
    fn marked(&self, head: &Head) -> Result<(), Fault> {
        let wrong = match &self.checkpoint {
            Some(met) => (head.checkpoint.as_ref() != Some(met))
                .then_some("its head tells of another checkpoint than the last, or of none"),
            None if head.checkpoint.as_ref().is_some_and(|checkpoint| !checkpoint.is_signed(&self.keys)) => {
                Some("its head tells of a checkpoint that no trusted key signed")
            }
            None => head.misplaced(&self.keys),
        };
        wrong.map_or(Ok(()), |what| Err(fault(self.end.number, None, what)))
    }

    /// What was found, with the fault where there was one.
    pub fn report(&self, fault: Option<Fault>) -> Report {
        Report {
            first: self.end.number - self.records + 1,
            records: self.records,
            checkpoints: self.checkpoints,
            last: self.end.number,
            hash: self.end.hash.to_hex().to_string(),
            fault,
        }
    }
}

pub(super) fn fault(record: u64, place: Option<u64>, what: impl Into<String>) -> Fault {
    Fault { record, place, what: what.into() }
}

/// Every record of an audit.
pub(super) fn all() -> Result<TopicFilter> {
    TopicFilter::new("audit.>")
}

/// The head of the audit in a state.
pub(super) async fn head(state: &State) -> Result<Option<Checkpoint>> {
    Ok(stored(state).await?.map(|head| head.end))
}

async fn stored(state: &State) -> Result<Option<Head>> {
    state.read(&head_place()?).await
}

/// Verifies the audit of a state, also while it is written: every record from the first one that is kept, the signed end, and
/// checkpoints that were kept elsewhere. Where old records were removed by anything but [`AuditOptions::retention`], give the checkpoint
/// before the first that is kept among them.
///
/// [`AuditOptions::retention`]: super::AuditOptions::retention
///
/// # Errors
/// Those of the state. What is wrong with the audit is in the report.
pub async fn verify(state: &State, keys: &AuditKeys, anchors: &[Checkpoint]) -> Result<Report> {
    for _ in 0..TRIES {
        match look(state, keys, anchors).await {
            // Old records were removed while they were read.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            looked => return looked,
        }
    }
    look(state, keys, anchors).await
}

async fn look(state: &State, keys: &AuditKeys, anchors: &[Checkpoint]) -> Result<Report> {
    let nothing = |fault: Option<Fault>| Report {
        first: 1,
        records: 0,
        checkpoints: 0,
        last: 0,
        hash: String::new(),
        fault,
    };
    let mut found = head(state).await?;
    let mut there = None;
    if found.is_none() {
        there = state.events(&all()?, 0, 1).await?.first().map(|event| event.offset);
        // The first records may have come between the two reads.
        found = head(state).await?;
    }
    let Some(first) = found else {
        let missing = there.is_some() || !anchors.is_empty();
        return Ok(nothing(missing.then(|| fault(1, there, "the end of the log is missing"))));
    };
    if !first.is_signed(keys) {
        return Ok(nothing(Some(fault(
            first.records,
            None,
            "the end of the log is signed by no trusted key",
        ))));
    }
    let gone = state.trimmed().await?.before(&all()?);
    let begin = begin(state, gone, &first, keys, anchors).await?;
    let mut verifier = match begin.and_then(|verifier| verifier.anchors(anchors)) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(nothing(Some(fault))),
    };
    let found = follow(state, gone, &mut verifier).await?;
    Ok(verifier.report(found.err()))
}

/// Where to begin: at the first record, or after the checkpoint before the first that is kept, which was anchored or is that of a
/// signed removal.
pub(super) async fn begin(
    state: &State,
    gone: u64,
    head: &Checkpoint,
    keys: &AuditKeys,
    anchors: &[Checkpoint],
) -> Result<Result<Verifier, Fault>> {
    if gone == 0 {
        return Ok(Ok(Verifier::begin(&head.log, keys.clone())));
    }
    // Read first: where more is removed afterwards, the read that follows says so.
    let removal = retention::signed(state, &head.log, keys).await?;
    let kept = state.events(&all()?, gone, 1).await?;
    let number = kept.first().and_then(|event| Link::decode(&event.data)).map(|(link, _)| link.number);
    let Some(number) = number.filter(|number| *number > 1) else {
        return Ok(Ok(Verifier::begin(&head.log, keys.clone())));
    };
    let removed = removal.map(|removal| removal.checkpoint);
    let known = anchors.iter().filter(|anchor| anchor.is_signed(keys)).chain(&removed);
    Ok(match known.into_iter().find(|known| known.records + 1 == number) {
        Some(before) if before.log == head.log => Ok(Verifier::after(before, keys.clone())),
        _ => {
            let what =
                format!("records before {number} were removed, and no checkpoint of {} is given", number - 1);
            Err(fault(1, None, what))
        }
    })
}

/// Reads on until the signed end, which may move meanwhile.
async fn follow(state: &State, mut after: u64, verifier: &mut Verifier) -> Result<Result<(), Fault>> {
    let filter = all()?;
    let mut ended = false;
    loop {
        let page = state.events(&filter, after, limits::READ).await?;
        for event in &page {
            if let Err(fault) = verifier.record(event.offset, &event.topic, &event.kind, &event.data) {
                return Ok(Err(fault));
            }
            after = event.offset;
        }
        if !page.is_empty() {
            ended = false;
            continue;
        }
        let Some(head) = stored(state).await? else {
            return Ok(Err(fault(verifier.end.number, None, "the end of the log is missing")));
        };
        let end = &head.end;
        // It may have been written since the page was read: one more look.
        if end.records > verifier.end.number && !ended {
            ended = true;
            continue;
        }
        return Ok(verifier.end(end).and_then(|()| verifier.marked(&head)));
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
