//! What can be set about the connection to a vendor.

use std::path::PathBuf;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::redact::told;

/// How a vendor is connected to; everything has a default.
///
/// ```
/// use mosaic_providers::http::{HttpConfig, Reach};
///
/// let config: HttpConfig = serde_json::from_str(r#"{ "reach": "loopback", "connectTimeoutMs": 2000 }"#)?;
/// assert_eq!((config.reach, config.max_body_bytes), (Reach::Loopback, 64 << 20));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HttpConfig {
    /// Which certificates are trusted, and which one is shown.
    pub tls: TlsConfig,
    /// The proxy that everything goes through. Where absent, the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of
    /// the environment count, unless only loopback may be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyConfig>,
    /// Which addresses may be connected to; all by default.
    pub reach: Reach,
    /// The longest that making a connection may take, in milliseconds; 10,000 by default. How long a whole attempt may take
    /// is set at the plugin (`timeout`).
    #[schemars(range(min = 1, max = 600_000))]
    pub connect_timeout_ms: u64,
    /// How many connections are kept open without work, for the next requests; 16 by default.
    #[schemars(range(max = 1024))]
    pub idle_connections: usize,
    /// The largest answer that is taken into memory, in bytes; 64 MiB by default. Logs and artifacts are streams and have
    /// no such limit.
    #[schemars(range(min = 1024))]
    pub max_body_bytes: u64,
    /// How much memory answers with an `ETag` may take, to be asked for conditionally later, in bytes; 16 MiB by default, 0
    /// switches it off.
    pub revalidation_bytes: u64,
    /// What is said of who asks, in front of Mosaic's own name: such as `acme-bot/2.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            tls: TlsConfig::default(),
            proxy: None,
            reach: Reach::default(),
            connect_timeout_ms: 10_000,
            idle_connections: 16,
            max_body_bytes: 64 << 20,
            revalidation_bytes: 16 << 20,
            user_agent: None,
        }
    }
}

impl HttpConfig {
    /// The same, reaching these addresses only.
    #[must_use]
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }
}

/// Which addresses may be connected to, whatever a name resolves to.
///
/// ```
/// use mosaic_providers::http::Reach;
///
/// assert_eq!(Reach::default(), Reach::Anywhere);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// All of them.
    #[default]
    Anywhere,
    /// This machine only: for tests, and for a vendor behind a tunnel. No proxy of the environment is used.
    Loopback,
}

/// Certificates. Those of the other side are always checked.
///
/// ```
/// use mosaic_providers::http::TlsConfig;
///
/// let config: TlsConfig = serde_json::from_str(r#"{ "ca": "house-ca.pem", "caOnly": true }"#)?;
/// assert!(config.ca_only && config.certificate.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TlsConfig {
    /// A PEM file with the authorities of one's own house.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Whether they are the only ones that are trusted; they are trusted beside those of the system by default.
    pub ca_only: bool,
    /// A PEM file with the certificate that is shown to the other side, and its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// A PEM file with the key of `certificate`, where that file has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// A proxy for HTTP and HTTPS.
///
/// ```
/// use mosaic_providers::http::ProxyConfig;
///
/// let config: ProxyConfig =
///     serde_json::from_str(r#"{ "url": "http://proxy.example.org:3128", "user": "ci", "password": "s3cr3t" }"#)?;
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Its address, without user and password.
    pub url: String,
    /// The user it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Hosts that are connected to directly, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<String>,
}

/// Reads the configuration of a vendor's plugin.
///
/// # Errors
/// `Config`, saying what does not fit, and never a value: any of them may be a credential.
pub(crate) fn read<T: DeserializeOwned>(vendor: &str, config: Value) -> Result<T> {
    let mut values = Vec::new();
    collect(&config, &mut values);
    // The longest first, so that none hides a part of another.
    values.sort_by_key(|value| std::cmp::Reverse(value.expose().len()));
    serde_json::from_value(config).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{vendor}: {}", told(&error.to_string(), &values)))
    })
}

/// The texts in a configuration that may be credentials, as they are and as `Debug` writes them.
fn collect(config: &Value, values: &mut Vec<Secret>) {
    match config {
        Value::String(text) => {
            values.push(Secret::new(text.as_str()));
            let escaped = format!("{text:?}");
            values.push(Secret::new(&escaped[1..escaped.len() - 1]));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::Object(fields) => {
            let telling = |name: &str| matches!(name, "type" | "grant" | "reach");
            fields.iter().filter(|(name, _)| !telling(name)).for_each(|(_, value)| collect(value, values));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Auth;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        #[expect(dead_code, reason = "read only")]
        auth: Auth,
    }

    #[test]
    fn what_does_not_fit_is_named_and_no_value_is_shown() {
        for (config, named) in [
            (json!({ "auth": "s3cr3t" }), "Auth"),
            (json!({ "auth": { "type": "token", "token": ["s3cr3t"] } }), "sequence"),
            (json!({ "auth": { "type": "token", "token": "x" }, "tokn": "s3cr3t" }), "tokn"),
            (json!({ "auth": { "type": "tokens", "tokens": "s3\"cr3t" } }), "sequence"),
            (json!({ "auth": { "type": "tokem", "token": "s3cr3t" } }), "tokem"),
        ] {
            let error = read::<Config>("forge", config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(named), "{error}");
            assert!(!error.message().contains("cr3t"), "{error}");
        }
    }
}
