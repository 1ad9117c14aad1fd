//! Access tokens by OAuth 2 (RFC 6749): by a refresh token, or by the client's own credentials.

use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Proof, Token, TokenSource};
use crate::http::answer::read_bounded;
use crate::http::rate;
use crate::http::redact::told;
use crate::http::transport::Transport;

/// How access tokens are asked for.
///
/// ```
/// use mosaic_providers::http::OAuth2;
///
/// let config: OAuth2 = serde_json::from_str(
///     r#"{ "tokenUrl": "https://forge.example.org/oauth/token", "clientId": "mosaic", "clientSecret": "s3cr3t",
///          "grant": "clientCredentials" }"#,
/// )?;
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OAuth2 {
    /// The address that gives tokens. It may be on another host than the vendor's API, and gets the client's credentials.
    pub token_url: String,
    /// The id of the client.
    pub client_id: String,
    /// The secret of the client, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// What the tokens are given for.
    #[serde(default)]
    pub grant: OAuth2Grant,
    /// The refresh token, for the grant `refreshToken`. Where the vendor gives a new one with each access token, that one is
    /// used from then on, and is lost with the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The scopes to ask for, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// What access tokens are given for.
///
/// ```
/// use mosaic_providers::http::OAuth2Grant;
///
/// assert_eq!(OAuth2Grant::default(), OAuth2Grant::RefreshToken);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OAuth2Grant {
    /// A refresh token that a person allowed.
    #[default]
    RefreshToken,
    /// The client's own credentials.
    ClientCredentials,
}

/// Asks the token address.
pub(in crate::http) struct OAuthSource {
    transport: Transport,
    config: OAuth2,
    url: Url,
    /// The newest refresh token.
    refresh: Mutex<Option<Secret>>,
}

#[derive(Deserialize)]
struct Given {
    access_token: Secret,
    expires_in: Option<u64>,
    refresh_token: Option<Secret>,
}

#[derive(Deserialize, Default)]
struct Denied {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl OAuthSource {
    /// # Errors
    /// `Config` where something is missing.
    pub(in crate::http) fn new(transport: Transport, config: OAuth2) -> Result<Self> {
        let fault = |text: &'static str| Error::new(ErrorKind::Config, text);
        let url = Url::parse(&config.token_url).map_err(|_| fault("auth.tokenUrl: give a whole URL"))?;
        match config.grant {
            OAuth2Grant::RefreshToken if config.refresh_token.is_none() => {
                return Err(fault("auth.refreshToken: the grant `refreshToken` needs one"));
            }
            OAuth2Grant::ClientCredentials if config.client_secret.is_none() => {
                return Err(fault("auth.clientSecret: the grant `clientCredentials` needs one"));
            }
            _ => {}
        }
        let refresh = Mutex::new(config.refresh_token.clone());
        Ok(Self { transport, config, url, refresh })
    }

    fn form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        match self.config.grant {
            OAuth2Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
            OAuth2Grant::RefreshToken => {
                form.append_pair("grant_type", "refresh_token");
                if let Some(token) = &*self.refresh.lock() {
                    form.append_pair("refresh_token", token.expose());
                }
            }
        }
        if self.config.client_secret.is_none() {
            form.append_pair("client_id", &self.config.client_id);
        }
        if let Some(scope) = &self.config.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.config.client_secret.iter().cloned().chain(self.refresh.lock().clone()).collect()
    }
}

#[async_trait]
impl TokenSource for OAuthSource {
    async fn fetch(&self) -> Result<Token> {
        let mut request = reqwest::Request::new(http::Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(secret) = &self.config.client_secret {
            // RFC 6749, 2.3.1: the id and the secret are form-encoded before they become user and password.
            let encode =
                |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let proof = Proof::basic(&encode(&self.config.client_id), &Secret::new(encode(secret.expose())))?;
            headers.insert(proof.name, proof.value);
        }
        *request.body_mut() = Some(self.form().into());
        let response = self
            .transport
            .execute(request)
            .await
            .map_err(|error| error.context("asking", "for an access token"))?;
        let (status, wait) = (response.status(), rate::wait(response.headers()));
        let body = read_bounded(response, 64 << 10).await?;
        if !status.is_success() {
            let denied: Denied = serde_json::from_slice(&body).unwrap_or_default();
            let said = told(&format!("{} {}", denied.error, denied.error_description), &self.secrets());
            let kind = match status.as_u16() {
                429 => ErrorKind::RateLimited,
                408 | 500..=599 => ErrorKind::Provider,
                _ => ErrorKind::Unauthenticated,
            };
            let text = format!(
                "no access token is given: {} answers {}: {said}",
                self.url.host_str().unwrap_or("the server"),
                status.as_u16()
            );
            let error = Error::new(kind, text).status(status.as_u16());
            return Err(match wait.filter(|_| kind != ErrorKind::Unauthenticated) {
                Some(wait) => error.retry_after(wait),
                None => error,
            });
        }
        // What the reader says of an answer may quote it.
        let given: Given = serde_json::from_slice(&body).map_err(|_| {
            Error::new(ErrorKind::Protocol, "the answer to the request for an access token cannot be read")
        })?;
        if let Some(next) = given.refresh_token {
            *self.refresh.lock() = Some(next);
        }
        Ok(Token { secret: given.access_token, lifetime: given.expires_in.map(Duration::from_secs) })
    }
}
