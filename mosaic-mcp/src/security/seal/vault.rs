//! A master key in OpenBao or Vault (its transit engine).

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use parking_lot::RwLock;
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::super::address::secure;
use super::local::data_key;
use super::master::{DataKeyBytes, MasterKey};

/// The longest answer.
const ANSWER: usize = 64 << 10;

/// A key of the transit engine of OpenBao or Vault, which encrypts data keys and never gives itself away. A rotation there changes
/// nothing here: what it encrypted says which version did.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::seal::{Keyring, TransitKey};
///
/// let key = TransitKey::new("https://vault.example:8200", "transit", "mosaic", Secret::new("hvs.token"))?;
/// let keys = Keyring::new(key)?;
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct TransitKey {
    client: reqwest::Client,
    encrypt: Url,
    decrypt: Url,
    id: String,
    token: RwLock<Secret>,
}

#[derive(Serialize)]
struct Plain<'a> {
    plaintext: &'a str,
}

#[derive(Serialize)]
struct Cipher<'a> {
    ciphertext: &'a str,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: String,
}

impl TransitKey {
    /// A key by the address of the server, the path of the engine, and its name there. The token may encrypt and decrypt with it.
    ///
    /// # Errors
    /// `Config` where the address is neither HTTPS nor on this machine, or a name is none.
    pub fn new(address: &str, mount: &str, name: &str, token: Secret) -> Result<Self> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 100
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if !plain(mount) || !plain(name) {
            let message =
                "the path of the transit engine, and the name of the key, have letters, digits, - and _";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let place =
            |verb: &str| secure(&format!("{}/v1/{mount}/{verb}/{name}", address.trim_end_matches('/')));
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, "no HTTP client can be made").source(error))?;
        Ok(Self {
            client,
            encrypt: place("encrypt")?,
            decrypt: place("decrypt")?,
            id: format!("transit:{mount}/{name}"),
            token: RwLock::new(token),
        })
    }

    /// Another token from now on, as tokens end.
    pub fn renew(&self, token: Secret) {
        *self.token.write() = token;
    }

    async fn ask<T: for<'de> Deserialize<'de>>(&self, place: &Url, body: &impl Serialize) -> Result<T> {
        let broken = |error: reqwest::Error| {
            Error::new(ErrorKind::Network, "the server of the master key cannot be reached")
                .delivery(Delivery::Unknown)
                .source(error.without_url())
        };
        let token = self.token.read().clone();
        let request = self.client.post(place.clone()).header("x-vault-token", token.expose()).json(body);
        let mut answer = request.send().await.map_err(broken)?;
        let status = answer.status();
        let mut text = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if text.len() + chunk.len() > ANSWER {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "the answer of the server of the master key is too large",
                ));
            }
            text.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            let (kind, what) = match status.as_u16() {
                401 | 403 => (ErrorKind::Unauthenticated, "does not accept the token: give a new one"),
                400 | 404 => (ErrorKind::Config, "does not know the key, or did not encrypt this"),
                503 => (ErrorKind::Provider, "is sealed or not ready"),
                _ => (ErrorKind::Provider, "failed"),
            };
            let message = format!("the server of the master key {what}");
            return Err(Error::new(kind, message).status(status.as_u16()).delivery(Delivery::Answered));
        }
        let answer: Answer<T> = serde_json::from_slice(&text).map_err(|_| unreadable())?;
        Ok(answer.data)
    }
}

#[async_trait]
impl MasterKey for TransitKey {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
        let plaintext = Zeroizing::new(STANDARD.encode(key.as_slice()));
        let encrypted: Encrypted = self.ask(&self.encrypt, &Plain { plaintext: &plaintext }).await?;
        Ok(encrypted.ciphertext.into_bytes())
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
        let ciphertext = std::str::from_utf8(wrapped).map_err(|_| unreadable())?;
        let decrypted: Decrypted = self.ask(&self.decrypt, &Cipher { ciphertext }).await?;
        let bytes =
            Zeroizing::new(STANDARD.decode(decrypted.plaintext.as_bytes()).map_err(|_| unreadable())?);
        data_key(&bytes).ok_or_else(unreadable)
    }
}

impl std::fmt::Debug for TransitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TransitKey({}, ***)", self.id)
    }
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Protocol, "the server of the master key gave an answer that cannot be read")
        .delivery(Delivery::Answered)
}
