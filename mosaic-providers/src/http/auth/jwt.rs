//! Signed statements of an app about itself (RFC 7519, RS256).

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use serde::Serialize;

/// Signs statements with the private key of an app.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_providers::http::Signer;
///
/// assert!(Signer::new("12345", &Secret::new("no key")).is_err());
/// ```
pub struct Signer {
    key: EncodingKey,
    issuer: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

impl Signer {
    /// A signer for the app of this id.
    ///
    /// # Errors
    /// `Config` where the key is no RSA key in PEM form.
    pub fn new(issuer: impl Into<String>, pem: &Secret) -> Result<Self> {
        // The library has no provider of its own until one is set; whoever set one before keeps it.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        // What the library says of a key may quote it.
        let key = EncodingKey::from_rsa_pem(pem.expose().as_bytes()).map_err(|_| {
            Error::new(ErrorKind::Config, "auth.privateKey: it is no RSA private key in PEM form")
        })?;
        Ok(Self { key, issuer: issuer.into() })
    }

    /// A statement that holds for nine minutes, dated back by one for clocks that go wrong.
    ///
    /// # Errors
    /// `Config` where the key cannot sign.
    pub fn sign(&self) -> Result<Secret> {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims { iat: now - 60, exp: now + 540, iss: &self.issuer };
        encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(Secret::new)
            .map_err(|_| Error::new(ErrorKind::Config, "auth.privateKey: nothing can be signed with it"))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, ***)", self.issuer)
    }
}
