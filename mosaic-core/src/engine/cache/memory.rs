//! Level 1: answers in memory. A front answers for what is in use; moka keeps what the front has no room for.
//!
//! A hit in moka also writes to its read log and reads its clock, and an insertion costs more than all layers together. So
//! answers are put into the front first: a set-associative table in which a hit is a shared lock on one set and a comparison
//! of keys. What the front pushes out goes on to moka while that has room; when it is full, only what was read at least once
//! in the front does: the rest is what moka's own admission (TinyLFU) would turn away.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
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
    /// About how many bytes the answer takes.
    pub weight: usize,
    /// Whether it was read since it was put in.
    pub read: AtomicBool,
    /// What moka has of its key: nothing, an older entry, or this one.
    pub in_main: AtomicU8,
}

const OLDER: u8 = 1;
const SAME: u8 = 2;

const WAYS: usize = 4;
/// With four ways a set: 16,384 answers.
const MOST_SETS: usize = 4096;

type Set = [Option<(u128, Arc<Entry>)>; WAYS];

/// The answers of one orchestrator.
pub struct Memory {
    front: Box<[RwLock<Set>]>,
    main: moka::sync::Cache<u128, Arc<Entry>, Spread>,
    /// What moka may hold, in bytes.
    room: u64,
    /// What an answer counts at least: the bytes over the capacity. Heavier ones have no place in the front, so that
    /// the number of its places bounds its bytes too.
    unit: u64,
    /// What no answer may take more of, in bytes.
    most: u64,
}

impl Memory {
    /// An empty cache.
    pub fn new(config: &CacheConfig) -> Self {
        // A power of two, so that a part of the key is the position.
        let wanted = usize::try_from(config.capacity).unwrap_or(usize::MAX).div_ceil(WAYS).min(MOST_SETS);
        let sets = if wanted == 0 { 0 } else { 1 << wanted.ilog2() };
        // The front is never quite full, as keys do not spread evenly over its sets.
        let unit = (config.bytes / config.capacity.max(1)).max(1);
        let room = config.capacity.saturating_sub((sets * WAYS / 2) as u64).saturating_mul(unit);
        let main = moka::sync::Cache::builder()
            .max_capacity(room)
            .weigher(move |_: &u128, entry: &Arc<Entry>| {
                u32::try_from(unit.max(entry.weight as u64)).unwrap_or(u32::MAX)
            })
            .expire_after(UntilStale)
            .build_with_hasher(Spread);
        let front = (0..sets).map(|_| RwLock::default()).collect();
        Self { front, main, room, unit, most: config.bytes / 8 }
    }

    /// Looks at the entry of a key, fresh or not.
    #[inline]
    pub fn look<R>(&self, key: u128, look: impl FnOnce(&Arc<Entry>) -> R) -> Option<R> {
        if let Some(set) = self.set(key) {
            let set = set.read();
            if let Some((_, entry)) = set.iter().flatten().find(|(known, _)| *known == key) {
                // Written once: a line that many threads write to would cost them more than the whole hit.
                if !entry.read.load(Ordering::Relaxed) {
                    entry.read.store(true, Ordering::Relaxed);
                }
                return Some(look(entry));
            }
        }
        self.look_in_main(key).map(|entry| look(&entry))
    }

    #[cold]
    fn look_in_main(&self, key: u128) -> Option<Arc<Entry>> {
        let entry = self.main.get(&key)?;
        entry.in_main.store(SAME, Ordering::Relaxed);
        if entry.weight as u64 <= self.unit {
            self.keep_in_front(key, &entry, false);
        }
        Some(entry)
    }

    /// Keeps an entry. Whoever did not look before, and so does not know whether there is an older one, says so.
    pub fn insert(&self, key: u128, entry: Arc<Entry>, looked: bool) {
        let weight = entry.weight as u64;
        if weight > self.unit.min(self.most) {
            return self.insert_heavy(key, entry, weight);
        }
        if !looked {
            self.main.invalidate(&key);
        }
        self.keep_in_front(key, &entry, true);
    }

    /// Keeps an entry that has no place in the front, and nothing older of its key.
    #[cold]
    fn insert_heavy(&self, key: u128, entry: Arc<Entry>, weight: u64) {
        let old = self.set(key).and_then(|set| {
            let mut set = set.write();
            let own = set.iter().position(|way| way.as_ref().is_some_and(|(known, _)| *known == key));
            own.and_then(|own| set[own].take())
        });
        // Not under the lock: so is the drop of what it holds.
        drop(old);
        if weight <= self.most.min(self.room) {
            self.main.insert(key, entry);
        } else {
            self.main.invalidate(&key);
        }
    }

    /// How many entries there are, about; those in both places count twice.
    pub fn len(&self) -> u64 {
        self.main.run_pending_tasks();
        let front: usize = self.front.iter().map(|set| set.read().iter().flatten().count()).sum();
        self.main.entry_count() + front as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn set(&self, key: u128) -> Option<&RwLock<Set>> {
        self.front.get((key >> 64) as usize & self.front.len().wrapping_sub(1))
    }

    /// Puts an entry into the front. One that came from moka replaces no other of its key: that is newer.
    fn keep_in_front(&self, key: u128, entry: &Arc<Entry>, newest: bool) {
        let Some(set) = self.set(key) else { return };
        let mut set = set.write();
        let own = set.iter().position(|way| way.as_ref().is_some_and(|(known, _)| *known == key));
        if own.is_some() && !newest {
            return;
        }
        if let Some((_, old)) = own.and_then(|own| set[own].as_ref()) {
            entry.in_main.store(old.in_main.load(Ordering::Relaxed).min(OLDER), Ordering::Relaxed);
        }
        let at = own.or_else(|| set.iter().position(Option::is_none));
        // In a full set one goes that nobody read, else the one that the key itself points at.
        let unread = || set.iter().flatten().position(|(_, entry)| !entry.read.load(Ordering::Relaxed));
        let at = at.or_else(unread).unwrap_or((key >> 80) as usize % WAYS);
        let old = set[at].replace((key, Arc::clone(entry)));
        drop(set);
        // Not under the lock: moka takes its time, and so may the drop of what an entry holds.
        let Some((known, old)) = old.filter(|(known, _)| *known != key) else { return };
        match old.in_main.load(Ordering::Relaxed) {
            SAME => {}
            _ if old.read.load(Ordering::Relaxed) || self.main.weighted_size() < self.room => {
                self.main.insert(known, old);
            }
            // An older answer to the same must not come back in its place.
            OLDER => self.main.invalidate(&known),
            _ => {}
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("main", &self.main.entry_count()).finish_non_exhaustive()
    }
}

/// A tier forgets an entry when it may not even stand in any more.
struct UntilStale;

fn keep(entry: &Entry) -> Option<Duration> {
    Some(entry.stale_until.saturating_duration_since(Instant::now()))
}

impl Expiry<u128, Arc<Entry>> for UntilStale {
    fn expire_after_create(&self, _: &u128, entry: &Arc<Entry>, _: StdInstant) -> Option<Duration> {
        keep(entry)
    }
    fn expire_after_update(
        &self,
        _: &u128,
        entry: &Arc<Entry>,
        _: StdInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        keep(entry)
    }
}

/// Keys are digests already: their low half is as good a hash as any.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread;

impl BuildHasher for Spread {
    type Hasher = Low;
    fn build_hasher(&self) -> Low {
        Low(0)
    }
}

#[derive(Debug)]
pub(super) struct Low(u64);

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
        let later = Instant::now() + Duration::from_secs(60);
        Arc::new(Entry {
            value: Arc::new(n),
            provider: None,
            fresh_until: later,
            stale_until: later,
            noted: Noted::default(),
            weight: 4,
            read: AtomicBool::new(false),
            in_main: AtomicU8::new(0),
        })
    }

    fn heavy(n: u32, weight: usize) -> Arc<Entry> {
        Arc::new(Entry { weight, ..Arc::into_inner(entry(n)).unwrap() })
    }

    fn number(cache: &Memory, key: u128) -> Option<u32> {
        cache.look(key, |entry| *entry.value.downcast_ref().unwrap())
    }

    fn key(n: u32) -> u128 {
        u128::from(n) << 64 | u128::from(n)
    }

    #[test]
    fn the_newest_entry_of_a_key_answers() {
        let cache = Memory::new(&CacheConfig::default());
        for round in 0..2 {
            for n in 0..6000 {
                cache.insert(key(n), entry(n + round), true);
            }
        }
        for _ in 0..2 {
            assert!((0..6000).all(|n| number(&cache, key(n)) == Some(n + 1)));
        }
        assert_eq!(number(&cache, key(9001)), None);
    }

    #[test]
    fn what_was_read_outlives_a_flood() {
        let cache = Memory::new(&CacheConfig { capacity: 64, ..CacheConfig::default() });
        for n in 0..20 {
            cache.insert(key(n), entry(n), true);
            for _ in 0..20 {
                assert_eq!(number(&cache, key(n)), Some(n));
            }
        }
        for n in 1000..9000 {
            cache.insert(key(n), entry(n), true);
        }
        cache.main.run_pending_tasks();
        let kept = (0..20).filter(|n| number(&cache, key(*n)) == Some(*n)).count();
        assert!(kept >= 15, "{kept} of 20 that were read are kept through a flood of others");
        assert!(cache.len() <= 96, "{} are kept", cache.len());
    }

    #[test]
    fn an_older_answer_does_not_come_back() {
        let cache = Memory::new(&CacheConfig { capacity: 8, ..CacheConfig::default() });
        for round in 0..50 {
            for n in 0..64 {
                // As the path does: look, and ask for what is not there or not fresh.
                number(&cache, key(n));
                cache.insert(key(n), entry(n + round), true);
                assert_eq!(number(&cache, key(n)), Some(n + round));
                // As a call does that wants a new answer whatever is there.
                cache.insert(key(n), entry(n + round + 1), n % 2 == 0);
            }
            for n in 0..64 {
                assert!(
                    number(&cache, key(n)).is_none_or(|found| found == n + round + 1),
                    "{n} in round {round}"
                );
            }
        }
    }

    #[test]
    fn heavy_answers_are_bounded_in_bytes() {
        let config = CacheConfig { capacity: 1_000, bytes: 1 << 20, ..CacheConfig::default() };
        let cache = Memory::new(&config);
        for n in 0..100 {
            for _ in 0..2 {
                cache.insert(key(n), heavy(n, 100_000), true);
                cache.main.run_pending_tasks();
            }
            number(&cache, key(n));
        }
        let kept = (0..100).filter(|n| number(&cache, key(*n)) == Some(*n)).count();
        assert!((1..=10).contains(&kept), "{kept} of 100,000 bytes in a mebibyte");
        cache.insert(key(200), heavy(200, 1 << 18), true);
        assert_eq!(number(&cache, key(200)), None, "one answer may not take it all");
    }

    #[test]
    fn the_newest_answer_counts_whatever_the_weights() {
        let cache = Memory::new(&CacheConfig { capacity: 1_000, bytes: 1 << 20, ..CacheConfig::default() });
        for (n, weight) in [4, 50_000, 4, 1 << 19, 4, 50_000, 1 << 19].into_iter().enumerate() {
            let n = n as u32;
            cache.insert(key(7), heavy(n, weight), n.is_multiple_of(2));
            let expected = (weight < 1 << 17).then_some(n);
            assert_eq!(number(&cache, key(7)), expected, "after {weight} bytes");
        }
    }

    #[test]
    fn no_capacity_keeps_nothing() {
        let cache = Memory::new(&CacheConfig { capacity: 0, ..CacheConfig::default() });
        cache.insert(7, entry(7), true);
        assert!(cache.is_empty());
    }
}
