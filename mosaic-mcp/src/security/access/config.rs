//! Roles and bindings as configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::RoleName;

/// Who may do what. Without anything in it, nobody but the application may do anything.
///
/// ```
/// use mosaic_mcp::security::access::{Access, AccessConfig};
///
/// let config: AccessConfig = serde_json::from_str(r#"{
///     "roles": {
///         "reader": { "allow": ["*:@read:*"] },
///         "maintainer": { "inherits": ["reader"], "allow": ["git:*:acme/*"], "deny": ["git:delete_repository:*"] }
///     },
///     "bindings": [{ "who": "user:ann", "tenant": "acme", "roles": ["maintainer"] }]
/// }"#)?;
/// let access = Access::new(&config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AccessConfig {
    /// The roles; 256 at most.
    pub roles: BTreeMap<RoleName, RoleConfig>,
    /// Which callers have which roles, beside those that their tokens give.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
    /// Services beside those of the catalogue and the rooms of the backbone, which the application itself asks about. A
    /// permission for a service that nobody has is refused as a mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

/// What a role allows and denies.
///
/// ```
/// use mosaic_mcp::security::access::RoleConfig;
///
/// let role: RoleConfig = serde_json::from_str(r#"{ "allow": ["git:*:acme/*"], "deny": ["git:delete_repository:*"] }"#)?;
/// assert!(role.inherits.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RoleConfig {
    /// Roles whose permissions and denials this one has as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<RoleName>,
    /// Permissions, as `service:operation:resource`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Denials, written likewise. They win, whichever role of the caller allows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// Gives roles to callers.
///
/// ```
/// use mosaic_mcp::security::access::Binding;
///
/// let binding: Binding = serde_json::from_str(r#"{ "who": "agent:builder", "tenant": "acme", "roles": ["worker"] }"#)?;
/// assert_eq!(binding.roles.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Binding {
    /// To whom: `user:NAME`, `agent:NAME`, `credential:LABEL`, everyone of a kind as `user:*` or `agent:*`, or everyone as `*`.
    pub who: String,
    /// In which tenant; `*` in every one, where the same name is then the same caller.
    pub tenant: String,
    /// Which roles.
    pub roles: Vec<RoleName>,
}
