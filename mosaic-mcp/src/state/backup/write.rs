//! Writing a backup: from one view of the store, in parts.

use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::Summary;
use super::format::{Begin, End, Record, VERSION, encode, line};
use crate::state::{Entry, Event, State, StateStore, Topic};

/// How many records are read at once.
const PAGE: usize = 64;
/// How many bytes are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

struct Out<W> {
    to: W,
    buffer: Vec<u8>,
    hash: blake3::Hasher,
    bytes: u64,
}

impl<W: AsyncWrite + Unpin> Out<W> {
    async fn put<T: Serialize>(&mut self, record: &T) -> Result<()> {
        let line = line(record)?;
        self.hash.update(&line);
        self.bytes += u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.buffer.extend_from_slice(&line);
        if self.buffer.len() >= BUFFER_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        self.to.write_all(&self.buffer).await.map_err(unwritten)?;
        self.buffer.clear();
        Ok(())
    }
}

pub(super) fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Provider, format!("the backup cannot be written: {}", error.kind())).source(error)
}

impl State {
    /// Writes everything that the store holds at this moment, and sealed what lies sealed. Others go on writing meanwhile; nothing of
    /// that is in it.
    ///
    /// # Errors
    /// `Provider` where it cannot be written; those of the store. What was written then is no backup.
    pub async fn backup<W: AsyncWrite + Unpin + Send>(&self, to: W) -> Result<Summary> {
        match self.store().sealed_below() {
            Some(below) => self.write_backup(below, true, to).await,
            None => self.write_backup(self.store(), false, to).await,
        }
    }

    /// The same, opened, for a store that is to hold it without keys, or under others. Whoever has the file can read it.
    ///
    /// # Errors
    /// As for [`State::backup`]; those of the master keys.
    pub async fn backup_opened<W: AsyncWrite + Unpin + Send>(&self, to: W) -> Result<Summary> {
        self.write_backup(self.store(), false, to).await
    }

    async fn write_backup<W: AsyncWrite + Unpin + Send>(
        &self,
        store: &Arc<dyn StateStore>,
        sealed: bool,
        to: W,
    ) -> Result<Summary> {
        let mut view = store.view().await?;
        let (head, trimmed, made) = (view.head(), view.trimmed().clone(), self.now());
        let mut out = Out { to, buffer: Vec::new(), hash: blake3::Hasher::new(), bytes: 0 };
        let begin = Begin {
            mosaic_state: VERSION,
            made,
            revision: head.revision,
            offset: head.offset,
            trimmed: trimmed.all,
            sealed,
        };
        out.put(&begin).await?;

        let (mut values, mut events) = (0, 0);
        let mut last = None;
        loop {
            let page = view.entries(last.as_ref(), PAGE).await?;
            for Entry { key, value, version, expires, tracked } in &page {
                let expires = expires.map(|end| end.as_microsecond());
                let record = if *tracked { Record::Value } else { Record::Untracked };
                out.put(&record(key.to_string(), encode(value), *version, expires)).await?;
                values += 1;
            }
            match page.last() {
                Some(entry) if page.len() == PAGE => last = Some(entry.key.clone()),
                _ => break,
            }
        }
        let mut after = 0;
        loop {
            let page = view.events(after, PAGE).await?;
            for Event { offset, topic, kind, data, at } in &page {
                let (topic, kind) = (topic.to_string(), kind.to_string());
                let at = at.as_microsecond();
                out.put(&Record::Event(*offset, topic, kind, encode(data), at)).await?;
                events += 1;
            }
            match page.last() {
                Some(event) if page.len() == PAGE => after = event.offset,
                _ => break,
            }
        }
        // Stores have marks at the beginning of the log, where nothing was removed, from earlier versions.
        let marks = trimmed.topics.into_iter().filter(|(_, through)| *through > 0);
        let mut marks: Vec<(Topic, u64)> = marks.collect();
        marks.sort();
        for (topic, through) in marks {
            out.put(&Record::Trimmed(topic.into(), through)).await?;
        }
        let mut last: Option<Topic> = None;
        loop {
            let page = view.last_offsets(last.as_ref(), PAGE).await?;
            for (topic, offset) in &page {
                out.put(&Record::Last(topic.to_string(), *offset)).await?;
            }
            match page.last() {
                Some((topic, _)) if page.len() == PAGE => last = Some(topic.clone()),
                _ => break,
            }
        }
        drop(view);
        let blake3 = out.hash.finalize().to_hex().to_string();
        out.put(&Record::End(End { values, events, blake3 })).await?;
        out.flush().await?;
        out.to.flush().await.map_err(unwritten)?;
        Ok(Summary { head, made, values, events, bytes: out.bytes, sealed })
    }
}
