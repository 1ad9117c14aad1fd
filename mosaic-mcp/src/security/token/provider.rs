//! The keys of an identity provider over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use reqwest::redirect::Policy;
use serde::Deserialize;
use url::Url;

use super::super::address::secure;
use super::FetchKeys;

/// The largest answer of an identity provider: 256 KiB.
const ANSWER: usize = 256 << 10;

/// Where an identity provider publishes its keys: at an address, or where its discovery document says (OpenID Connect Discovery).
/// HTTPS is required except on this machine; redirects are not followed.
///
/// ```
/// use mosaic_mcp::security::token::IdentityProvider;
///
/// assert!(IdentityProvider::discover("https://id.example/realms/acme").is_ok());
/// assert!(IdentityProvider::discover("http://id.example").is_err(), "anybody in between could give the keys");
/// ```
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    client: reqwest::Client,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Keys(Url),
    Issuer { issuer: String, document: Url },
}

impl IdentityProvider {
    /// Keys at an address.
    ///
    /// # Errors
    /// `Config` where the address is none, or neither HTTPS nor on this machine.
    pub fn at(address: &str) -> Result<Self> {
        Self::of(Place::Keys(secure(address)?))
    }

    /// Keys of an issuer, where its discovery document says.
    ///
    /// # Errors
    /// As for [`IdentityProvider::at`].
    pub fn discover(issuer: &str) -> Result<Self> {
        let document = secure(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        Self::of(Place::Issuer { issuer: issuer.to_owned(), document })
    }

    fn of(place: Place) -> Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(8))
            .connect_timeout(Duration::from_secs(4))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, "no HTTP client can be made").source(error))?;
        Ok(Self { client, place })
    }

    async fn get(&self, address: &Url) -> Result<Bytes> {
        let broken = |error: reqwest::Error| {
            Error::new(ErrorKind::Network, "the identity provider cannot be reached")
                .delivery(Delivery::Unknown)
                .source(error.without_url())
        };
        let mut answer = self
            .client
            .get(address.clone())
            .header("accept", "application/json")
            .send()
            .await
            .map_err(broken)?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            let message = format!("the identity provider answered with status {status} in place of its keys");
            return Err(Error::new(ErrorKind::Provider, message).status(status).delivery(Delivery::Answered));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(protocol("the identity provider's answer is larger than 256 KiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl FetchKeys for IdentityProvider {
    async fn fetch(&self) -> Result<Bytes> {
        let (issuer, document) = match &self.place {
            Place::Keys(address) => return self.get(address).await,
            Place::Issuer { issuer, document } => (issuer, document),
        };
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let found: Discovery = serde_json::from_slice(&self.get(document).await?)
            .map_err(|_| protocol("the identity provider's discovery document is not one"))?;
        if found.issuer != *issuer {
            return Err(protocol("the discovery document is of another issuer"));
        }
        self.get(&secure(&found.jwks_uri)?).await
    }
}

fn protocol(why: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, why).delivery(Delivery::Answered)
}
