//! The roles of a proof on their way through a call: an attribute that only we can write.
//!
//! Roles that a token gives have to reach the check, which sees a context of which others may have set the attributes. So they travel
//! with a seal: a keyed BLAKE3 hash over the tenant, the caller, the end and the roles, by a random key of this process. Whoever sets the
//! attribute without the key, takes it to another caller or tenant, or changes a role, is denied everything. Who copies it to a
//! context of the same caller gains nothing that this caller does not have, and not beyond the end.

use std::sync::Arc;

use mosaic_core::context::{AttributeValue, CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};

use super::super::{Identity, RoleName};

/// The attribute.
pub(super) const ATTRIBUTE: &str = "mosaic.roles";
/// More than an identity has.
const PARTS: usize = 2 + 64;

/// The key of this process.
#[derive(Clone)]
pub(super) struct Sealer([u8; 32]);

/// What a context proves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket<'a> {
    pub(super) expires: Option<Timestamp>,
    pub(super) roles: &'a [Arc<str>],
}

impl Sealer {
    pub(super) fn new() -> Result<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key)
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness for a key"))?;
        Ok(Self(key))
    }

    /// A context of the caller, with what its proof gives.
    pub(super) fn context(&self, identity: &Identity) -> CallContext {
        let end: Arc<str> =
            identity.expires().map_or_else(String::new, |at| at.as_microsecond().to_string()).into();
        let mut parts = vec!["".into(), end];
        parts.extend(identity.roles().iter().map(|role| Arc::from(RoleName::as_str(role))));
        parts[0] = self.seal(identity.tenant(), identity.principal(), &parts[1..]).to_hex().as_str().into();
        CallContext::new()
            .tenant(identity.tenant().clone())
            .principal(identity.principal().clone())
            .attribute(ATTRIBUTE, AttributeValue::List(parts.into()))
    }

    /// What the context proves; nothing where it came without.
    ///
    /// # Errors
    /// `PermissionDenied` where it was not written here, or for another caller.
    pub(super) fn open<'c>(&self, cx: &'c CallContext) -> Result<Option<Ticket<'c>>> {
        let parts = match cx.attribute_value(ATTRIBUTE) {
            None => return Ok(None),
            Some(AttributeValue::List(parts)) if (2..=PARTS).contains(&parts.len()) => parts,
            Some(_) => return Err(forged()),
        };
        // The comparison of hashes takes the same time for all.
        let given = blake3::Hash::from_hex(parts[0].as_bytes()).map_err(|_| forged())?;
        if given != self.seal(cx.tenant_id(), cx.caller(), &parts[1..]) {
            return Err(forged());
        }
        let expires = match &*parts[1] {
            "" => None,
            text => {
                let end = text.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok());
                Some(end.ok_or_else(forged)?)
            }
        };
        Ok(Some(Ticket { expires, roles: &parts[2..] }))
    }

    fn seal(&self, tenant: &TenantId, caller: &Principal, rest: &[Arc<str>]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        let kind = if caller.kind() == mosaic_core::context::PrincipalKind::Agent { "agent" } else { "user" };
        let first = [tenant.as_str(), kind, caller.name()];
        for part in first.into_iter().chain(rest.iter().map(|part| &**part)) {
            // With its length, so that no part runs into the next.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize()
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(***)")
    }
}

fn forged() -> Error {
    let why = format!("the roles of this call (`{ATTRIBUTE}`) were not given to this caller in this tenant");
    Error::new(ErrorKind::PermissionDenied, why).refused()
}
