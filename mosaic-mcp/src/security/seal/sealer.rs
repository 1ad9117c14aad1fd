//! Seals and opens, with data keys that it makes and remembers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use bytes::Bytes;
use mosaic_core::error::{Error, ErrorKind, Result};
use parking_lot::RwLock;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::header::{self, NONCE, Parts, TAG};
use super::local::random;
use super::master::{DataKeyBytes, Keyring};

/// How many values a data key seals: random nonces of 96 bits allow four times as many with a chance of one in 2^32 that two are
/// the same.
const VALUES: u64 = 1 << 30;
/// How long a data key seals.
const LONGEST: Duration = Duration::from_secs(86_400);
/// How many decrypted data keys are remembered.
const REMEMBERED: usize = 1_024;

/// Seals values, and opens them. Clones share it.
///
/// ```
/// use mosaic_mcp::security::seal::{Keyring, LocalKey, Sealer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let (key, _) = LocalKey::generate()?;
/// let sealer = Sealer::new(Keyring::new(key)?);
/// let sealed = sealer.seal(b"result of task 7", b"42").await?;
/// assert_eq!(&*sealer.open(b"result of task 7", &sealed).await?, b"42");
/// assert!(sealer.open(b"result of task 8", &sealed).await.is_err(), "it is in another place");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    keys: Keyring,
    /// The one that seals.
    current: RwLock<Option<Arc<DataKey>>>,
    /// Held by the one who makes a data key.
    making: Mutex<()>,
    known: RwLock<Known>,
    longest: Duration,
    values: u64,
}

struct DataKey {
    header: Box<[u8]>,
    key: RandomizedNonceKey,
    made: Instant,
    sealed: AtomicU64,
}

/// Data keys that were decrypted, by what is before the values that they seal.
#[derive(Default)]
struct Known {
    keys: HashMap<Box<[u8]>, Arc<DataKey>>,
    order: VecDeque<Box<[u8]>>,
}

impl Known {
    fn remember(&mut self, key: Arc<DataKey>) {
        if self.keys.insert(key.header.clone(), key.clone()).is_none() {
            self.order.push_back(key.header.clone());
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.keys.remove(&oldest);
            }
        }
    }
}

impl Sealer {
    /// Seals with data keys of its own, which the current master key encrypts.
    pub fn new(keys: Keyring) -> Self {
        Self::with_limits(keys, LONGEST, VALUES)
    }

    pub(super) fn with_limits(keys: Keyring, longest: Duration, values: u64) -> Self {
        let (current, making, known) = (RwLock::default(), Mutex::default(), RwLock::default());
        Self(Arc::new(Inner { keys, current, making, known, longest, values }))
    }

    /// Seals a value for a place. The place is not stored; whoever opens the value has to know it.
    ///
    /// # Errors
    /// Those of the master key, where a new data key is needed.
    pub async fn seal(&self, place: &[u8], value: &[u8]) -> Result<Bytes> {
        let key = self.current().await?;
        let at = key.header.len() + NONCE;
        let mut sealed = Vec::with_capacity(at + value.len() + TAG);
        sealed.extend_from_slice(&key.header);
        sealed.extend_from_slice(&[0; NONCE]);
        sealed.extend_from_slice(value);
        let (before, text) = sealed.split_at_mut(at);
        let (nonce, tag) = key
            .key
            .seal_in_place_separate_tag(Aad::from(bound(&key.header, place)), text)
            .map_err(|_| Error::new(ErrorKind::Internal, "a value cannot be encrypted"))?;
        before[at - NONCE..].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed.into())
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// `Internal` where it was not sealed, not for this place, or was changed since; `Config` where its master key is not there; those
    /// of the master key.
    pub async fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Bytes> {
        let parts = Parts::of(sealed)?;
        let key = self.key_of(&parts).await?;
        let nonce = Nonce::assume_unique_for_key(parts.nonce);
        let mut text = parts.sealed.to_vec();
        let length = key
            .key
            .open_in_place(nonce, Aad::from(bound(parts.header, place)), &mut text)
            .map_err(|_| {
                Error::new(
                    ErrorKind::Internal,
                    "a sealed value does not open: it was changed, or is from another place",
                )
            })?
            .len();
        text.truncate(length);
        Ok(text.into())
    }

    /// Whether a value is sealed under the current master key.
    pub(super) fn is_current(&self, sealed: &[u8]) -> Result<bool> {
        Ok(Parts::of(sealed)?.master == self.0.keys.current().id())
    }

    /// The data key that seals; a new one where there is none, or it has served long enough.
    async fn current(&self) -> Result<Arc<DataKey>> {
        if let Some(key) = self.usable() {
            return Ok(key);
        }
        let _one = self.0.making.lock().await;
        // Another may have made it meanwhile.
        if let Some(key) = self.usable() {
            return Ok(key);
        }
        let master = self.0.keys.current();
        let mut bytes = DataKeyBytes::default();
        random(bytes.as_mut_slice())?;
        let header = header::write(master.id(), &master.wrap(&bytes).await?)?;
        let key = Arc::new(DataKey::new(header, &bytes)?);
        key.sealed.store(1, Ordering::Relaxed);
        self.0.known.write().remember(key.clone());
        *self.0.current.write() = Some(key.clone());
        Ok(key)
    }

    fn usable(&self) -> Option<Arc<DataKey>> {
        let key = self.0.current.read().clone()?;
        let counted = key.sealed.fetch_add(1, Ordering::Relaxed);
        (counted < self.0.values && key.made.elapsed() < self.0.longest).then_some(key)
    }

    async fn key_of(&self, parts: &Parts<'_>) -> Result<Arc<DataKey>> {
        if let Some(key) = self.0.known.read().keys.get(parts.header) {
            return Ok(key.clone());
        }
        let bytes = self.0.keys.find(parts.master)?.unwrap(parts.wrapped).await?;
        let key = Arc::new(DataKey::new(parts.header.into(), &bytes)?);
        self.0.known.write().remember(key.clone());
        Ok(key)
    }
}

impl DataKey {
    fn new(header: Box<[u8]>, bytes: &DataKeyBytes) -> Result<Self> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice())
            .map_err(|_| Error::new(ErrorKind::Internal, "a data key is none"))?;
        Ok(Self { header, key, made: Instant::now(), sealed: AtomicU64::new(0) })
    }
}

/// What the proof covers beside the value.
fn bound(header: &[u8], place: &[u8]) -> Vec<u8> {
    // The header says where it ends.
    [header, place].concat()
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.0.keys).finish_non_exhaustive()
    }
}
