//! From the claims of a token to an identity.

use mosaic_core::context::Principal;
use mosaic_core::error::Result;
use mosaic_core::types::TenantId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::identity::refused;
use super::super::{Identity, RoleName};

/// What a caller is.
///
/// ```
/// use mosaic_mcp::security::token::CallerKind;
///
/// assert_eq!(serde_json::to_string(&CallerKind::Agent)?, r#""agent""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A person.
    #[default]
    User,
    /// An agent.
    Agent,
}

impl CallerKind {
    /// The principal of this kind with that name.
    pub(super) fn named(self, name: &str) -> Principal {
        match self {
            Self::User => Principal::user(name),
            Self::Agent => Principal::agent(name),
        }
    }

    /// The kind of a principal; none for the application.
    pub(super) fn of(principal: &Principal) -> Option<Self> {
        use mosaic_core::context::PrincipalKind;
        match principal.kind() {
            PrincipalKind::Application => None,
            PrincipalKind::User => Some(Self::User),
            PrincipalKind::Agent => Some(Self::Agent),
        }
    }
}

/// Which claims say what. A claim is named as it is, or as a JSON pointer where it begins with `/`, such as
/// `/realm_access/roles`. The defaults fit the tokens of [`TokenIssuer`](super::TokenIssuer).
///
/// ```
/// use mosaic_mcp::security::token::ClaimMapping;
///
/// let mapping: ClaimMapping = serde_json::from_str(r#"{ "tenant": "acme", "roles_claim": "/realm_access/roles" }"#)?;
/// assert_eq!(mapping.name_claim, "sub");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClaimMapping {
    /// The tenant of everyone; absent where a claim says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The claim with the tenant, where `tenant` is absent. A token without it is refused.
    pub tenant_claim: String,
    /// The claim with the name of the caller.
    pub name_claim: String,
    /// The claim with the roles: a list of texts, or one text with spaces between them. Texts that cannot be the name of a role
    /// give none; a token without it gives none.
    pub roles_claim: String,
    /// The claim that says `user` or `agent`.
    pub kind_claim: String,
    /// What a caller is whose token does not say it.
    pub kind: CallerKind,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            tenant: None,
            tenant_claim: "tenant".to_owned(),
            name_claim: "sub".to_owned(),
            roles_claim: "roles".to_owned(),
            kind_claim: "kind".to_owned(),
            kind: CallerKind::User,
        }
    }
}

impl ClaimMapping {
    /// A mapping for a provider that serves one tenant only.
    pub fn for_tenant(tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..Self::default() }
    }

    /// The identity of verified claims; it has no end yet.
    pub(super) fn identity(&self, claims: &Value) -> Result<Identity> {
        let tenant = match &self.tenant {
            Some(tenant) => tenant.clone(),
            None => {
                let text = text(claims, &self.tenant_claim)?.ok_or_else(|| missing(&self.tenant_claim))?;
                TenantId::new(text).map_err(|_| refused("the token's tenant is no name of a tenant"))?
            }
        };
        let kind = match text(claims, &self.kind_claim)? {
            None => self.kind,
            Some("user") => CallerKind::User,
            Some("agent") => CallerKind::Agent,
            Some(_) => return Err(refused("the token's kind of caller is neither `user` nor `agent`")),
        };
        let name = text(claims, &self.name_claim)?.ok_or_else(|| missing(&self.name_claim))?;
        Identity::new(tenant, kind.named(name))?.with_roles(self.roles(claims)?)
    }

    fn roles(&self, claims: &Value) -> Result<Vec<RoleName>> {
        let names: Vec<&str> = match claim(claims, &self.roles_claim) {
            None => Vec::new(),
            Some(Value::String(text)) => text.split(' ').collect(),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(_) => return Err(refused("the token's roles are neither a list nor a text")),
        };
        Ok(names.into_iter().filter_map(|name| RoleName::new(name).ok()).collect())
    }
}

fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let found = if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) };
    found.filter(|value| !value.is_null())
}

fn text<'a>(claims: &'a Value, name: &str) -> Result<Option<&'a str>> {
    match claim(claims, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refused(format!("the claim {name:?} of the token is no text"))),
    }
}

fn missing(name: &str) -> mosaic_core::Error {
    refused(format!("the token has no claim {name:?}"))
}

/// The claims that every token has, whoever made it.
#[derive(Debug, Deserialize)]
pub(super) struct Registered {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Registered {
    /// The claims of a token.
    pub(super) fn of(claims: &Value) -> Result<Self> {
        Self::deserialize(claims).map_err(|_| refused("a registered claim of the token is of a wrong type"))
    }

    /// Checks who made the token and for whom.
    pub(super) fn between(&self, issuer: &str, audiences: &[String]) -> Result<()> {
        if self.iss.as_deref() != Some(issuer) {
            return Err(refused("the token is from another issuer"));
        }
        let fits = match &self.aud {
            None => false,
            Some(Audience::One(one)) => audiences.contains(one),
            Some(Audience::Many(many)) => many.iter().any(|one| audiences.contains(one)),
        };
        if fits { Ok(()) } else { Err(refused("the token is for another audience")) }
    }

    /// Checks when the token holds, in seconds since 1970; gives its end.
    pub(super) fn within(&self, now: i64, leeway: i64, strict: bool) -> Result<i64> {
        let end = seconds(self.exp)?.ok_or_else(|| refused("the token has no end (`exp`)"))?;
        let begin = match (seconds(self.nbf)?, seconds(self.iat)?) {
            (Some(nbf), _) => nbf,
            (None, Some(iat)) if !strict => iat,
            (None, _) if strict => return Err(refused("the token has no beginning (`nbf`)")),
            (None, _) => return Err(refused("the token has no beginning (`nbf` or `iat`)")),
        };
        let end = end.saturating_add(leeway);
        if now >= end {
            return Err(refused("the token has expired: get a new one"));
        }
        if now < begin.saturating_sub(leeway) {
            return Err(refused("the token does not hold yet: check the clocks"));
        }
        Ok(end)
    }
}

/// A time in whole seconds.
fn seconds(claim: Option<f64>) -> Result<Option<i64>> {
    /// The last second that a time here can be in.
    const LAST: f64 = 253_402_207_200.0;
    match claim {
        None => Ok(None),
        #[expect(clippy::cast_possible_truncation, reason = "it is checked to be within the range")]
        Some(time) if (0.0..LAST).contains(&time) => Ok(Some(time as i64)),
        Some(_) => Err(refused("a time of the token is out of range")),
    }
}
