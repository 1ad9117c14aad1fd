//! Who Mosaic is to a vendor: the credentials of a configuration, and how they become a header.

pub(super) mod jwt;
mod lease;
mod oauth;
mod pool;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use lease::Lease;
pub use lease::{Token, TokenSource};
pub(super) use oauth::OAuthSource;
pub use oauth::{OAuth2, OAuth2Grant};
pub(super) use pool::Pool;

use super::dialect::TokenHeader;

/// The credentials of a provider.
///
/// ```
/// use mosaic_providers::http::Auth;
/// use mosaic_core::types::Secret;
///
/// let auth: Auth = serde_json::from_str(r#"{ "type": "token", "token": "s3cr3t" }"#)?;
/// assert_eq!(auth, Auth::token("s3cr3t"));
/// assert!(!format!("{auth:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Auth {
    /// None: only what everybody may see, within the smallest limits.
    #[default]
    None,
    /// One token.
    Token {
        /// The token.
        token: Secret,
    },
    /// Several tokens of the same rights, each with limits of its own. The one with most left is taken; one that is no longer
    /// accepted is left out.
    Tokens {
        /// The tokens.
        tokens: Vec<Secret>,
    },
    /// User and password, or user and token where the vendor wants a token in the place of the password.
    Basic {
        /// The user.
        user: String,
        /// The password or token.
        password: Secret,
    },
    /// An app that is installed at the vendor and asks for tokens of an hour with a signed statement.
    #[serde(rename_all = "camelCase")]
    App {
        /// The id of the app, or its client id.
        app_id: String,
        /// The number of the installation to act as.
        installation_id: u64,
        /// The private key in PEM form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_key: Option<Secret>,
        /// A file with the private key in PEM form, in the place of `privateKey`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_key_file: Option<PathBuf>,
    },
    /// Access tokens by OAuth 2, renewed when they run out.
    #[serde(rename = "oauth2")]
    OAuth2(OAuth2),
}

impl Auth {
    /// One token.
    pub fn token(token: impl Into<Box<str>>) -> Self {
        Self::Token { token: Secret::new(token) }
    }

    /// Several tokens of the same rights.
    pub fn tokens<T: Into<Box<str>>>(tokens: impl IntoIterator<Item = T>) -> Self {
        Self::Tokens { tokens: tokens.into_iter().map(Secret::new).collect() }
    }

    /// User and password.
    pub fn basic(user: impl Into<String>, password: impl Into<Box<str>>) -> Self {
        Self::Basic { user: user.into(), password: Secret::new(password) }
    }
}

/// A header that proves who asks, and the texts in it that nobody else may see.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    pub(super) name: HeaderName,
    /// Marked as sensitive, so that `Debug` of a request hides it.
    pub(super) value: HeaderValue,
    pub(super) secrets: Vec<Secret>,
}

impl Proof {
    /// A token, where the vendor wants tokens.
    pub(super) fn token(header: TokenHeader, token: &Secret) -> Result<Self> {
        let mut value = HeaderValue::from_str(&format!("{}{}", header.prefix, token.expose().trim()))
            .map_err(|_| unfit("token"))?;
        value.set_sensitive(true);
        let secrets = vec![Secret::new(token.expose().trim())];
        Ok(Self { name: HeaderName::from_static(header.name), value, secrets })
    }

    /// User and password.
    pub(super) fn basic(user: &str, password: &Secret) -> Result<Self> {
        if user.contains(':') {
            return Err(Error::new(ErrorKind::Config, "auth.user: a user name has no colon"));
        }
        let encoded = STANDARD.encode(format!("{user}:{}", password.expose()));
        let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).map_err(|_| unfit("password"))?;
        value.set_sensitive(true);
        Ok(Self {
            name: http::header::AUTHORIZATION,
            value,
            secrets: vec![password.clone(), Secret::new(encoded)],
        })
    }
}

fn unfit(field: &str) -> Error {
    Error::new(ErrorKind::Config, format!("auth.{field}: it has characters that no header can carry"))
}

/// One credential at work.
#[derive(Debug)]
pub(super) enum Credential {
    Anonymous,
    Fixed(Proof),
    Leased(Lease),
}

impl Credential {
    /// What to send; asks for a new token where the last one ran out.
    pub(super) async fn proof(&self) -> Result<Option<Proof>> {
        match self {
            Self::Anonymous => Ok(None),
            Self::Fixed(proof) => Ok(Some(proof.clone())),
            Self::Leased(lease) => lease.proof().await.map(Some),
        }
    }
}
