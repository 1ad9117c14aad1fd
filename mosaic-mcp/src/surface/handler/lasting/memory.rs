//! Calls that are kept in this process, and end with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use mosaic_core::types::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::record::{Called, Record};
use super::shelf::{ALL, Changed, EACH, Name, Owner};
use crate::state::Clock;
use crate::surface::lasting::Lasting;

type Entries = Mutex<HashMap<String, Entry>>;

/// A shelf in memory.
#[derive(Default)]
pub(super) struct Memory(Arc<Entries>);

struct Entry {
    owner: Owner,
    record: Record,
    ends: Instant,
    /// Takes it away when its time is over, though nobody asks.
    _end: AbortOnDropHandle<()>,
}

impl Memory {
    pub(super) fn add(
        &self,
        owner: &Owner,
        called: Called,
        answers: BTreeMap<String, Value>,
        node: &str,
        options: &Lasting,
    ) -> Option<(Name, Record)> {
        let (now, ends) = (Clock::System.now(), Instant::now() + options.keep);
        let mut entries = self.0.lock();
        entries.retain(|_, entry| entry.ends > Instant::now());
        let own = entries.values().filter(|entry| entry.owner == *owner).count();
        let of_tenant = entries.values().filter(|entry| entry.owner.0 == owner.0).count();
        if own >= options.most || of_tenant >= EACH || entries.len() >= ALL {
            return None;
        }
        let name = Name::new(owner);
        let record = Record::begun(called, answers, node, now, options.keep);
        let end = self.end(name.id.clone(), ends);
        let entry = Entry { owner: owner.clone(), record: record.clone(), ends, _end: end };
        entries.insert(name.id.clone(), entry);
        Some((name, record))
    }

    fn end(&self, id: String, ends: Instant) -> AbortOnDropHandle<()> {
        let entries: Weak<Entries> = Arc::downgrade(&self.0);
        AbortOnDropHandle::new(tokio::spawn(async move {
            sleep_until(ends).await;
            if let Some(entries) = entries.upgrade() {
                entries.lock().remove(&id);
            }
        }))
    }

    pub(super) fn get(&self, name: &Name) -> Option<Record> {
        let entries = self.0.lock();
        entries.get(&name.id).filter(|entry| entry.is_of(name)).map(|entry| entry.record.clone())
    }

    pub(super) fn change<T>(
        &self,
        name: &Name,
        change: impl FnOnce(&mut Record, Timestamp) -> Option<T>,
    ) -> Option<Changed<T>> {
        let mut entries = self.0.lock();
        let entry = entries.get_mut(&name.id).filter(|entry| entry.is_of(name))?;
        let what = change(&mut entry.record, Clock::System.now());
        let left = entry.ends.saturating_duration_since(Instant::now());
        Some(Changed { what, record: entry.record.clone(), left })
    }
}

impl Entry {
    fn is_of(&self, name: &Name) -> bool {
        self.owner == name.owner && self.ends.saturating_duration_since(Instant::now()) > Duration::ZERO
    }
}
