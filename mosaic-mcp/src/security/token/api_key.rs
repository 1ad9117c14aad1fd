//! API keys: shown once, kept as hashes.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Secret, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::super::audit::{Audit, AuditEvent};
use super::super::identity::refused;
use super::super::{Authenticator, Identity, RoleName};
use super::claims::CallerKind;
use crate::state::{Key, KeyRange, State, Topic, Tx};

/// How every key begins, so that people and scanners of secrets know one when they see it.
const PREFIX: &str = "mosaic_";
/// The bytes of the id and of the secret.
const ID: usize = 8;
const SECRET: usize = 32;
/// How seldom the last use is written.
const USE: Duration = Duration::from_secs(60);

/// API keys of tenants, in the state of a node. Clones share them.
///
/// A key is `mosaic_<id>_<secret>` with a secret of 256 random bits. The store holds the id and a BLAKE3 hash of the secret: a fast
/// hash is enough, as there is no dictionary of random secrets to try, and a slow one would let anybody keep us busy. The key itself
/// is shown once and never again. The hash is compared in constant time.
///
/// ```
/// use mosaic_core::context::Principal;
/// use mosaic_core::types::TenantId;
/// use mosaic_mcp::security::token::{ApiKeys, NewApiKey};
/// use mosaic_mcp::security::{Authenticators, Identity};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let keys = ApiKeys::new(state.clone());
/// let builder = Identity::new(TenantId::default_tenant(), Principal::agent("builder"))?;
/// let (key, secret) = keys.create(NewApiKey::new(builder, "the nightly build")).await?;
///
/// let chain = Authenticators::new().with(keys.clone());
/// assert_eq!(chain.authenticate(&secret).await?.principal().name(), "builder");
/// keys.revoke(&key.tenant, &key.id).await?;
/// assert!(chain.authenticate(&secret).await.is_err());
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ApiKeys {
    state: State,
    audit: Option<Audit>,
}

/// What a new key is to be.
///
/// ```
/// use mosaic_core::context::Principal;
/// use mosaic_core::types::TenantId;
/// use mosaic_mcp::security::Identity;
/// use mosaic_mcp::security::token::NewApiKey;
///
/// let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann"))?;
/// let key = NewApiKey::new(ann, "laptop");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NewApiKey {
    identity: Identity,
    label: String,
}

impl NewApiKey {
    /// A key that proves an identity, with its roles, until the identity ends. The label tells people what it is for.
    pub fn new(identity: Identity, label: impl Into<String>) -> Self {
        Self { identity, label: label.into() }
    }
}

/// What is known of a key: everything but its secret.
///
/// ```
/// # use mosaic_mcp::security::token::ApiKey;
/// fn line(key: &ApiKey) -> String {
///     format!("{} {} {}", key.id, key.label, if key.revoked.is_some() { "revoked" } else { "in use" })
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ApiKey {
    /// The id, which is the middle of the key's text.
    pub id: String,
    /// Of which tenant.
    pub tenant: TenantId,
    /// What the caller is that it proves.
    pub kind: CallerKind,
    /// The name of that caller.
    pub name: String,
    /// The label of the credential that the caller acts with at providers, where it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The roles that the key gives.
    pub roles: Vec<RoleName>,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
}

/// A key as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Empty once it is revoked.
    hash: String,
    key: ApiKey,
}

impl ApiKeys {
    /// The keys in a state.
    pub fn new(state: State) -> Self {
        Self { state, audit: None }
    }

    /// The same, where keys that are made and revoked are told to an audit: who is told of one finds it written there.
    #[must_use]
    pub fn audited(self, audit: Audit) -> Self {
        Self { audit: Some(audit), ..self }
    }

    async fn tell(&self, key: &ApiKey, done: &str) -> Result<()> {
        let Some(audit) = &self.audit else { return Ok(()) };
        let roles = key.roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(", ");
        let detail = format!("{done}: key {} of {}/{}, roles: {roles}", key.id, key.tenant, key.name);
        let (by, what) = ("application".to_owned(), "API keys".to_owned());
        audit.write(AuditEvent::Configuration { by, what, detail }).await
    }

    /// Makes a key. The secret is the whole text to give to the caller; it cannot be asked for again.
    ///
    /// # Errors
    /// `Invalid` for a label that is empty, longer than 200 bytes or has control characters; those of the state.
    pub async fn create(&self, new: NewApiKey) -> Result<(ApiKey, Secret)> {
        let NewApiKey { identity, label } = new;
        if label.is_empty() || label.len() > 200 || label.chars().any(char::is_control) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the label of an API key has 1 to 200 bytes and no control characters",
            ));
        }
        let mut random = Zeroizing::new([0u8; ID + SECRET]);
        aws_lc_rs::rand::fill(random.as_mut_slice())
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key"))?;
        let (id, secret) = random.split_at(ID);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = Secret::new(format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret)));
        let hash = hash(secret).to_hex().to_string();
        let principal = identity.principal();
        let key = ApiKey {
            id,
            tenant: identity.tenant().clone(),
            kind: CallerKind::of(principal).ok_or_else(|| refused("the application has no API key"))?,
            name: principal.name().to_owned(),
            credential: principal.credential().map(str::to_owned),
            roles: identity.roles().iter().cloned().collect(),
            label,
            created: self.state.now(),
            expires: identity.expires(),
            revoked: None,
            last_used: None,
        };
        let mut stored = Stored { hash, key };
        let key = self
            .state
            .run(move |tx| {
                Box::pin(async move {
                    stored.key.created = tx.now();
                    tx.expect(&place(&stored.key.id)?, crate::state::Expect::Absent).await?;
                    tx.put(of_tenant(&stored.key.tenant, &stored.key.id)?, "")?;
                    save(tx, &stored, "apikey.created")?;
                    Ok(stored.key)
                })
            })
            .await?;
        self.tell(&key, "created").await?;
        Ok((key, text))
    }

    /// Revokes a key for ever: from then on it is refused. A key that was revoked before stays as it is.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such key; those of the state.
    pub async fn revoke(&self, tenant: &TenantId, id: &str) -> Result<ApiKey> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        let key = self
            .state
            .run(move |tx| {
                Box::pin(async move {
                    let found = tx.read::<Stored>(&place(&id)?).await?;
                    let mut stored = found
                        .filter(|stored| stored.key.tenant == tenant)
                        .ok_or_else(|| Error::new(ErrorKind::NotFound, "the tenant has no such API key"))?;
                    if stored.key.revoked.is_none() {
                        stored.key.revoked = Some(tx.now());
                        stored.hash.clear();
                        save(tx, &stored, "apikey.revoked")?;
                    }
                    Ok(stored.key)
                })
            })
            .await?;
        self.tell(&key, "revoked").await?;
        Ok(key)
    }

    /// The keys of a tenant in the order of their ids, after one of them; 1,000 at most.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn list(&self, tenant: &TenantId, after: Option<&str>, limit: usize) -> Result<Vec<ApiKey>> {
        let mut range = KeyRange::below(&["apikey-of", tenant.as_str()])?;
        if let Some(after) = after {
            range = range.after(&of_tenant(tenant, after)?);
        }
        let ids = self.state.range(&range, limit.min(1_000)).await?;
        let places = ids.iter().map(|entry| place(&entry.key.last_part())).collect::<Result<Vec<_>>>()?;
        let found = self.state.get_many(&places).await?;
        found
            .into_iter()
            .flatten()
            .map(|entry| {
                serde_json::from_slice::<Stored>(&entry.value).map(|stored| stored.key).map_err(|error| {
                    Error::new(ErrorKind::Internal, "an API key is not stored as one").source(error)
                })
            })
            .collect()
    }

    /// Writes that a key was used, unless that was written a moment ago.
    async fn used(&self, key: &ApiKey) {
        let recent = |last: Option<Timestamp>, now: Timestamp| {
            last.is_some_and(|last| {
                now.duration_since(last) < jiff::SignedDuration::try_from(USE).unwrap_or_default()
            })
        };
        if recent(key.last_used, self.state.now()) {
            return;
        }
        let id = key.id.clone();
        let written = self.state.run(move |tx| {
            Box::pin(async move {
                let place = place(&id)?;
                if let Some(mut stored) = tx.read::<Stored>(&place).await?
                    && !recent(stored.key.last_used, tx.now())
                {
                    stored.key.last_used = Some(tx.now());
                    tx.write(&place, &stored)?;
                }
                Ok(())
            })
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, key = key.id, "the last use of an API key was not written");
        }
    }
}

#[async_trait]
impl Authenticator for ApiKeys {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        let Some(rest) = token.expose().strip_prefix(PREFIX) else { return Ok(None) };
        let (id, secret) = rest.split_once('_').ok_or_else(wrong)?;
        if id.len() != 2 * ID || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).map_err(|_| wrong())?);
        if secret.len() != SECRET {
            return Err(wrong());
        }
        let stored = self.state.read::<Stored>(&place(id)?).await?.ok_or_else(wrong)?;
        let given = hash(&secret).to_hex();
        if !bool::from(given.as_bytes().ct_eq(stored.hash.as_bytes())) {
            return Err(wrong());
        }
        let key = stored.key;
        if key.expires.is_some_and(|end| self.state.now() >= end) {
            return Err(refused("the API key has expired: get a new one"));
        }
        let mut principal = key.kind.named(&key.name);
        if let Some(credential) = &key.credential {
            principal = principal.with_credential(credential.as_str());
        }
        let identity = Identity::new(key.tenant.clone(), principal)?.with_roles(key.roles.iter().cloned())?;
        self.used(&key).await;
        Ok(Some(match key.expires {
            Some(end) => identity.until(end),
            None => identity,
        }))
    }
}

/// The same for a key that never was, one that was revoked, and a wrong secret.
fn wrong() -> Error {
    refused("the API key is not accepted: it is unknown, wrong or revoked")
}

fn hash(secret: &[u8]) -> blake3::Hash {
    blake3::Hash::from_bytes(blake3::derive_key("mosaic api key", secret))
}

fn place(id: &str) -> Result<Key> {
    Key::of(&["apikey", id])
}

fn of_tenant(tenant: &TenantId, id: &str) -> Result<Key> {
    Key::of(&["apikey-of", tenant.as_str(), id])
}

fn save(tx: &mut Tx<'_>, stored: &Stored, kind: &str) -> Result<()> {
    tx.write(&place(&stored.key.id)?, stored)?;
    // Not among the topics of the tenant, which its agents may read.
    let topic = Topic::of(&["apikey", stored.key.tenant.as_str(), &stored.key.id])?;
    tx.emit(topic, kind, &stored.key)?;
    Ok(())
}

#[cfg(test)]
#[path = "api_key_tests.rs"]
mod tests;
