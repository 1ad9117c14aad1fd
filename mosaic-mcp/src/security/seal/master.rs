//! Master keys: what encrypts data keys.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// The bytes of a data key, wiped when they are dropped.
pub type DataKeyBytes = Zeroizing<[u8; 32]>;

/// Encrypts and decrypts data keys, without ever giving itself away.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::error::Result;
/// use mosaic_mcp::security::seal::{DataKeyBytes, LocalKey, MasterKey};
///
/// /// Says whenever it is used.
/// struct Watched(LocalKey);
/// #[async_trait]
/// impl MasterKey for Watched {
///     fn id(&self) -> &str {
///         self.0.id()
///     }
///     async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
///         println!("{} encrypts", self.id());
///         self.0.wrap(key).await
///     }
///     async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
///         println!("{} decrypts", self.id());
///         self.0.unwrap(wrapped).await
///     }
/// }
/// ```
#[async_trait]
pub trait MasterKey: Send + Sync + 'static {
    /// Its name, 1 to 255 bytes and no secret: each sealed value has it. The same key has the same name everywhere.
    fn id(&self) -> &str;

    /// Encrypts a data key.
    ///
    /// # Errors
    /// Whatever stands in the way; nothing is written then.
    async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>>;

    /// Decrypts a data key.
    ///
    /// # Errors
    /// Whatever stands in the way; nothing that it sealed is read then.
    async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes>;
}

/// The master keys of a node: one that new data keys are encrypted with, and older ones. Clones share them.
///
/// ```
/// use mosaic_mcp::security::seal::{Keyring, LocalKey};
///
/// let (old, _) = LocalKey::generate()?;
/// let (new, _) = LocalKey::generate()?;
/// let keys = Keyring::new(new)?.or(old)?;
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Keyring {
    current: Arc<dyn MasterKey>,
    all: HashMap<String, Arc<dyn MasterKey>>,
}

impl Keyring {
    /// One key, for everything.
    ///
    /// # Errors
    /// `Config` where its id is empty or longer than 255 bytes.
    pub fn new(current: impl MasterKey) -> Result<Self> {
        let current: Arc<dyn MasterKey> = Arc::new(current);
        let mut keys = Self { current: current.clone(), all: HashMap::new() };
        keys.add(current)?;
        Ok(keys)
    }

    /// The same with an older key, which opens what it sealed.
    ///
    /// # Errors
    /// `Config` where its id is none, or that of another key here.
    pub fn or(mut self, older: impl MasterKey) -> Result<Self> {
        self.add(Arc::new(older))?;
        Ok(self)
    }

    fn add(&mut self, key: Arc<dyn MasterKey>) -> Result<()> {
        let id = key.id().to_owned();
        if id.is_empty() || id.len() > 255 || self.all.contains_key(&id) {
            return Err(Error::new(
                ErrorKind::Config,
                "each master key has an id of its own, of 1 to 255 bytes",
            ));
        }
        self.all.insert(id, key);
        Ok(())
    }

    pub(super) fn current(&self) -> &dyn MasterKey {
        &*self.current
    }

    pub(super) fn find(&self, id: &str) -> Result<&dyn MasterKey> {
        self.all.get(id).map(|key| &**key).ok_or_else(|| {
            let shown: String = id.chars().take(80).collect();
            Error::new(
                ErrorKind::Config,
                format!("a value is sealed under the master key {shown:?}, which is not there: add it to the keyring"),
            )
        })
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut ids: Vec<_> = self.all.keys().collect();
        ids.sort();
        f.debug_struct("Keyring").field("current", &self.current.id()).field("all", &ids).finish()
    }
}
