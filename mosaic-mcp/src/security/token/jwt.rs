//! JSON Web Tokens of one issuer, checked.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Secret, Timestamp};
use serde_json::{Map, Value};

use super::super::authenticator::TOKEN_BYTES;
use super::super::identity::refused;
use super::super::{Authenticator, Identity};
use super::claims::{ClaimMapping, Registered};
use super::jwks::RemoteKeys;
use super::key::{KEY_ID, KeySet, Keys};
use crate::state::Clock;

/// The longest leeway for clocks that go wrong.
const LEEWAY: Duration = Duration::from_secs(300);

/// Checks the JSON Web Tokens of one issuer: signature, issuer, audience, beginning and end, in that order.
///
/// HS256, EdDSA (Ed25519), RS256 and ES256 are known. A key checks its own algorithm only. Keys and addresses that a token brings
/// along (`jwk`, `jku`, `x5u`) are not looked at; one with a critical extension (`crit`) is refused. `exp` is required, and `nbf` or,
/// in its place, `iat`. Tokens of other issuers are left to other authenticators.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::Authenticators;
/// use mosaic_mcp::security::token::{Jwt, KeySet, VerifyKey};
///
/// let secret = Secret::new("0123456789abcdef0123456789abcdef");
/// let jwt = Jwt::new("https://id.example", "mosaic", KeySet::new([VerifyKey::hmac(&secret)?])?)?;
/// let chain = Authenticators::new().with(jwt);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Jwt {
    issuer: String,
    audiences: Vec<String>,
    keys: Arc<dyn Keys>,
    mapping: ClaimMapping,
    leeway: i64,
    needs_nbf: bool,
    clock: Clock,
}

impl Jwt {
    /// Tokens of an issuer for an audience, with keys that are known beforehand. Clocks may differ by a minute.
    ///
    /// # Errors
    /// `Config` where the issuer or the audience is empty.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: KeySet) -> Result<Self> {
        Self::with_keys(issuer.into(), audience.into(), Arc::new(keys))
    }

    /// Tokens of an issuer that publishes its keys.
    ///
    /// # Errors
    /// As for [`Jwt::new`].
    pub fn published(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        keys: RemoteKeys,
    ) -> Result<Self> {
        Self::with_keys(issuer.into(), audience.into(), Arc::new(keys))
    }

    fn with_keys(issuer: String, audience: String, keys: Arc<dyn Keys>) -> Result<Self> {
        if issuer.is_empty() || audience.is_empty() {
            return Err(Error::new(ErrorKind::Config, "name the issuer and the audience of tokens"));
        }
        super::cryptography();
        let mapping = ClaimMapping::default();
        let audiences = vec![audience];
        Ok(Self { issuer, audiences, keys, mapping, leeway: 60, needs_nbf: false, clock: Clock::System })
    }

    /// The same for one more audience.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The same with another mapping of claims.
    #[must_use]
    pub fn mapping(mut self, mapping: ClaimMapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// The same with another leeway for clocks that go wrong; 300 seconds at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = i64::try_from(leeway.min(LEEWAY).as_secs()).unwrap_or(0);
        self
    }

    /// The same, where `iat` does not stand for a missing `nbf`.
    #[must_use]
    pub fn needs_nbf(mut self) -> Self {
        self.needs_nbf = true;
        self
    }

    /// The same with another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    async fn check(&self, token: &str) -> Result<Identity> {
        let header = decode_header(token).map_err(|_| malformed())?;
        if header.crit.is_some() {
            return Err(refused("the token has an extension that is critical and not known here"));
        }
        if header.kid.as_ref().is_some_and(|id| id.is_empty() || id.len() > KEY_ID) {
            return Err(malformed());
        }
        let known = [Algorithm::HS256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::ES256];
        if !known.contains(&header.alg) {
            return Err(refused("the token is signed by an algorithm that is not accepted"));
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await?;
        let mut signature = Validation::new(key.algorithm);
        // Times are checked below, by our clock; so are the issuer and the audience.
        signature.required_spec_claims.clear();
        (signature.validate_exp, signature.validate_nbf, signature.validate_aud) = (false, false, false);
        let data = decode::<Map<String, Value>>(token, &key.key, &signature)
            // What the library says may quote the token.
            .map_err(|_| refused("the signature of the token does not hold"))?;
        let claims = Value::Object(data.claims);
        let registered = Registered::of(&claims)?;
        registered.between(&self.issuer, &self.audiences)?;
        let end = registered.within(self.clock.now().as_second(), self.leeway, self.needs_nbf)?;
        let end = Timestamp::from_second(end).map_err(|_| malformed())?;
        Ok(self.mapping.identity(&claims)?.until(end))
    }
}

#[async_trait]
impl Authenticator for Jwt {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        let token = token.expose();
        if token.len() > TOKEN_BYTES {
            return Err(refused("the token is too long"));
        }
        // Not verified: it says only whose token it would be.
        match unverified_issuer(token) {
            Some(issuer) if issuer == self.issuer => self.check(token).await.map(Some),
            _ => Ok(None),
        }
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

/// The issuer that a token names, where it is a JSON Web Token at all.
fn unverified_issuer(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    match serde_json::from_slice::<Map<String, Value>>(&claims).ok()?.remove("iss")? {
        Value::String(issuer) => Some(issuer),
        _ => None,
    }
}

fn malformed() -> Error {
    refused("the token is no JSON Web Token")
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
