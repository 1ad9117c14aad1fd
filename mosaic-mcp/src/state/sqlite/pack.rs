//! What a transaction writes, as parameters of one statement: names and numbers as JSON, and all bytes behind each other.

use std::mem;

use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Serialize;

use super::read::stored;
use crate::state::Writes;

/// The most bytes of one part: far below what SQLite takes as one value.
const PART_BYTES: usize = 32 << 20;

/// A part of what is written.
#[derive(Debug)]
pub(super) struct Part {
    /// The bytes of the values.
    pub(super) values: Vec<u8>,
    /// `[key, begin, length, version, expires, tracked]` of each value: the last is the version, or null.
    pub(super) puts: String,
    /// `[key, version]` of each deletion.
    pub(super) deletes: String,
    /// The bytes of the events.
    pub(super) data: Vec<u8>,
    /// `[offset, topic, kind, begin, length, at]` of each event.
    pub(super) events: String,
}

/// A value as [`Part::puts`] has it.
type Put<'w> = (&'w str, usize, usize, i64, Option<i64>, Option<i64>);

#[derive(Default)]
struct Open<'w> {
    values: Bytes,
    puts: Vec<Put<'w>>,
    deletes: Vec<(&'w str, i64)>,
    data: Bytes,
    events: Vec<(i64, &'w str, &'w str, usize, usize, i64)>,
}

/// Bytes behind each other. Never empty, as SQLite takes no part of nothing.
struct Bytes(Vec<u8>);

impl Default for Bytes {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Bytes {
    /// Takes bytes over; gives where they begin, counted from 1, and how many they are.
    fn take(&mut self, bytes: &[u8]) -> (usize, usize) {
        let begin = self.0.len() + 1;
        self.0.extend_from_slice(bytes);
        (begin, bytes.len())
    }

    /// Makes room for pieces of these lengths, as far as they go into one part.
    fn expect(&mut self, lengths: impl Iterator<Item = usize>) {
        self.0.reserve_exact(lengths.sum::<usize>().min(PART_BYTES));
    }

    fn is_full(&self, more: &[u8]) -> bool {
        self.0.len() + more.len() > PART_BYTES
    }
}

impl Open<'_> {
    fn close(&mut self) -> Result<Part> {
        let Self { values, puts, deletes, data, events } = mem::take(self);
        Ok(Part {
            values: values.0,
            puts: json(&puts)?,
            deletes: json(&deletes)?,
            data: data.0,
            events: json(&events)?,
        })
    }
}

/// Packs values, deletions and events: in one part, or in more where they are large. There is always a last one.
pub(super) fn pack(writes: &Writes) -> Result<(Vec<Part>, Part)> {
    let (mut parts, mut open) = (Vec::new(), Open::default());
    // At once, as growing copies what is there, and memory that is new costs as much again.
    open.values.expect(writes.puts.iter().map(|entry| entry.value.len()));
    open.data.expect(writes.events.iter().map(|event| event.data.len()));
    open.puts.reserve_exact(writes.puts.len());
    open.events.reserve_exact(writes.events.len());
    for entry in &writes.puts {
        if open.values.is_full(&entry.value) {
            parts.push(open.close()?);
        }
        let (begin, length) = open.values.take(&entry.value);
        let expires = entry.expires.map(|end| end.as_microsecond());
        let version = stored(entry.version);
        let tracked = entry.tracked.then_some(version);
        open.puts.push((entry.key.as_str(), begin, length, version, expires, tracked));
    }
    open.deletes = writes.deletes.iter().map(|(key, at)| (key.as_str(), stored(*at))).collect();
    for event in &writes.events {
        if open.data.is_full(&event.data) {
            parts.push(open.close()?);
        }
        let (begin, length) = open.data.take(&event.data);
        let at = event.at.as_microsecond();
        open.events.push((stored(event.offset), event.topic.as_str(), &event.kind, begin, length, at));
    }
    Ok((parts, open.close()?))
}

fn json<T: Serialize>(rows: &[T]) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| {
        Error::new(ErrorKind::Internal, "what is written has no JSON form").source(error).refused()
    })
}
