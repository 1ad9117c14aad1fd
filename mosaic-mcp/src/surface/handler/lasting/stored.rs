//! Calls that are kept in a state: any node over it answers for them, and is told of those that it is to stop.
//!
//! | key | what |
//! | --- | --- |
//! | `mcp-call/TENANT/CALLER/ID` | a call |
//! | `mcp-call-part/TENANT/CALLER/ID/N` | a piece of its result |
//! | `mcp-call-of/TENANT/CALLER/ID` | that there is one, to be counted |
//! | `mcp-call-node/NODE` | that a node which runs some is alive: its lease |
//! | `mcp-call-stop/NODE/ID` | that a node is to stop one that it runs |
//!
//! All of them cease to be by themselves: those of a call with its time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde_json::Value;

use super::record::{Called, Course, Record, after};
use super::shelf::{ALL, Changed, EACH, Name, Owner};
use crate::state::{Key, KeyRange, State, Tx};
use crate::surface::lasting::Lasting;

/// How long a node counts as alive after it last said so.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// A piece of a result. A value may have twice as much.
const PART: usize = 512 * 1024;
/// The largest result.
pub(super) const RESULT: usize = 16 * PART;

/// A shelf in a state.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) state: State,
    /// The name of this node, which no other has.
    node: String,
}

impl Stored {
    pub(super) fn new(state: State, node: String) -> Self {
        Self { state, node }
    }

    pub(super) async fn add(
        &self,
        owner: &Owner,
        called: Called,
        answers: BTreeMap<String, Value>,
        options: &Lasting,
    ) -> Result<Option<(Name, Record)>> {
        let (owner, node, options) = (owner.clone(), self.node.clone(), *options);
        self.state
            .run(move |tx| {
                Box::pin(async move {
                    let name = Name::new(&owner);
                    if !has_room(tx, &name, options.most).await? {
                        return Ok(None);
                    }
                    let record = Record::begun(called, answers, &node, tx.now(), options.keep);
                    put(tx, &name, &record)?;
                    tx.put_until(key("mcp-call-of", &name)?, "", Some(record.ends))?;
                    live(tx, &node)?;
                    Ok(Some((name, record)))
                })
            })
            .await
    }

    pub(super) async fn get(&self, name: &Name) -> Result<Option<Record>> {
        let place = key("mcp-call", name)?;
        let Some(mut record) = self.state.read::<Record>(&place).await? else { return Ok(None) };
        if let Some((node, _)) = record.runner()
            && node != self.node
            && self.state.get(&node_key(node)?).await?.is_none()
        {
            // Whether the node is gone is for the time of the store to say.
            return Ok(self.change(name, |_, _| None::<()>).await?.map(|changed| changed.record));
        }
        if let Course::Completed { bytes } = record.course {
            let parts = self.state.get_many(&parts(name, bytes)?).await?;
            let parts: Option<Vec<Bytes>> = parts.into_iter().map(|part| Some(part?.value)).collect();
            // What is there no more has just ceased to be, as a whole.
            let Some(parts) = parts else { return Ok(None) };
            record.result = Some(parts.concat().into());
        }
        Ok(Some(record))
    }

    pub(super) async fn change<T: Send + 'static>(
        &self,
        name: &Name,
        change: impl FnOnce(&mut Record, Timestamp) -> Option<T> + Send + 'static,
    ) -> Result<Option<Changed<T>>> {
        let (name, own) = (name.clone(), self.node.clone());
        self.state
            .run(move |tx| {
                Box::pin(async move {
                    let Some(mut record) = tx.read::<Record>(&key("mcp-call", &name)?).await? else {
                        return Ok(None);
                    };
                    let now = tx.now();
                    let before = record.runner().map(|(node, turn)| (node.to_owned(), turn));
                    let other = before.as_ref().filter(|(node, _)| *node != own);
                    let gone = match other {
                        Some((node, _)) => tx.get(&node_key(node)?).await?.is_none(),
                        None => false,
                    };
                    if gone {
                        record.lost(now);
                    }
                    let what = change(&mut record, now);
                    if gone || what.is_some() {
                        put(tx, &name, &record)?;
                        let is = record.runner();
                        let was = before.as_ref().map(|(node, turn)| (node.as_str(), *turn));
                        if is != was {
                            if is.is_some_and(|(node, _)| node == own) {
                                live(tx, &own)?;
                            }
                            if let Some((node, turn)) = other {
                                // One that is alive after all stops as well.
                                let stop = Key::of(&["mcp-call-stop", node, &name.id])?;
                                tx.put_until(stop, turn.to_string(), Some(record.ends))?;
                            }
                        }
                    }
                    let left = record.ends.duration_since(now);
                    let left = Duration::try_from(left).unwrap_or_default();
                    Ok(Some(Changed { what, record, left }))
                })
            })
            .await
    }

    /// Says that this node is alive.
    pub(super) async fn renew(&self) -> Result<()> {
        let node = self.node.clone();
        self.state.run(move |tx| Box::pin(async move { live(tx, &node) })).await
    }

    /// Says that this node is gone.
    pub(super) async fn leave(&self) -> Result<()> {
        let place = node_key(&self.node)?;
        self.state.run(move |tx| Box::pin(async move { tx.delete(place) })).await
    }

    /// The keys of what this node is to stop.
    pub(super) fn stops(&self) -> Result<KeyRange> {
        KeyRange::below(&["mcp-call-stop", &self.node])
    }
}

/// Whether there is room for one more: what there is is counted by its keys, of which there are a bounded number.
async fn has_room(tx: &mut Tx<'_>, name: &Name, most: usize) -> Result<bool> {
    let caller = caller(&name.owner);
    let tenant = name.owner.0.as_str();
    let of_tenant = KeyRange::below(&["mcp-call-of", tenant])?;
    let own = KeyRange::below(&["mcp-call-of", tenant, &caller])?;
    let all = tx.range(&KeyRange::below(&["mcp-call-of"])?, ALL).await?;
    let count = |range: KeyRange| all.iter().filter(|entry| range.contains(&entry.key)).count();
    Ok(all.len() < ALL && count(of_tenant) < EACH && count(own) < most)
}

/// Writes a call, and its result where it has just got one.
fn put(tx: &mut Tx<'_>, name: &Name, record: &Record) -> Result<()> {
    let json = serde_json::to_vec(record)
        .map_err(|error| Error::new(ErrorKind::Internal, "a call has no JSON form").source(error))?;
    tx.put_until(key("mcp-call", name)?, json, Some(record.ends))?;
    if let Some(result) = &record.result {
        if result.len() > RESULT {
            let message = format!("a result of {} bytes: {RESULT} are kept", result.len());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        for (at, place) in parts(name, result.len())?.into_iter().enumerate() {
            let part = result.slice(at * PART..result.len().min((at + 1) * PART));
            tx.put_until(place, part, Some(record.ends))?;
        }
    }
    Ok(())
}

fn live(tx: &mut Tx<'_>, node: &str) -> Result<()> {
    tx.put_until(node_key(node)?, "", Some(after(tx.now(), LEASE)))
}

fn key(room: &str, name: &Name) -> Result<Key> {
    Key::of(&[room, name.owner.0.as_str(), &caller(&name.owner), &name.id])
}

fn node_key(node: &str) -> Result<Key> {
    Key::of(&["mcp-call-node", node])
}

/// The keys of the pieces of a result.
fn parts(name: &Name, bytes: usize) -> Result<Vec<Key>> {
    let caller = caller(&name.owner);
    let place = |at: usize| {
        Key::of(&["mcp-call-part", name.owner.0.as_str(), &caller, &name.id, &format!("{at:04}")])
    };
    (0..bytes.div_ceil(PART)).map(place).collect()
}

/// A caller as a part of a key, of a length that its name does not change.
fn caller(owner: &Owner) -> String {
    let caller = &owner.1;
    let mut hasher = blake3::Hasher::new();
    // The credential is one of the callers' own, or none: both are told apart.
    let credential = caller.credential().map_or_else(|| "-".to_owned(), |label| format!("+{label}"));
    for part in [&caller.to_string(), &credential] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
