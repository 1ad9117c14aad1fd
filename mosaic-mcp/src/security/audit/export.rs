//! The audit as lines of JSON, to be kept and verified elsewhere.

use std::io::{BufRead, Read as _};

use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::chain::{CHECKPOINT, Checkpoint, Link, RECORD};
use super::retention::{self, Removal};
use super::sign::AuditKeys;
use super::verify::{Fault, Report, Verifier, all, fault, head};
use crate::state::{State, Topic, limits};

/// The longest line that is read: more than the largest record.
const LINE: u64 = 1 << 20;

/// The first line: where the export begins.
#[derive(serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    log: String,
    after: Option<Checkpoint>,
    /// Who removed what was before, where it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removal: Option<Removal>,
}

/// A record.
#[derive(serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    number: u64,
    hash: &'a str,
    topic: &'a str,
    kind: &'a str,
    #[serde(borrow)]
    record: &'a RawValue,
}

/// The last line: the signed end.
#[derive(serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: Checkpoint,
}

/// Gives an audit line by line, each a JSON object without its line end: from the first record, or from the one after a checkpoint
/// where older ones were removed. Gives how many records there were. What is exported is not verified; [`verify_export`] does that.
///
/// ```
/// use mosaic_mcp::security::audit::{Audit, AuditEvent, AuditKeys, AuditOptions, AuditSigner, export, verify_export};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let signer = AuditSigner::generate()?;
/// let audit = Audit::open(&state, AuditOptions::new(signer.clone())).await?;
/// let event = AuditEvent::Configuration { by: "user ann".into(), what: "roles".into(), detail: "3 roles".into() };
/// audit.write(event).await?;
///
/// let mut lines = String::new();
/// export(&state, None, |line| {
///     lines.push_str(line);
///     lines.push('\n');
///     Ok(())
/// })
/// .await?;
/// let report = verify_export(lines.as_bytes(), &AuditKeys::of(&signer), &[])?;
/// assert!(report.fault.is_none());
/// # audit.close().await?;
/// # state.close().await
/// # }
/// ```
///
/// # Errors
/// `NotFound` where there is no audit, or records after the place where it begins were removed; `Internal` where a record is
/// none: verify the audit then; those of the state and of `line`.
pub async fn export(
    state: &State,
    after: Option<&Checkpoint>,
    mut line: impl FnMut(&str) -> Result<()>,
) -> Result<u64> {
    let end = head(state).await?.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no audit"))?;
    let removal = state.read::<Removal>(&retention::place()?).await?;
    let removal = removal.filter(|removal| Some(&removal.checkpoint) == after);
    line(&json(&Begin { log: end.log.clone(), after: after.cloned(), removal })?)?;
    let from = after.map_or(0, |checkpoint| checkpoint.records);
    let gone = state.trimmed().await?.before(&all()?);
    let (mut at, mut last) = (gone, from);
    while last < end.records {
        let page = state.events(&all()?, at, limits::READ).await?;
        let Some(end_of_page) = page.last() else { break };
        at = end_of_page.offset;
        for event in &page {
            let broken = || {
                let message = format!("what is at offset {} is no record: verify the audit", event.offset);
                Error::new(ErrorKind::Internal, message)
            };
            let (link, body) = Link::decode(&event.data).ok_or_else(broken)?;
            if link.number <= from || link.number > end.records {
                continue;
            }
            if last == from && link.number != from + 1 {
                let message =
                    format!("records before {} were removed: give the checkpoint before", link.number);
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            let hash = link.hash.to_hex();
            let row = Row {
                number: link.number,
                hash: &hash,
                topic: event.topic.as_str(),
                kind: &event.kind,
                record: serde_json::from_slice(body).map_err(|_| broken())?,
            };
            line(&json(&row)?)?;
            last = link.number;
        }
    }
    line(&json(&End { end })?)?;
    Ok(last - from)
}

fn json(row: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(row).map_err(|error| {
        Error::new(ErrorKind::Internal, "a line of the audit has no JSON form").source(error)
    })
}

/// Verifies an export, without the state that it came from: as [`verify`](super::verify) does. In the faults, places are lines.
///
/// It has to begin with the first record, or where old ones were removed by [`AuditOptions::retention`](super::AuditOptions::retention).
/// Where it was made after another checkpoint, give that among the anchors: an export of which the beginning was cut off looks the same.
///
/// # Errors
/// `Invalid` where the lines cannot be read. What is wrong with the audit is in the report.
pub fn verify_export(mut lines: impl BufRead, keys: &AuditKeys, anchors: &[Checkpoint]) -> Result<Report> {
    let mut text = String::new();
    let mut place = 1;
    let begin: Option<Begin> = match read(&mut lines, &mut text)? {
        true => serde_json::from_str(&text).ok(),
        false => None,
    };
    let Some(begin) = begin else {
        return Ok(Verifier::begin("", keys.clone()).report(Some(fault(
            1,
            Some(1),
            "it is no export of an audit",
        ))));
    };
    let removed = |after: &Checkpoint| {
        let removal = begin.removal.as_ref().filter(|removal| removal.counts(&begin.log, keys));
        removal.is_some_and(|removal| removal.checkpoint == *after)
    };
    let verifier = match &begin.after {
        None => Verifier::begin(&begin.log, keys.clone()),
        Some(after) if after.log == begin.log && (removed(after) || anchors.contains(after)) => {
            Verifier::after(after, keys.clone())
        }
        Some(after) => {
            let wrong = "records before are missing, and the checkpoint is neither anchored nor that of a signed removal";
            let wrong = fault(after.records, Some(1), wrong);
            return Ok(Verifier::begin(&begin.log, keys.clone()).report(Some(wrong)));
        }
    };
    let mut verifier = match verifier.anchors(anchors) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Verifier::begin(&begin.log, keys.clone()).report(Some(fault))),
    };
    let mut end = None;
    while read(&mut lines, &mut text)? {
        place += 1;
        let result = match (&end, serde_json::from_str::<Row<'_>>(&text)) {
            (None, Ok(row)) => check(&mut verifier, place, &row),
            (None, Err(_)) => match serde_json::from_str::<End>(&text) {
                Ok(last) => {
                    end = Some(last.end);
                    Ok(())
                }
                Err(_) => Err(fault(verifier.next(), Some(place), "the line is no record")),
            },
            (Some(_), _) => Err(fault(verifier.next(), Some(place), "there are lines after the end")),
        };
        if let Err(fault) = result {
            return Ok(verifier.report(Some(fault)));
        }
    }
    let last = match &end {
        Some(end) => verifier.end(end),
        None => Err(fault(verifier.next(), None, "the export has no end: lines are missing")),
    };
    Ok(verifier.report(last.err()))
}

fn check(verifier: &mut Verifier, place: u64, row: &Row<'_>) -> Result<(), Fault> {
    let wrong = |what: &str| fault(verifier.next(), Some(place), what);
    let hash = blake3::Hash::from_hex(row.hash).ok().filter(|hash| *hash.to_hex() == *row.hash);
    let hash = hash.ok_or_else(|| wrong("its hash is none"))?;
    let topic = Topic::new(row.topic).map_err(|_| wrong("its topic is none"))?;
    if row.kind != RECORD && row.kind != CHECKPOINT {
        return Err(wrong("it is of a kind that an audit does not have"));
    }
    let told = Link { number: row.number, hash };
    verifier.next_is(place, &topic, row.kind, told, row.record.get().as_bytes())
}

/// Reads a line; false at the end.
fn read(lines: &mut impl BufRead, text: &mut String) -> Result<bool> {
    text.clear();
    let failed =
        |error: std::io::Error| Error::new(ErrorKind::Invalid, "the export cannot be read").source(error);
    let read = lines.by_ref().take(LINE).read_line(text).map_err(failed)?;
    if read as u64 == LINE {
        return Err(Error::new(ErrorKind::Invalid, "a line of the export is longer than any record"));
    }
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(read > 0)
}
