//! Tokens: JSON Web Tokens checked and issued, API keys, and what a server tells of its authorisation.
mod api_key;
mod claims;
mod issue;
mod jwks;
mod jwt;
mod key;
mod metadata;
#[cfg(feature = "http")]
mod provider;

pub use api_key::{ApiKey, ApiKeys, NewApiKey};
pub use claims::{CallerKind, ClaimMapping};
pub use issue::TokenIssuer;
pub use jwks::{FetchKeys, RemoteKeys};
pub use jwt::Jwt;
pub use key::{KeySet, VerifyKey};
pub use metadata::ProtectedResource;
#[cfg(feature = "http")]
pub use provider::IdentityProvider;

/// The cryptography that the library of tokens uses. It has none of its own until one is set; whoever set one before keeps it.
fn cryptography() {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
