//! Keys that sign heads, and those that check them.

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;

/// Signs the heads and checkpoints of an audit (Ed25519). Keep the key where those who can write to the store cannot read it.
///
/// ```
/// use mosaic_mcp::security::audit::{AuditKeys, AuditSigner};
///
/// let signer = AuditSigner::generate()?;
/// let keys = AuditKeys::of(&signer);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AuditSigner(Arc<Pair>);

struct Pair {
    pair: Ed25519KeyPair,
    id: String,
}

impl AuditSigner {
    /// A new key, which is gone with this value: for tests and short lives.
    ///
    /// # Errors
    /// `Internal` where the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let pair = Ed25519KeyPair::generate()
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key"))?;
        Ok(Self::of(pair))
    }

    /// A private key in PEM form (PKCS#8), as `openssl genpkey -algorithm ed25519` makes it.
    ///
    /// # Errors
    /// `Config` where it is something else.
    pub fn pem(pem: &Secret) -> Result<Self> {
        let body: String = pem.expose().lines().filter(|line| !line.starts_with("-----")).collect();
        let pkcs8 = zeroize::Zeroizing::new(STANDARD.decode(body.trim()).map_err(|_| no_key())?);
        Ed25519KeyPair::from_pkcs8(&pkcs8)
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8))
            .map(Self::of)
            .map_err(|_| no_key())
    }

    /// A new private key in PEM form (PKCS#8), to be kept and given to [`AuditSigner::pem`]: also on every node that signs with
    /// the same key.
    ///
    /// ```
    /// use mosaic_mcp::security::audit::AuditSigner;
    ///
    /// let pem = AuditSigner::generate_pem()?;
    /// assert_eq!(AuditSigner::pem(&pem)?.id(), AuditSigner::pem(&pem)?.id());
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Internal` where the system gives no randomness.
    pub fn generate_pem() -> Result<Secret> {
        let none = |_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key");
        let pair = Ed25519KeyPair::generate().map_err(none)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().map_err(none)?;
        let body = zeroize::Zeroizing::new(STANDARD.encode(der.as_ref()));
        Ok(Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *body)))
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let id = key_id(pair.public_key().as_ref());
        Self(Arc::new(Pair { pair, id }))
    }

    /// The id of the key, which signatures name.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The public key: 32 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.0.pair.public_key().as_ref().to_vec()
    }

    pub(super) fn sign(&self, statement: &[u8]) -> String {
        STANDARD.encode(self.0.pair.sign(statement))
    }
}

impl std::fmt::Debug for AuditSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditSigner({}, ***)", self.0.id)
    }
}

/// The public keys that are trusted with an audit: that of each node, also of earlier ones.
///
/// ```
/// use mosaic_mcp::security::audit::{AuditKeys, AuditSigner};
///
/// let (old, new) = (AuditSigner::generate()?, AuditSigner::generate()?);
/// let keys = AuditKeys::of(&new).and(&old.public())?;
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AuditKeys(Vec<(String, Vec<u8>)>);

impl AuditKeys {
    /// The key of a signer.
    pub fn of(signer: &AuditSigner) -> Self {
        Self(vec![(signer.id().to_owned(), signer.public())])
    }

    /// A public key of 32 bytes.
    ///
    /// # Errors
    /// `Config` where it has another length.
    pub fn public(key: &[u8]) -> Result<Self> {
        Self(Vec::new()).and(key)
    }

    /// The same with one more public key.
    ///
    /// # Errors
    /// `Config` where it has another length than 32 bytes.
    pub fn and(mut self, key: &[u8]) -> Result<Self> {
        if key.len() != 32 {
            return Err(Error::new(ErrorKind::Config, "a public Ed25519 key has 32 bytes"));
        }
        self.0.push((key_id(key), key.to_vec()));
        Ok(self)
    }

    /// Whether there is a key of this id.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// Whether one of these keys signed the statement.
    pub(super) fn verify(&self, id: &str, statement: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let named = self.0.iter().find(|(known, _)| known == id);
        named.is_some_and(|(_, key)| {
            UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).is_ok()
        })
    }
}

fn key_id(public: &[u8]) -> String {
    blake3::hash(public).to_hex()[..16].to_owned()
}

fn no_key() -> Error {
    Error::new(ErrorKind::Config, "it is no private Ed25519 key in PEM form (PKCS#8)")
}
