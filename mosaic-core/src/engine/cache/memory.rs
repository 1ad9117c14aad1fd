//! Level 1: answers in memory. Moka keeps them; a small front before it answers for the hottest.
//!
//! A hit in moka also writes to its read log and reads its clock, which costs more than the rest of a hit together. The front
//! is a set-associative table of shared pointers: a hit there is a lock on one set and a comparison of keys. It holds nothing
//! that moka was not given, and every sixteenth hit is reported to moka, so that moka's admission knows what is hot.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use moka::Expiry;
use parking_lot::RwLock;
use tokio::time::Instant;

use super::CacheConfig;
use super::tags::Noted;
use crate::op::Shared;
use crate::types::ProviderId;

/// An answer that is kept.
#[derive(Debug)]
pub struct Entry {
    /// The answer.
    pub value: Shared,
    /// Who gave it.
    pub provider: Option<ProviderId>,
    /// Until when it is fresh.
    pub fresh_until: Instant,
    /// Until when it may stand in for a provider that fails.
    pub stale_until: Instant,
    /// What it depends on.
    pub noted: Noted,
    /// How long a tier keeps it.
    pub keep: Duration,
}

const WAYS: usize = 4;
const SETS: usize = 1024;

type Set = [Option<(u128, Arc<Entry>)>; WAYS];

/// The answers of one orchestrator.
pub struct Memory {
    front: Box<[RwLock<Set>]>,
    main: moka::sync::Cache<u128, Arc<Entry>, Spread>,
}

impl Memory {
    /// An empty cache.
    pub fn new(config: &CacheConfig) -> Self {
        let main = moka::sync::Cache::builder()
            .max_capacity(config.capacity)
            .expire_after(UntilStale)
            .build_with_hasher(Spread);
        let sets = if config.capacity == 0 { 0 } else { SETS };
        Self { front: (0..sets).map(|_| RwLock::default()).collect(), main }
    }

    /// The entry of a key, fresh or not. `turn` is any number that differs from call to call.
    #[inline]
    pub fn get(&self, key: u128, turn: u64) -> Option<Arc<Entry>> {
        if let Some(entry) = self.front(key) {
            if turn & 15 == 0 {
                // For its read log only; the entry is at hand.
                let _ = self.main.get(&key);
            }
            return Some(entry);
        }
        let entry = self.main.get(&key)?;
        self.keep_in_front(key, &entry);
        Some(entry)
    }

    /// Keeps an entry.
    pub fn insert(&self, key: u128, entry: Arc<Entry>) {
        self.keep_in_front(key, &entry);
        self.main.insert(key, entry);
    }

    /// How many entries there are, about.
    pub fn len(&self) -> u64 {
        self.main.run_pending_tasks();
        self.main.entry_count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn set(&self, key: u128) -> Option<&RwLock<Set>> {
        self.front.get((key >> 64) as usize & (SETS - 1))
    }

    #[inline]
    fn front(&self, key: u128) -> Option<Arc<Entry>> {
        let set = self.set(key)?.read();
        set.iter().flatten().find(|(known, _)| *known == key).map(|(_, entry)| Arc::clone(entry))
    }

    fn keep_in_front(&self, key: u128, entry: &Arc<Entry>) {
        let Some(set) = self.set(key) else { return };
        let mut set = set.write();
        let at = set.iter().position(|way| way.as_ref().is_none_or(|(known, _)| *known == key));
        // In a full set the key itself chooses whom it replaces: no history to keep, and no bias to one place.
        let at = at.unwrap_or((key >> 80) as usize % WAYS);
        let old = set[at].replace((key, Arc::clone(entry)));
        drop(set);
        // What the entry holds may take a while to free: not under the lock.
        drop(old);
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("main", &self.main.entry_count()).finish_non_exhaustive()
    }
}

/// A tier forgets an entry when it may not even stand in any more.
struct UntilStale;

impl Expiry<u128, Arc<Entry>> for UntilStale {
    fn expire_after_create(&self, _: &u128, entry: &Arc<Entry>, _: StdInstant) -> Option<Duration> {
        Some(entry.keep)
    }
    fn expire_after_update(
        &self,
        _: &u128,
        entry: &Arc<Entry>,
        _: StdInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.keep)
    }
}

/// Keys are digests already: their low half is as good a hash as any.
#[derive(Debug, Clone, Copy, Default)]
struct Spread;

impl BuildHasher for Spread {
    type Hasher = Low;
    fn build_hasher(&self) -> Low {
        Low(0)
    }
}

#[derive(Debug)]
struct Low(u64);

impl Hasher for Low {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u32) -> Arc<Entry> {
        let now = Instant::now();
        let keep = Duration::from_secs(60);
        Arc::new(Entry {
            value: Arc::new(n),
            provider: None,
            fresh_until: now + keep,
            stale_until: now + keep,
            noted: Noted::default(),
            keep,
        })
    }

    fn number(entry: Arc<Entry>) -> u32 {
        *entry.value.downcast_ref().unwrap()
    }

    #[test]
    fn the_newest_entry_of_a_key_answers_from_front_and_main() {
        let cache = Memory::new(&CacheConfig::default());
        let key = |n: u32| u128::from(n) << 64 | u128::from(n);
        for n in 0..9000 {
            cache.insert(key(n), entry(n));
        }
        for n in 0..9000 {
            cache.insert(key(n), entry(n + 1));
        }
        for turn in 0..2 {
            for n in 0..9000 {
                assert_eq!(cache.get(key(n), turn).map(number), Some(n + 1));
            }
        }
        assert!(cache.get(key(9001), 0).is_none());
        assert_eq!(cache.len(), 9000);
    }

    #[test]
    fn no_capacity_keeps_nothing() {
        let cache = Memory::new(&CacheConfig { capacity: 0, ..CacheConfig::default() });
        cache.insert(7, entry(7));
        assert!(cache.is_empty());
    }
}
