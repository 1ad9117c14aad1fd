//! The cache: what an answer is known by, what makes it old, where it is kept, and who asks for it only once.

pub mod flight;
pub mod key;
pub mod memory;
pub mod tags;

use std::time::Duration;

/// How answers are kept.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::cache::CacheConfig;
///
/// let config = CacheConfig { stale: Duration::from_secs(600), ..CacheConfig::default() };
/// assert_eq!(config.capacity, 10_000);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// Whether answers are kept at all; yes by default.
    pub enabled: bool,
    /// How long answers are fresh at most; where an operation says less, that holds. None by default.
    pub ttl: Option<Duration>,
    /// How many answers are kept, about; 10,000 by default. Never more than half as many again, but for capacities below 8.
    pub capacity: u64,
    /// How many bytes the answers that are kept may take, about; 256 MiB by default. An answer that would take more than an
    /// eighth of it is not kept.
    pub bytes: u64,
    /// How long an answer that is no longer fresh may stand in while the provider fails; 5 min by default, 0 for never.
    pub stale: Duration,
    /// The key of the digest by which answers are known. Random by default; to be set where processes share a tier.
    pub key: Option<[u8; 16]>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            ttl: None,
            capacity: 10_000,
            bytes: 256 << 20,
            stale: Duration::from_secs(300),
            key: None,
        }
    }
}

impl std::fmt::Debug for CacheConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheConfig")
            .field("enabled", &self.enabled)
            .field("ttl", &self.ttl)
            .field("capacity", &self.capacity)
            .field("bytes", &self.bytes)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}
