//! A master key of this machine: from the environment or a file.

use std::path::Path;

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use zeroize::Zeroizing;

use super::header::NONCE;
use super::master::{DataKeyBytes, MasterKey};

/// What data keys are bound to.
const PURPOSE: &[u8] = b"mosaic data key";

/// A master key of 256 bits in the memory of this process. Whoever reads the memory has it: for more, a key in OpenBao, Vault or a
/// hardware token.
///
/// ```
/// use mosaic_mcp::security::seal::LocalKey;
///
/// let (key, text) = LocalKey::generate()?;
/// assert_eq!(format!("{:?}", LocalKey::new(&text)?), format!("{key:?}"));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct LocalKey {
    id: String,
    key: RandomizedNonceKey,
}

impl LocalKey {
    /// A key as 64 hexadecimal digits or in Base64.
    ///
    /// # Errors
    /// `Config` where it is not 32 bytes in either form.
    pub fn new(text: &Secret) -> Result<Self> {
        let text = text.expose().trim();
        let bytes = Zeroizing::new(hex(text).or_else(|| STANDARD.decode(text).ok()).unwrap_or_default());
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| {
            Error::new(ErrorKind::Config, "a master key has 32 bytes, as 64 hexadecimal digits or in Base64")
        })?;
        // It tells nothing of the key: it is derived for this purpose alone.
        let id = blake3::derive_key("mosaic id of a master key", &bytes);
        let id = format!("local:{}", &blake3::Hash::from_bytes(id).to_hex()[..16]);
        Ok(Self { id, key })
    }

    /// A new key, and the text to keep it by.
    ///
    /// # Errors
    /// `Internal` where the system gives no randomness.
    pub fn generate() -> Result<(Self, Secret)> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random(bytes.as_mut_slice())?;
        let text = Secret::new(STANDARD.encode(bytes.as_slice()));
        Ok((Self::new(&text)?, text))
    }

    /// The key in a variable of the environment.
    ///
    /// # Errors
    /// `Config` where there is none, or it is no key.
    pub fn from_env(variable: &str) -> Result<Self> {
        let text = std::env::var(variable).map_err(|_| {
            Error::new(ErrorKind::Config, format!("the variable {variable} has no master key"))
        })?;
        Self::new(&Secret::new(text)).map_err(|error| error.context("variable", variable))
    }

    /// The key in a file that only its owner can read.
    ///
    /// # Errors
    /// `Config` where it cannot be read, others may read or write it, or it is no key.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |what: &str| {
            let message = format!("the file of the master key {what}");
            Error::new(ErrorKind::Config, message).context("file", path.display())
        };
        let mut file = std::fs::File::open(path).map_err(|error| wrong("cannot be read").source(error))?;
        // Of the open file, so that it is the one that is read.
        let facts = file.metadata().map_err(|error| wrong("cannot be read").source(error))?;
        if !facts.is_file() || facts.len() > 4_096 {
            return Err(wrong("is no small file"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if facts.permissions().mode() & 0o077 != 0 {
                return Err(wrong("can be read by others: allow its owner alone (chmod 600)"));
            }
        }
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text)
            .map_err(|error| wrong("cannot be read").source(error))?;
        Self::new(&Secret::new(text)).map_err(|error| error.context("file", path.display()))
    }
}

#[async_trait]
impl MasterKey for LocalKey {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
        let mut sealed = key.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(PURPOSE), &mut sealed)
            .map_err(|_| Error::new(ErrorKind::Internal, "a data key cannot be encrypted"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
        let wrong = || {
            Error::new(ErrorKind::Internal, "a data key does not open: the value was damaged")
                .context("master key", &self.id)
        };
        let (nonce, sealed) = wrapped.split_at_checked(NONCE).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = self.key.open_in_place(nonce, Aad::from(PURPOSE), &mut sealed).map_err(|_| wrong())?;
        data_key(opened).ok_or_else(wrong)
    }
}

impl std::fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalKey({}, ***)", self.id)
    }
}

/// Bytes as a data key; none where there are not 32.
pub(super) fn data_key(bytes: &[u8]) -> Option<DataKeyBytes> {
    let mut key = DataKeyBytes::default();
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(bytes);
    Some(key)
}

/// Random bytes.
pub(super) fn random(bytes: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(bytes)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key"))
}

/// 64 hexadecimal digits; none for anything else.
fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = |at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..64).step_by(2).map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_forms_are_the_same_key_and_others_are_none() {
        let (key, text) = LocalKey::generate().unwrap();
        let bytes = STANDARD.decode(text.expose()).unwrap();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let same = LocalKey::new(&Secret::new(format!("{digits}\n"))).unwrap();
        assert_eq!(key.id(), same.id());
        let data = data_key(&[7; 32]).unwrap();
        let wrapped = key.wrap(&data).await.unwrap();
        assert_eq!(same.unwrap(&wrapped).await.unwrap(), data);
        let (other, _) = LocalKey::generate().unwrap();
        assert!(other.unwrap(&wrapped).await.is_err());
        for bad in ["", "abc", &"0".repeat(63), &"g".repeat(64), &STANDARD.encode([0; 31])] {
            let error = LocalKey::new(&Secret::new(bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master");
        let (key, text) = LocalKey::generate().unwrap();
        std::fs::write(&path, text.expose()).unwrap();
        for (mode, fits) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match LocalKey::from_file(&path) {
                Ok(found) => assert!(fits && found.id() == key.id(), "{mode:o}"),
                Err(error) => assert!(!fits && error.message().contains("chmod 600"), "{mode:o} {error}"),
            }
        }
        assert!(LocalKey::from_file(folder.path()).is_err());
        assert!(LocalKey::from_file(folder.path().join("none")).is_err());
        assert!(LocalKey::from_env("MOSAIC_NO_SUCH_VARIABLE").is_err());
    }
}
