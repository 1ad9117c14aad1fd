//! The facts of an operation that routing, caching, documents and remote surfaces read.

use std::time::Duration;

use crate::types::{Effect, ServiceKind};

/// Facts of one operation; a row of a `service!` table, in constant memory.
///
/// ```
/// use mosaic_core::op::{Operation, git::GetRepository};
/// use mosaic_core::types::Effect;
///
/// let meta = GetRepository::META;
/// assert_eq!((meta.name, meta.effect), ("git.get_repository", Effect::Read));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpMeta {
    /// The stable dotted name, such as `git.get_repository`.
    pub name: &'static str,
    /// The part after the dot: the method of the client.
    pub method: &'static str,
    /// The family.
    pub service: ServiceKind,
    /// The position in the table of the family.
    pub index: u8,
    /// A number that stands for the name in digests: its FNV-1a hash, the same in every process.
    pub code: u64,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether the answer is a stream.
    pub stream: bool,
    /// Whether it is a call in a vendor's own words, which only the provider that it is pinned to may answer.
    pub vendor: bool,
    /// How long an answer stays fresh, in seconds; 0 means that it is not cached.
    pub ttl: u32,
    /// What it costs in units of quota; 1 unless the table says more.
    pub cost: u32,
    /// The nouns that an answer depends on: a write that touches one of them in the same scope makes the answer old.
    pub tags: &'static [&'static str],
    /// The nouns that it changes in its scope.
    pub invalidates: &'static [&'static str],
    /// What it does, in Markdown.
    pub doc: &'static str,
}

impl OpMeta {
    #[doc(hidden)]
    pub const fn row(
        name: &'static str,
        method: &'static str,
        service: &str,
        index: u8,
        effect: Effect,
    ) -> Self {
        Self {
            name,
            method,
            service: ServiceKind::from_name(service),
            index,
            code: fnv(name),
            effect,
            stream: false,
            vendor: false,
            ttl: 0,
            cost: 1,
            tags: &[],
            invalidates: &[],
            doc: "",
        }
    }

    /// How long an answer stays fresh; nothing where it is not cached.
    pub const fn freshness(&self) -> Option<Duration> {
        if self.ttl == 0 { None } else { Some(Duration::from_secs(self.ttl as u64)) }
    }
}

/// FNV-1a with 64 bits. That no two operations share one is tested with the catalogue.
const fn fnv(name: &str) -> u64 {
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325u64, 0);
    while at < name.len() {
        hash = (hash ^ name.as_bytes()[at] as u64).wrapping_mul(0x100_0000_01b3);
        at += 1;
    }
    hash
}

/// The set of operations that a provider declares: data that routing filters by before anything is tried.
///
/// ```
/// use mosaic_core::op::{OpSet, Operation, git};
///
/// let set = OpSet::of(&[git::GetRepository::META, git::ListRepositories::META]);
/// assert!(set.has(git::GetRepository::META) && !set.has(git::CreateRepository::META));
/// assert_eq!(set.len(), 2);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpSet([u64; ServiceKind::ALL.len()]);

impl OpSet {
    /// No operation.
    pub const EMPTY: Self = Self([0; ServiceKind::ALL.len()]);

    /// Exactly these operations.
    pub fn of(rows: &[&OpMeta]) -> Self {
        rows.iter().fold(Self::EMPTY, |set, meta| set.with(meta))
    }

    /// Every operation of a family that all products share. The calls in a vendor's own words, which each provider declares
    /// where its configuration allows them, are those of [`OpSet::vendor`].
    pub fn service(service: ServiceKind) -> Self {
        Self::family(service, false)
    }

    /// The calls of a family in a vendor's own words.
    ///
    /// ```
    /// use mosaic_core::op::OpSet;
    /// use mosaic_core::types::ServiceKind;
    ///
    /// let all = OpSet::service(ServiceKind::Git).and(OpSet::vendor(ServiceKind::Git));
    /// assert_eq!(all.len(), OpSet::service(ServiceKind::Git).len() + 2);
    /// ```
    pub fn vendor(service: ServiceKind) -> Self {
        Self::family(service, true)
    }

    fn family(service: ServiceKind, vendor: bool) -> Self {
        let rows = super::catalogue().service(service).map(|def| def.meta);
        rows.filter(|meta| meta.vendor == vendor).fold(Self::EMPTY, Self::with)
    }

    /// The same set with all operations of another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(own, more)| *own |= more);
        self
    }

    /// The same set with one more operation.
    #[must_use]
    pub fn with(mut self, meta: &OpMeta) -> Self {
        self.0[meta.service.index()] |= 1 << meta.index;
        self
    }

    /// The same set without one operation.
    #[must_use]
    pub fn without(mut self, meta: &OpMeta) -> Self {
        self.0[meta.service.index()] &= !(1 << meta.index);
        self
    }

    /// Whether the operation is in the set.
    pub const fn has(&self, meta: &OpMeta) -> bool {
        self.0[meta.service.index()] & (1 << meta.index) != 0
    }

    /// Whether any operation of the family is in the set.
    pub const fn serves(&self, service: ServiceKind) -> bool {
        self.0[service.index()] != 0
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }
}
