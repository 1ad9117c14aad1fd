//! Values and events that the agents of a tenant share.

mod params;

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Cursor, Page, TenantId};
use serde_json::Value;

pub use params::{
    AppendEvent, DeleteValue, GetValue, ListValues, Offset, PutValue, ReadEvents, SharedEvent, SharedEvents,
    SharedValue, Version,
};

use crate::function::functions;
use crate::state::{Entry, Event, Expect, Key, KeyRange, State, Topic, TopicFilter};

functions! {
    /// The functions on shared values and events.
    pub table TABLE of Shared = "state";
    /// Fetch a value that agents share.
    fn get_value(GetValue) -> SharedValue { Read on key }
    /// Put a value that agents share, where it has the version that is expected.
    fn put_value(PutValue) -> Version { Idempotent on key }
    /// Delete a value that agents share.
    fn delete_value(DeleteValue) -> () { Idempotent on key }
    /// List values that agents share.
    fn list_values(ListValues) -> Page<SharedValue> { Read below below }
    /// Append an event to the log that agents share.
    fn append_event(AppendEvent) -> Offset { Create on topic }
    /// Read events, in order, from an offset on.
    fn read_events(ReadEvents) -> SharedEvents { Read matching topic }
}

/// Values and events that the agents of a tenant share. No tenant sees another's. Clones share the state.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::coordination::shared::{GetValue, PutValue, Shared};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let (shared, cx) = (Shared::new(state.clone()), CallContext::new());
/// let first = shared.put_value(&cx, PutValue::new("leader", "agent-1").version(0u64)).await?;
/// assert!(shared.put_value(&cx, PutValue::new("leader", "agent-2").version(0u64)).await.is_err());
/// assert_eq!(shared.get_value(&cx, GetValue::new("leader")).await?.version, first.version);
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Shared {
    state: State,
}

/// Where shared values lie in the state.
const ROOM: &str = "state";
/// The longest name of a value, so that the whole key fits the state.
const LONGEST: usize = 400;
/// How many events are read at most, and where nothing is said.
const EVENTS: (u64, u64) = (1_000, 100);

impl Shared {
    /// Over a state.
    pub fn new(state: State) -> Self {
        Self { state }
    }

    /// Fetches a value.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Invalid` for a name that is none; those of the state.
    pub async fn get_value(&self, cx: &CallContext, op: GetValue) -> Result<SharedValue> {
        let entry = self.state.get(&key(cx.tenant_id(), &op.key)?).await?;
        let none = || Error::new(ErrorKind::NotFound, format!("there is no value {:?}", op.key));
        value(cx.tenant_id(), &entry.ok_or_else(none)?)
    }

    /// Puts a value.
    ///
    /// # Errors
    /// `Conflict` where it has another version than expected; `Invalid` for a name or a value that is none; those of the state.
    pub async fn put_value(&self, cx: &CallContext, op: PutValue) -> Result<Version> {
        let key = key(cx.tenant_id(), &op.key)?;
        let json = serde_json::to_vec(&op.value)
            .map_err(|error| Error::new(ErrorKind::Invalid, "the value has no JSON form").source(error))?;
        let version = self.state.run(move |tx| {
            Box::pin(async move {
                tx.expect(&key, expected(op.version)).await?;
                let end = op.seconds.map(|seconds| tx.now().saturating_add(Duration::from_secs(seconds)));
                let end = end.transpose().map_err(|error| {
                    Error::new(ErrorKind::Invalid, "seconds: the time is too far away").source(error)
                })?;
                tx.put_until(key, json, end)?;
                Ok(tx.revision())
            })
        });
        Ok(Version::new(version.await?))
    }

    /// Deletes a value.
    ///
    /// # Errors
    /// `Conflict` where it has another version than expected; `Invalid` for a name that is none; those of the state.
    pub async fn delete_value(&self, cx: &CallContext, op: DeleteValue) -> Result<()> {
        self.state.delete_if(key(cx.tenant_id(), &op.key)?, expected(op.version)).await
    }

    /// Lists values, in the order of their names.
    ///
    /// # Errors
    /// `Invalid` for a name or a cursor that is none; those of the state.
    pub async fn list_values(&self, cx: &CallContext, op: ListValues) -> Result<Page<SharedValue>> {
        let tenant = cx.tenant_id();
        let mut range = KeyRange::below(&parts(tenant, op.below.as_deref())?)?;
        if let Some(cursor) = &op.page.cursor {
            range = range.after(&key(tenant, cursor.as_str())?);
        }
        let limit = op.page.limit();
        let mut entries = self.state.range(&range, limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let values: Vec<_> = entries.iter().map(|entry| value(tenant, entry)).collect::<Result<_>>()?;
        let next = values.last().filter(|_| more).map(|last| Cursor::new(&last.key));
        Ok(Page::new(values, next))
    }

    /// Appends an event under a topic of the tenant, below `shared`.
    ///
    /// # Errors
    /// `Conflict` where the topic has gone on; `Invalid` for a topic, kind or data that is too large or none; those of the state.
    pub async fn append_event(&self, cx: &CallContext, op: AppendEvent) -> Result<Offset> {
        let plain = Topic::new(&op.topic)?;
        let topic = Topic::of_tenant(cx.tenant_id(), &shared_parts(&plain))?;
        let offset = self.state.run(move |tx| {
            Box::pin(async move {
                if let Some(after) = op.after {
                    let last = tx.last_offset(&topic).await?;
                    if last != after {
                        let text = format!(
                            "{}: the last event has offset {last}, and {after} was expected",
                            op.topic
                        );
                        return Err(Error::new(ErrorKind::Conflict, text).refused());
                    }
                }
                tx.emit(topic, op.kind, &op.data)
            })
        });
        Ok(Offset::new(offset.await?))
    }

    /// Reads events of the tenant.
    ///
    /// # Errors
    /// `Invalid` for a filter that is none; `NotFound` where events after the offset were removed; those of the state.
    pub async fn read_events(&self, cx: &CallContext, op: ReadEvents) -> Result<SharedEvents> {
        let tenant = cx.tenant_id();
        let filter = TopicFilter::of_tenant(tenant, op.topic.as_deref().unwrap_or(">"))?;
        let limit = op.limit.unwrap_or(EVENTS.1).clamp(1, EVENTS.0);
        // Asked first: what is appended in between is not passed over, and the lag is not understated.
        let head = self.state.head().offset;
        let found =
            self.state.events(&filter, op.after, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
        let whole = (found.len() as u64) < limit;
        let last = found.last().map_or(op.after, |event| event.offset);
        let next = if whole { last.max(head) } else { last };
        let events = found.iter().map(|event| shown(tenant, event)).collect::<Result<Vec<_>>>()?;
        Ok(SharedEvents::new(events, next, self.state.head().offset.saturating_sub(next)))
    }
}

fn parts(tenant: &TenantId, name: Option<&str>) -> Result<Vec<String>> {
    let mut parts = vec![ROOM.to_owned(), tenant.to_string()];
    let Some(name) = name else { return Ok(parts) };
    if name.len() > LONGEST || name.split('/').any(str::is_empty) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("key: 1 to {LONGEST} bytes, in parts joined by `/`, none of them empty"),
        ));
    }
    parts.extend(name.split('/').map(str::to_owned));
    Ok(parts)
}

fn key(tenant: &TenantId, name: &str) -> Result<Key> {
    Key::of(&parts(tenant, Some(name))?)
}

fn expected(version: Option<u64>) -> Expect {
    match version {
        None => Expect::Any,
        Some(0) => Expect::Absent,
        Some(version) => Expect::Version(version),
    }
}

fn value(tenant: &TenantId, entry: &Entry) -> Result<SharedValue> {
    let own = parts(tenant, None)?.len();
    let name = entry.key.parts().skip(own).collect::<Vec<_>>().join("/");
    let mut value = SharedValue::new(name, json(&entry.value)?, entry.version);
    value.expires = entry.expires;
    Ok(value)
}

fn shared_parts(topic: &Topic) -> Vec<&str> {
    std::iter::once("shared").chain(topic.as_str().split('.')).collect()
}

/// An event as the callers of its tenant see it.
pub(crate) fn shown(tenant: &TenantId, event: &Event) -> Result<SharedEvent> {
    let topic = event.topic.within(tenant).unwrap_or_default();
    Ok(SharedEvent::new(event.offset, topic, &*event.kind, json(&event.data)?, event.at))
}

fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, "what is stored is no JSON").source(error))
}

#[cfg(test)]
mod tests;
