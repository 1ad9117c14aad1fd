//! Short-lived tokens of our own, for agents.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::identity::refused;
use super::super::{Identity, RoleName};
use super::claims::CallerKind;
use super::key::{KeySet, VerifyKey};
use super::{ClaimMapping, Jwt};
use crate::state::Clock;

/// The longest that a token of our own holds: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Issues tokens for agents, so that an agent never holds a key that lasts. A token cannot be withdrawn: give it minutes.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::context::Principal;
/// use mosaic_core::types::TenantId;
/// use mosaic_mcp::security::token::TokenIssuer;
/// use mosaic_mcp::security::{Authenticators, Identity};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let issuer = TokenIssuer::generate("https://mosaic.example", "mosaic")?;
/// let builder = Identity::new(TenantId::default_tenant(), Principal::agent("builder"))?;
/// let token = issuer.issue(&builder, Duration::from_secs(600))?;
///
/// let chain = Authenticators::new().with(issuer.authenticator()?);
/// assert_eq!(chain.authenticate(&token).await?.principal(), builder.principal());
/// # Ok(())
/// # }
/// ```
pub struct TokenIssuer {
    issuer: String,
    audience: String,
    algorithm: Algorithm,
    key: EncodingKey,
    verify: VerifyKey,
    id: String,
    /// The public key, where there is one.
    public: Option<Vec<u8>>,
    clock: Clock,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    tenant: &'a str,
    kind: CallerKind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl TokenIssuer {
    /// Signs with a new Ed25519 key, which lives as long as this value: tokens do not outlive the process.
    ///
    /// # Errors
    /// `Internal` where the system gives no randomness.
    pub fn generate(issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key"))?;
        Self::ed25519(issuer.into(), audience.into(), pkcs8.as_ref())
    }

    /// Signs with an Ed25519 private key in PEM form (PKCS#8), as `openssl genpkey -algorithm ed25519` makes it.
    ///
    /// # Errors
    /// `Config` where it is something else.
    pub fn ed25519_pem(issuer: impl Into<String>, audience: impl Into<String>, pem: &Secret) -> Result<Self> {
        let body: String = pem.expose().lines().filter(|line| !line.starts_with("-----")).collect();
        let pkcs8 = STANDARD.decode(body.trim()).map_err(|_| no_key())?;
        Self::ed25519(issuer.into(), audience.into(), &pkcs8)
    }

    fn ed25519(issuer: String, audience: String, pkcs8: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8)
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8))
            .map_err(|_| no_key())?;
        let public = pair.public_key().as_ref().to_vec();
        let id = key_id(&public);
        let verify = VerifyKey::ed25519(&public).with_id(id.as_str());
        let (key, algorithm) = (EncodingKey::from_ed_der(pkcs8), Algorithm::EdDSA);
        Ok(Self { issuer, audience, algorithm, key, verify, id, public: Some(public), clock: Clock::System })
    }

    /// Signs with a shared secret (HS256) of 32 bytes or more: whoever checks these tokens can make them as well.
    ///
    /// # Errors
    /// As for [`VerifyKey::hmac`].
    pub fn hmac(issuer: impl Into<String>, audience: impl Into<String>, secret: &Secret) -> Result<Self> {
        // An id that tells nothing of the secret: it is derived for this purpose alone.
        let id = key_id(&blake3::derive_key("mosaic id of a token secret", secret.expose().as_bytes()));
        let verify = VerifyKey::hmac(secret)?.with_id(id.as_str());
        Ok(Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithm: Algorithm::HS256,
            key: EncodingKey::from_secret(secret.expose().as_bytes()),
            verify,
            id,
            public: None,
            clock: Clock::System,
        })
    }

    /// The same with another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A token for an identity, with its roles, from now on; it ends when the identity does, if that is sooner.
    ///
    /// # Errors
    /// `Invalid` where it would hold for less than a second or more than a day; `Unauthenticated` where the identity has ended.
    pub fn issue(&self, identity: &Identity, lifetime: Duration) -> Result<Secret> {
        if lifetime < Duration::from_secs(1) || lifetime > LONGEST {
            return Err(Error::new(ErrorKind::Invalid, "a token holds for a second to a day"));
        }
        let now = self.clock.now().as_second();
        let mut exp = now + i64::try_from(lifetime.as_secs()).unwrap_or(1);
        if let Some(end) = identity.expires() {
            exp = exp.min(end.as_second());
        }
        if exp <= now {
            return Err(refused("the identity has ended: no token is issued for it"));
        }
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: identity.principal().name(),
            tenant: identity.tenant().as_str(),
            kind: CallerKind::of(identity.principal())
                .ok_or_else(|| refused("the application has no token"))?,
            roles: identity.roles().iter().map(RoleName::as_str).collect(),
            iat: now,
            nbf: now,
            exp,
            jti: Uuid::now_v7().to_string(),
        };
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        encode(&header, &claims, &self.key)
            .map(Secret::new)
            .map_err(|_| Error::new(ErrorKind::Internal, "nothing can be signed with the key of tokens"))
    }

    /// What checks these tokens: an authenticator with the same issuer, audience and clock.
    ///
    /// # Errors
    /// As for [`Jwt::new`].
    pub fn authenticator(&self) -> Result<Jwt> {
        let keys = KeySet::new([self.verify.clone()])?;
        let jwt = Jwt::new(self.issuer.as_str(), self.audience.as_str(), keys)?;
        Ok(jwt.mapping(ClaimMapping::default()).clock(self.clock))
    }

    /// The public key as a published set (RFC 7517), for other services that check these tokens; empty for a shared secret.
    pub fn published(&self) -> Value {
        let keys: Vec<Value> = self
            .public
            .iter()
            .map(|public| {
                json!({
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id,
                    "x": URL_SAFE_NO_PAD.encode(public),
                })
            })
            .collect();
        json!({ "keys": keys })
    }
}

impl std::fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenIssuer({}, {:?}, ***)", self.issuer, self.algorithm)
    }
}

fn key_id(of: &[u8]) -> String {
    blake3::hash(of).to_hex()[..16].to_owned()
}

fn no_key() -> Error {
    Error::new(ErrorKind::Config, "it is no private Ed25519 key in PEM form (PKCS#8)")
}
