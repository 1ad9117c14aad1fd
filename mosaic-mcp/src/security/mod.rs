//! Security: who calls, what they may do, what is sealed, and what is written down about it.
//!
//! | what | where |
//! | --- | --- |
//! | [`Identity`] | who calls and for which tenant, once it is proved |
//! | [`Authenticator`] [`Authenticators`] | proof: the text of a bearer token becomes an identity, or is refused |
//! | [`Admission`] | the way in: a proof becomes a context whose calls are checked, and the audit hears of it |
//! | [`audit`] | what was done, denied and changed, in a chain that shows every later change |
//! | [`access`] | what callers may do: roles, permissions, and the one check |
//! | [`seal`] | values encrypted at rest |
//! | [`token`] | JSON Web Tokens, API keys, the metadata of a protected resource |
pub mod access;
#[cfg(any(feature = "http", feature = "vault"))]
mod address;
pub(crate) mod admission;
pub mod audit;
mod authenticator;
#[cfg(any(feature = "grpc", feature = "http"))]
mod bearer;
mod identity;
#[cfg(any(feature = "grpc", feature = "http"))]
pub(crate) mod limits;
#[cfg(any(feature = "grpc", feature = "http"))]
pub(crate) mod proof;
pub mod seal;
pub mod token;

pub use admission::Admission;
pub use authenticator::{Authenticator, Authenticators, TOKEN_BYTES};
#[cfg(any(feature = "grpc", feature = "http"))]
pub(crate) use bearer::bearer;
pub use identity::{Identity, RoleKind, RoleName};
