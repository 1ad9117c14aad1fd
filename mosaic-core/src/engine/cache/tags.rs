//! Generations: how a write makes answers old without looking for them.
//!
//! A tag is a noun in a scope, such as `pull_request@acme/widget`. Each stands for a counter. A read notes the counters of its
//! tags before it starts and keeps them with the answer; the answer counts only while they have not moved. A write moves the
//! counters of what it touches, in its scope and in the scopes around it (a new branch of `acme/widget` changes lists of
//! `acme` too). The counters are shared by all tenants, so a write by one is seen by the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::Instant;

use crate::op::{OpMeta, Payload};
use crate::types::Subject;

/// How many counters there are. Tags that share a counter make each other old for nothing, which is harmless.
const SLOTS: usize = 1 << 14;

/// How long after a write whose outcome is unknown nothing that it may have touched is kept: it may land that late.
const UNSETTLED: Duration = Duration::from_secs(60);

/// All counters, and until when nothing that depends on them is to be kept.
pub struct Generations {
    counters: Box<[AtomicU64]>,
    /// In nanoseconds after the origin; 0 for most, always.
    unsettled: Box<[AtomicU64]>,
    origin: Instant,
}

/// The counters of an answer as they were before it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted(SmallVec<[(u32, u64); 2]>);

impl Default for Generations {
    fn default() -> Self {
        let zeros = || (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { counters: zeros(), unsettled: zeros(), origin: Instant::now() }
    }
}

impl Generations {
    /// Notes the counters that an answer will depend on; to be called before the provider is asked.
    #[inline]
    pub fn note(&self, meta: &OpMeta, subject: Subject<'_>) -> Noted {
        let scope = scope(subject.org, subject.name);
        Noted(
            meta.tags
                .iter()
                .map(|noun| slot(meta, noun, scope))
                .map(|at| (at as u32, self.read(at)))
                .collect(),
        )
    }

    /// Whether nothing moved since the counters were noted.
    #[inline]
    pub fn current(&self, noted: &Noted) -> bool {
        noted.0.iter().all(|(at, generation)| self.read(*at as usize) == *generation)
    }

    /// Whether an answer that noted these counters may be kept: nothing moved, and no write is on its way.
    pub fn settled(&self, noted: &Noted, now: Instant) -> bool {
        let now = self.since(now);
        self.current(noted)
            && noted.0.iter().all(|(at, _)| {
                self.unsettled.get(*at as usize).is_none_or(|until| until.load(Ordering::Acquire) <= now)
            })
    }

    /// Moves the counters of everything that a write touches.
    pub fn touch(&self, meta: &OpMeta, subject: Subject<'_>) {
        each_slot(meta, subject, |at| {
            self.counters[at].fetch_add(1, Ordering::AcqRel);
        });
    }

    /// A write of which nobody knows what became of it: for a while nothing is kept that it may touch.
    pub fn unsettle(&self, payload: &Payload, now: Instant) {
        let until = self.since(now + UNSETTLED);
        for subject in [payload.subject(), payload.also()] {
            each_slot(payload.meta(), subject, |at| {
                self.unsettled[at].fetch_max(until, Ordering::AcqRel);
            });
        }
    }

    fn since(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_nanos()).unwrap_or(u64::MAX)
    }

    #[inline]
    fn read(&self, at: usize) -> u64 {
        self.counters.get(at).map_or(0, |counter| counter.load(Ordering::Acquire))
    }
}

impl std::fmt::Debug for Generations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Generations({})", self.counters.len())
    }
}

/// The counters of what a write touches: in its scope and in the scopes around it. All are below [`SLOTS`].
fn each_slot(meta: &OpMeta, subject: Subject<'_>, mut visit: impl FnMut(usize)) {
    let scopes = [scope(subject.org, subject.name), scope(subject.org, None), scope(None, None)];
    for noun in meta.invalidates {
        scopes.iter().for_each(|scope| visit(slot(meta, noun, *scope)));
    }
}

/// FNV-1a. The counters need no better: a collision only makes an answer old too early.
#[inline]
fn fold(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x100_0000_01b3);
    }
    hash
}

/// Forges compare names without regard to case: so do scopes, lest a write to `Acme` miss what was read from `acme`.
#[inline]
fn scope(org: Option<&str>, name: Option<&str>) -> u64 {
    let hash = fold(0xcbf2_9ce4_8422_2325, org.unwrap_or_default().as_bytes());
    fold(fold(hash, b"/"), name.unwrap_or_default().as_bytes())
}

#[inline]
fn slot(meta: &OpMeta, noun: &str, scope: u64) -> usize {
    let hash = fold(scope ^ meta.service.index() as u64, noun.as_bytes());
    ((hash ^ (hash >> 32)) as usize) & (SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Operation, git};

    #[test]
    fn a_write_makes_old_what_it_touches_and_the_lists_around_it() {
        let generations = Generations::default();
        let read = |op: &git::GetRepository| generations.note(git::GetRepository::META, op.subject());
        let one = read(&git::GetRepository::new("acme", "widget"));
        let other = read(&git::GetRepository::new("acme", "gadget"));
        let list = generations
            .note(git::ListRepositories::META, git::ListRepositories::new().owner("acme").subject());
        let all = generations.note(git::ListRepositories::META, Subject::NOTHING);
        let elsewhere = generations.note(git::ListRepositories::META, Subject::org("other"));

        let write = git::UpdateRepository::new("Acme", "widget");
        generations.touch(git::UpdateRepository::META, write.subject());

        assert!(!generations.current(&one) && !generations.current(&list) && !generations.current(&all));
        assert!(generations.current(&other) && generations.current(&elsewhere));
    }

    #[test]
    fn other_nouns_stay() {
        let generations = Generations::default();
        let repository = generations.note(git::GetRepository::META, Subject::item("acme", "widget"));
        let pull = generations.note(git::GetPullRequest::META, Subject::item("acme", "widget"));
        generations.touch(git::CreatePullRequest::META, Subject::item("acme", "widget"));
        assert!(generations.current(&repository) && !generations.current(&pull));
    }
}
