//! Who calls, once it is proved.

use std::collections::BTreeSet;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Id, IdKind, TenantId, Timestamp};

/// Marks the names of roles; see [`RoleName`].
#[derive(Debug)]
pub enum RoleKind {}

impl IdKind for RoleKind {
    const WORD: &'static str = "role";
}

/// Names a role, such as `maintainer`.
pub type RoleName = Id<RoleKind>;

/// The longest name of a caller, in bytes.
const NAME: usize = 256;
/// The most roles that a proof may carry.
const ROLES: usize = 64;

/// A caller whose proof was checked: for which tenant it acts, who it is, which roles the proof itself gives, and until when it
/// holds. It is never the application, which needs no proof and may do everything.
///
/// ```
/// use mosaic_core::context::Principal;
/// use mosaic_core::types::TenantId;
/// use mosaic_mcp::security::{Identity, RoleName};
///
/// let ann = Identity::new(TenantId::new("acme")?, Principal::user("ann"))?.with_roles([RoleName::new("maintainer")?])?;
/// assert_eq!(ann.principal().to_string(), "user ann");
/// assert!(Identity::new(TenantId::new("acme")?, Principal::application()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    tenant: TenantId,
    principal: Principal,
    roles: BTreeSet<RoleName>,
    expires: Option<Timestamp>,
}

impl Identity {
    /// Somebody of a tenant, without roles, for ever.
    ///
    /// # Errors
    /// `Unauthenticated` for the application, and for a name that is empty, longer than 256 bytes or has control characters.
    pub fn new(tenant: TenantId, principal: Principal) -> Result<Self> {
        if principal.is_application() {
            return Err(refused("nobody proves to be the application itself"));
        }
        let name = principal.name();
        if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
            return Err(refused("the name of the caller has 1 to 256 bytes and no control characters"));
        }
        Ok(Self { tenant, principal, roles: BTreeSet::new(), expires: None })
    }

    /// The same identity with roles that the proof gives, in place of those it had.
    ///
    /// # Errors
    /// `Unauthenticated` where there are more than 64.
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = RoleName>) -> Result<Self> {
        self.roles = roles.into_iter().take(ROLES + 1).collect();
        if self.roles.len() > ROLES {
            return Err(refused("a caller has 64 roles at most"));
        }
        Ok(self)
    }

    /// The same identity until a time: from then on it is nobody's.
    #[must_use]
    pub fn until(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }

    /// For which tenant it acts.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who it is: a person or an agent.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The roles that the proof gives, beside those that are bound to the caller's name.
    pub fn roles(&self) -> &BTreeSet<RoleName> {
        &self.roles
    }

    /// Until when it holds; none for ever.
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// The context of a call that it makes.
    pub fn context(&self) -> CallContext {
        CallContext::new().tenant(self.tenant.clone()).principal(self.principal.clone())
    }

    /// Whether it holds at that time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// A proof that is not accepted.
pub(super) fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unauthenticated, why).refused()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> TenantId {
        TenantId::default_tenant()
    }

    #[test]
    fn names_are_bounded_and_the_application_is_nobody() {
        let long = "x".repeat(257);
        for name in ["", "a\nb", &long] {
            let error = Identity::new(tenant(), Principal::agent(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{name:?}");
        }
        assert!(Identity::new(tenant(), Principal::application()).is_err());
        // A person who is called so is a person.
        assert!(
            !Identity::new(tenant(), Principal::user("application")).unwrap().principal().is_application()
        );
    }

    #[test]
    fn roles_are_bounded() {
        let ann = Identity::new(tenant(), Principal::user("ann")).unwrap();
        let roles = |count: usize| (0..count).map(|at| RoleName::new(format!("r{at}")).unwrap());
        assert_eq!(ann.clone().with_roles(roles(64)).unwrap().roles().len(), 64);
        assert!(ann.with_roles(roles(65)).is_err());
    }

    #[test]
    fn an_end_is_not_in_it() {
        let end = Timestamp::from_second(100).unwrap();
        let ann = Identity::new(tenant(), Principal::user("ann")).unwrap().until(end);
        assert!(ann.is_valid(Timestamp::from_second(99).unwrap()));
        assert!(!ann.is_valid(end));
    }
}
