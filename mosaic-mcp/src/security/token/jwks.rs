//! Keys that an identity provider publishes, kept here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jsonwebtoken::Algorithm;
use mosaic_core::error::{Error, ErrorKind, Result};
use parking_lot::RwLock;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::key::{KeySet, Keys, VerifyKey, unknown};

/// Fetches a published key set (RFC 7517) as JSON.
///
/// ```
/// use async_trait::async_trait;
/// use bytes::Bytes;
/// use mosaic_core::error::Result;
/// use mosaic_mcp::security::token::{FetchKeys, RemoteKeys};
///
/// struct File(&'static str);
/// #[async_trait]
/// impl FetchKeys for File {
///     async fn fetch(&self) -> Result<Bytes> {
///         Ok(Bytes::from_static(self.0.as_bytes()))
///     }
/// }
/// let keys = RemoteKeys::new(File(r#"{ "keys": [] }"#));
/// ```
#[async_trait]
pub trait FetchKeys: Send + Sync + 'static {
    /// The key set as it is now. Given up after ten seconds.
    ///
    /// # Errors
    /// Whatever stands in the way.
    async fn fetch(&self) -> Result<Bytes>;
}

/// Keys that an identity provider publishes. Clones share them.
///
/// They are fetched when the first token comes, and again when they are ten minutes old or a token names a key that is not among
/// them: so a new key is known at once and a withdrawn one soon forgotten. There is one fetch at a time, and at most one in
/// thirty seconds, however many tokens come, so that nobody makes us flood the provider. While it does not answer, the keys that are
/// known serve on for a day.
///
/// ```
/// # #[cfg(feature = "http")]
/// # fn keys() -> mosaic_core::Result<()> {
/// use std::time::Duration;
/// use mosaic_mcp::security::token::{IdentityProvider, RemoteKeys};
///
/// let keys = RemoteKeys::new(IdentityProvider::discover("https://id.example")?).refresh(Duration::from_secs(300));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RemoteKeys(Arc<Inner>);

struct Inner {
    source: Box<dyn FetchKeys>,
    times: Times,
    known: RwLock<Known>,
    /// Held by the one who fetches.
    fetching: Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    refresh: Duration,
    pause: Duration,
    keep: Duration,
}

#[derive(Default, Clone)]
struct Known {
    keys: Option<Arc<KeySet>>,
    /// When they came.
    fetched: Option<Instant>,
    /// When they were last asked for, with or without success.
    tried: Option<Instant>,
}

/// How long one fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl RemoteKeys {
    /// Keys from a source, with the times above.
    pub fn new(source: impl FetchKeys) -> Self {
        let times = Times {
            refresh: Duration::from_secs(600),
            pause: Duration::from_secs(30),
            keep: Duration::from_secs(86_400),
        };
        Self::with_times(Box::new(source), times)
    }

    fn with_times(source: Box<dyn FetchKeys>, times: Times) -> Self {
        let (known, fetching) = (RwLock::default(), Mutex::default());
        Self(Arc::new(Inner { source, times, known, fetching }))
    }

    fn edit(self, change: impl FnOnce(&mut Times)) -> Self {
        let mut times = self.0.times;
        change(&mut times);
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self::with_times(inner.source, times),
            // Others use it as it is.
            Err(shared) => Self(shared),
        }
    }

    /// The same keys, fetched again when they are that old. To be set before it is shared.
    #[must_use]
    pub fn refresh(self, age: Duration) -> Self {
        self.edit(|times| times.refresh = age)
    }

    /// The same keys, fetched at most once in that time. To be set before it is shared.
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        self.edit(|times| times.pause = pause)
    }

    /// The same keys, used no longer than that while the provider does not answer. To be set before it is shared.
    #[must_use]
    pub fn keep(self, longest: Duration) -> Self {
        self.edit(|times| times.keep = longest)
    }

    /// The key, where it is known and not too old; and whether the set should be fetched again.
    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> (Option<VerifyKey>, bool) {
        let known = self.0.known.read().clone();
        let age = known.fetched.map(|at| at.elapsed());
        let kept = known.keys.filter(|_| age.is_some_and(|age| age < self.0.times.keep));
        let key = kept.and_then(|keys| keys.find(id, algorithm).cloned());
        let old = age.is_none_or(|age| age >= self.0.times.refresh);
        let rested = known.tried.is_none_or(|at| at.elapsed() >= self.0.times.pause);
        let due = rested && (old || key.is_none());
        (key, due)
    }

    /// Fetches the set. Whoever calls holds the lock of those who fetch.
    async fn fetch(&self) -> Result<()> {
        self.0.known.write().tried = Some(Instant::now());
        let fetched = timeout(PATIENCE, self.0.source.fetch()).await.map_err(|_| {
            Error::new(ErrorKind::Timeout, "the identity provider did not give its keys in ten seconds")
        });
        let keys = fetched.and_then(|fetched| fetched).and_then(|json| KeySet::published(&json))?;
        let mut known = self.0.known.write();
        known.keys = Some(Arc::new(keys));
        known.fetched = Some(Instant::now());
        Ok(())
    }
}

#[async_trait]
impl Keys for RemoteKeys {
    async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<VerifyKey> {
        let (key, due) = self.look(id, algorithm);
        let fetched = match &key {
            Some(_) if !due => None,
            // One goes and asks; the others go on with what they have.
            Some(_) => match self.0.fetching.try_lock() {
                Ok(_one) => Some(self.fetch().await),
                Err(_) => None,
            },
            None => {
                let _one = self.0.fetching.lock().await;
                // Another may have fetched it meanwhile.
                match self.look(id, algorithm) {
                    (Some(key), _) => return Ok(key),
                    (None, true) => Some(self.fetch().await),
                    (None, false) => None,
                }
            }
        };
        if let Some(Err(error)) = &fetched {
            tracing::warn!(%error, "the keys of the identity provider cannot be fetched; those that are known serve on");
        }
        let found = if fetched.is_some() { self.look(id, algorithm).0 } else { key };
        found.ok_or_else(|| {
            if self.0.known.read().fetched.is_some_and(|at| at.elapsed() < self.0.times.keep) {
                return unknown();
            }
            fetched.and_then(Result::err).unwrap_or_else(|| {
                let why = "the keys of the identity provider are not there yet: try again later";
                Error::new(ErrorKind::Network, why).retry_after(self.0.times.pause)
            })
        })
    }
}

impl std::fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteKeys").field("times", &self.0.times).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
