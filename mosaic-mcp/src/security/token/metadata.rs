//! What a server tells of its authorisation: the protected-resource metadata of OAuth (RFC 9728), which MCP clients follow.

use mosaic_core::error::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// The metadata of a protected resource: which authorization servers give tokens for it. It is published without proof of who asks.
///
/// ```
/// use mosaic_mcp::security::token::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://mosaic.example/mcp", ["https://id.example"])?;
/// assert_eq!(resource.well_known_path(), "/.well-known/oauth-protected-resource/mcp");
/// assert_eq!(
///     resource.challenge(None),
///     r#"Bearer resource_metadata="https://mosaic.example/.well-known/oauth-protected-resource/mcp""#
/// );
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ProtectedResource {
    /// The address of the resource: the audience of its tokens.
    pub resource: String,
    /// Who gives tokens for it.
    pub authorization_servers: Vec<String>,
    /// How tokens are given: in the header `authorization` only, never in the address.
    pub bearer_methods_supported: Vec<String>,
    /// The scopes that a client may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// A page for people who write a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

impl ProtectedResource {
    /// The metadata of a resource.
    ///
    /// # Errors
    /// `Config` where an address is none, or has a fragment, a query or credentials in it.
    pub fn new<S: Into<String>>(
        resource: impl Into<String>,
        servers: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let resource = resource.into();
        let authorization_servers: Vec<String> = servers.into_iter().map(Into::into).collect();
        for address in std::iter::once(&resource).chain(&authorization_servers) {
            check(address)?;
        }
        Ok(Self {
            resource,
            authorization_servers,
            bearer_methods_supported: vec!["header".to_owned()],
            scopes_supported: Vec::new(),
            resource_name: None,
            resource_documentation: None,
        })
    }

    /// The same with a name for people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// The same with scopes that a client may ask for.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes_supported = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The path at which the metadata is published.
    pub fn well_known_path(&self) -> String {
        // It was checked when this was made; what was changed since has no path of its own.
        let path = Url::parse(&self.resource).map(|url| url.path().trim_end_matches('/').to_owned());
        format!("/.well-known/oauth-protected-resource{}", path.unwrap_or_default())
    }

    /// The value of the header `www-authenticate` of a refusal: where the metadata is, and, where a token was given and refused,
    /// the code of the refusal, such as `invalid_token`.
    pub fn challenge(&self, code: Option<&str>) -> String {
        let origin = Url::parse(&self.resource).map(|url| url.origin().ascii_serialization());
        let place = format!("{}{}", origin.unwrap_or_default(), self.well_known_path());
        // Quotation marks cannot be in either.
        let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
        match code.map(|code| code.chars().filter(plain).collect::<String>()) {
            Some(code) => format!(r#"Bearer error="{code}", resource_metadata="{place}""#),
            None => format!(r#"Bearer resource_metadata="{place}""#),
        }
    }
}

fn check(address: &str) -> Result<()> {
    let config = |why: &str| Error::new(ErrorKind::Config, format!("{address:?} {why}"));
    let url = Url::parse(address).map_err(|_| config("is no address"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(config("is neither https nor http"));
    }
    if url.fragment().is_some()
        || url.query().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(Error::new(ErrorKind::Config, "such an address has no fragment, query or credentials"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_document_of_the_rfc() {
        let resource = ProtectedResource::new("https://mosaic.example", ["https://id.example"])
            .unwrap()
            .name("Mosaic")
            .scopes(["mcp"]);
        assert_eq!(
            serde_json::to_value(&resource).unwrap(),
            serde_json::json!({
                "resource": "https://mosaic.example", "authorization_servers": ["https://id.example"],
                "bearer_methods_supported": ["header"], "scopes_supported": ["mcp"], "resource_name": "Mosaic",
            })
        );
        assert_eq!(resource.well_known_path(), "/.well-known/oauth-protected-resource");
        let challenge = resource.challenge(Some("invalid_token\", x=\""));
        assert!(challenge.starts_with(r#"Bearer error="invalid_tokenx", "#), "{challenge}");
    }

    #[test]
    fn addresses_are_checked() {
        for bad in
            ["mosaic", "ftp://a/b", "https://a/b#c", "https://a/b?c=d", "https://ann:pw@a/b", "file:///etc"]
        {
            let error = ProtectedResource::new(bad, ["https://id.example"]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }
}
