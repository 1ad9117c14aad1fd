//! Keys that check tokens, each for one algorithm.

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;

use super::super::identity::refused;

/// The shortest shared secret: as long as what HMAC with SHA-256 gives.
const SECRET: usize = 32;
/// The longest id of a key.
pub(super) const KEY_ID: usize = 256;

/// A key that checks signatures of one algorithm and no other, whatever a token says of itself: so a public key is never taken
/// for a shared secret, and the algorithm `none` for nothing.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::token::VerifyKey;
///
/// assert!(VerifyKey::hmac(&Secret::new("short")).is_err());
/// assert!(VerifyKey::hmac(&Secret::new("0123456789abcdef0123456789abcdef")).is_ok());
/// ```
#[derive(Clone)]
pub struct VerifyKey {
    id: Option<Arc<str>>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl VerifyKey {
    /// A shared secret (HS256), of 32 bytes or more.
    ///
    /// # Errors
    /// `Config` where it is shorter, or is a key in PEM form: a public key is known to everybody and no secret.
    pub fn hmac(secret: &Secret) -> Result<Self> {
        let text = secret.expose();
        if text.len() < SECRET {
            return Err(config("the shared secret of tokens has 32 bytes or more"));
        }
        if text.contains("-----BEGIN") {
            return Err(config("a key in PEM form is no shared secret: name its algorithm"));
        }
        Ok(Self::of(Algorithm::HS256, DecodingKey::from_secret(text.as_bytes())))
    }

    /// A public key in PEM form for EdDSA on curve 25519.
    ///
    /// # Errors
    /// `Config` where it is something else.
    pub fn ed25519_pem(pem: &str) -> Result<Self> {
        let key = DecodingKey::from_ed_pem(pem.as_bytes());
        key.map(|key| Self::of(Algorithm::EdDSA, key)).map_err(|_| no_key("Ed25519"))
    }

    /// A public key in PEM form for RS256, of 2048 bits or more.
    ///
    /// # Errors
    /// `Config` where it is something else.
    pub fn rsa_pem(pem: &str) -> Result<Self> {
        let key = DecodingKey::from_rsa_pem(pem.as_bytes());
        key.map(|key| Self::of(Algorithm::RS256, key)).map_err(|_| no_key("RSA"))
    }

    /// A public key in PEM form for ES256 (curve P-256).
    ///
    /// # Errors
    /// `Config` where it is something else.
    pub fn p256_pem(pem: &str) -> Result<Self> {
        let key = DecodingKey::from_ec_pem(pem.as_bytes());
        key.map(|key| Self::of(Algorithm::ES256, key)).map_err(|_| no_key("P-256"))
    }

    /// The key of 32 bytes itself, for EdDSA on curve 25519.
    pub(super) fn ed25519(public: &[u8]) -> Self {
        Self::of(Algorithm::EdDSA, DecodingKey::from_ed_der(public))
    }

    /// A published key; none for what is not for signatures of tokens, or of an algorithm that is not used here. A published
    /// key is never a shared secret.
    pub(super) fn published(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        let for_signatures = !matches!(&common.public_key_use, Some(other) if *other != PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !for_signatures || common.key_id.as_ref().is_some_and(|id| id.len() > KEY_ID) {
            return None;
        }
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(of) if of.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        if common.key_algorithm.is_some_and(|known| known != named) {
            return None;
        }
        let mut key = Self::of(algorithm, DecodingKey::from_jwk(jwk).ok()?);
        key.id = common.key_id.as_deref().map(Into::into);
        Some(key)
    }

    fn of(algorithm: Algorithm, key: DecodingKey) -> Self {
        super::cryptography();
        Self { id: None, algorithm, key }
    }

    /// The same key under an id, which tokens name as `kid`.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The id, where it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl std::fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyKey({:?}, {:?}, ***)", self.id, self.algorithm)
    }
}

/// Where the key of a token is looked for.
#[async_trait]
pub(super) trait Keys: Send + Sync + 'static {
    /// The key that a token names.
    async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<VerifyKey>;
}

/// Keys that are known beforehand.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::token::{KeySet, VerifyKey};
///
/// let secret = Secret::new("0123456789abcdef0123456789abcdef");
/// let keys = KeySet::new([VerifyKey::hmac(&secret)?.with_id("2026")])?;
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeySet(Vec<VerifyKey>);

/// The most keys of a set.
const KEYS: usize = 64;

impl KeySet {
    /// A set of 1 to 64 keys.
    ///
    /// # Errors
    /// `Config` where there are none or more, or two of one algorithm have the same id or none.
    pub fn new(keys: impl IntoIterator<Item = VerifyKey>) -> Result<Self> {
        let keys: Vec<_> = keys.into_iter().take(KEYS + 1).collect();
        if keys.is_empty() || keys.len() > KEYS {
            return Err(config("a set has 1 to 64 keys"));
        }
        let twice = |(at, key): (usize, &VerifyKey)| {
            keys[..at].iter().any(|other| other.id == key.id && other.algorithm == key.algorithm)
        };
        if keys.iter().enumerate().any(twice) {
            return Err(config("two keys of one algorithm have the same id, or none: give each its own"));
        }
        Ok(Self(keys))
    }

    /// A published set (RFC 7517). What is not for signatures of tokens is left out.
    ///
    /// # Errors
    /// `Protocol` where it is no such set, or nothing of it is of use.
    pub(super) fn published(json: &[u8]) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct Published {
            keys: Vec<serde_json::Value>,
        }
        let all: Published = serde_json::from_slice(json)
            .map_err(|_| Error::new(ErrorKind::Protocol, "the published keys are no JSON Web Key Set"))?;
        // One key that is not understood hides nothing of the others.
        let mut set = Self(Vec::new());
        for key in all.keys.into_iter().take(KEYS) {
            let key = serde_json::from_value::<Jwk>(key).ok().as_ref().and_then(VerifyKey::published);
            set.0.extend(key);
        }
        if set.0.is_empty() {
            let message = "the published key set has no key for RS256, ES256 or EdDSA";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        Ok(set)
    }

    /// The key of that id and algorithm; without an id the only one of the algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&VerifyKey> {
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => fitting.find(|key| key.id() == Some(id)).or_else(|| {
                // A key that was given without an id checks what names one, where it is the only key.
                self.0
                    .first()
                    .filter(|key| self.0.len() == 1 && key.id.is_none() && key.algorithm == algorithm)
            }),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

#[async_trait]
impl Keys for KeySet {
    async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<VerifyKey> {
        Self::find(self, id, algorithm).cloned().ok_or_else(unknown)
    }
}

/// The error of a token whose key is not known.
pub(super) fn unknown() -> Error {
    refused("the token is signed by no key that is known here, or by an algorithm that its key is not for")
}

fn config(why: &'static str) -> Error {
    Error::new(ErrorKind::Config, why)
}

fn no_key(what: &str) -> Error {
    // What the library says of a key may quote it.
    Error::new(ErrorKind::Config, format!("it is no public {what} key in PEM form"))
}
