//! Reading a backup: line by line, checked as it is read and at its end as a whole.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use super::Summary;
use super::format::{Begin, End, LINE_BYTES, Record, VERSION, decode};
use crate::state::{Entry, Event, Head, Key, Topic, limits};

/// One thing of a backup.
pub(super) enum Item {
    Value(Entry),
    Event(Event),
    Trimmed(Topic, u64),
    Last(Topic, u64),
    /// Nothing was missing, and nothing was altered.
    End(Summary),
}

/// A backup as it is read.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    hash: blake3::Hasher,
    begin: Begin,
    summary: Summary,
    last_key: Option<Key>,
    last_offset: u64,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads the first line.
    pub(super) async fn begin(from: R) -> Result<Self> {
        let head = Head::default();
        let mut lines = Self {
            from: BufReader::with_capacity(256 << 10, from),
            line: Vec::new(),
            number: 0,
            hash: blake3::Hasher::new(),
            begin: Begin {
                mosaic_state: 0,
                made: Timestamp::default(),
                revision: 0,
                offset: 0,
                trimmed: 0,
                sealed: false,
            },
            summary: Summary {
                head,
                made: Timestamp::default(),
                values: 0,
                events: 0,
                bytes: 0,
                sealed: false,
            },
            last_key: None,
            last_offset: 0,
        };
        lines.next_line().await?;
        let begin: Begin = match lines.parse() {
            Ok(begin) => begin,
            Err(error) => {
                // The form of a later version may not be known here, but its number is.
                let version = serde_json::from_slice::<serde_json::Value>(&lines.line)
                    .ok()
                    .and_then(|line| line.get("mosaic_state")?.as_u64());
                return Err(version.filter(|version| *version > u64::from(VERSION)).map_or(error, newer));
            }
        };
        match begin.mosaic_state {
            1..=VERSION => {}
            0 => return Err(lines.damaged("there is no version 0")),
            version => return Err(newer(version.into())),
        }
        lines.hash.update(&lines.line);
        (lines.summary.made, lines.summary.sealed) = (begin.made, begin.sealed);
        lines.summary.head = Head { revision: begin.revision, offset: begin.offset };
        if begin.trimmed > begin.offset {
            return Err(lines.damaged("more was removed than there was"));
        }
        lines.begin = begin;
        Ok(lines)
    }

    pub(super) fn head(&self) -> Head {
        self.summary.head
    }

    /// Whether values and data of events are sealed.
    pub(super) fn sealed(&self) -> bool {
        self.begin.sealed
    }

    /// Up to where events of every topic were removed.
    pub(super) fn trimmed(&self) -> u64 {
        self.begin.trimmed
    }

    /// The next thing. After the end there is nothing more to ask for.
    pub(super) async fn next(&mut self) -> Result<Item> {
        self.next_line().await?;
        let record: Record = self.parse()?;
        if !matches!(record, Record::End(_)) {
            self.hash.update(&self.line);
        }
        match record {
            Record::Value(key, value, version, expires) => {
                self.value(&key, &value, version, expires).map(Item::Value)
            }
            Record::Untracked(key, value, version, expires) => {
                Ok(Item::Value(self.value(&key, &value, version, expires)?.tracked(false)))
            }
            Record::Event(offset, topic, kind, data, at) => {
                self.event(offset, &topic, kind, &data, at).map(Item::Event)
            }
            // Earlier versions also told that nothing was removed.
            Record::Trimmed(topic, 0) => Ok(Item::Trimmed(self.topic(&topic)?, 0)),
            Record::Trimmed(topic, through) => Ok(Item::Trimmed(self.topic(&topic)?, self.place(through)?)),
            Record::Last(topic, offset) => Ok(Item::Last(self.topic(&topic)?, self.place(offset)?)),
            Record::End(end) => {
                self.end(&end).await?;
                Ok(Item::End(self.summary))
            }
        }
    }

    fn value(&mut self, key: &str, value: &str, version: u64, expires: Option<i64>) -> Result<Entry> {
        let key = Key::new(key).map_err(|_| self.damaged("it has no key"))?;
        if self.last_key.as_ref().is_some_and(|last| *last >= key) {
            return Err(self.damaged("the keys are not in order"));
        }
        self.last_key = Some(key.clone());
        if version > self.summary.head.revision {
            return Err(self.damaged("the value is of a later time than the backup"));
        }
        let value = self.bytes(value)?;
        let expires = expires.map(|end| self.time(end)).transpose()?;
        self.summary.values += 1;
        Ok(Entry::new(key, value.into(), version, expires))
    }

    fn event(&mut self, offset: u64, topic: &str, kind: String, data: &str, at: i64) -> Result<Event> {
        if self.place(offset)? <= self.last_offset {
            return Err(self.damaged("the events are not in order"));
        }
        self.last_offset = offset;
        limits::kind(&kind).map_err(|_| self.damaged("the event has no kind"))?;
        let (topic, data, at) = (self.topic(topic)?, self.bytes(data)?, self.time(at)?);
        self.summary.events += 1;
        Ok(Event::new(offset, topic, kind, data.into(), at))
    }

    fn bytes(&self, text: &str) -> Result<Vec<u8>> {
        let bytes = decode(text).ok_or_else(|| self.damaged("it is not in base 64"))?;
        limits::value(bytes.len()).map_err(|_| self.damaged("it is too large"))?;
        Ok(bytes)
    }

    fn topic(&self, text: &str) -> Result<Topic> {
        Topic::new(text).map_err(|_| self.damaged("it has no topic"))
    }

    fn time(&self, microseconds: i64) -> Result<Timestamp> {
        Timestamp::from_microsecond(microseconds).map_err(|_| self.damaged("it has no time"))
    }

    fn place(&self, offset: u64) -> Result<u64> {
        if (1..=self.summary.head.offset).contains(&offset) {
            return Ok(offset);
        }
        Err(self.damaged("the offset lies outside of the log"))
    }

    async fn end(&mut self, end: &End) -> Result<()> {
        if (end.values, end.events) != (self.summary.values, self.summary.events) {
            return Err(self.damaged("values or events are missing"));
        }
        if end.blake3 != self.hash.finalize().to_hex().as_str() {
            return Err(self.damaged("the hash is another: something was altered"));
        }
        let more = self.from.fill_buf().await.map_err(unreadable)?;
        if more.is_empty() { Ok(()) } else { Err(self.damaged("there is something behind the end")) }
    }

    async fn next_line(&mut self) -> Result<()> {
        self.number += 1;
        self.line.clear();
        let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
        let read = (&mut self.from).take(most).read_until(b'\n', &mut self.line).await.map_err(unreadable)?;
        self.summary.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        match self.line.last() {
            Some(b'\n') => Ok(()),
            _ if read == LINE_BYTES => Err(self.damaged("the line is too long")),
            _ => Err(self.damaged("the file is cut off")),
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.line).map_err(|error| self.damaged("it cannot be read").source(error))
    }

    fn damaged(&self, why: &str) -> Error {
        Error::new(ErrorKind::Invalid, format!("the backup is damaged in line {}: {why}", self.number))
    }
}

fn newer(version: u64) -> Error {
    let message =
        format!("the backup has version {version}, this program knows {VERSION}: use a newer program");
    Error::new(ErrorKind::Invalid, message)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Provider, format!("the backup cannot be read: {}", error.kind())).source(error)
}
