//! What clients may read: documents with an address, lists of them, and news when one changes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use serde::Serialize;

use super::content::as_base64;
use super::guard::Sight;
use crate::function::Permission;

mod audit;
mod operations;

pub use audit::AuditHeads;
pub use operations::OperationDocs;

/// A document that clients may read.
///
/// ```
/// use mosaic_mcp::surface::Resource;
///
/// let plan = Resource::new("mosaic://plans/7", "plan 7").described("The plan as a tree.").media_type("text/markdown");
/// assert_eq!(plan.mime_type.as_deref(), Some("text/markdown"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Resource {
    /// Its address.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// What it holds, for the model that chooses among resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

impl Resource {
    /// A document without a description.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self { uri: uri.into(), name: name.into(), description: None, mime_type: None }
    }

    /// The same with a description.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The same with a media type.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.mime_type = Some(media_type.into());
        self
    }
}

/// A pattern of addresses, such as `mosaic://operations/{name}`, after RFC 6570.
///
/// ```
/// use mosaic_mcp::surface::ResourceTemplate;
///
/// let plans = ResourceTemplate::new("mosaic://plans/{id}", "plans").described("A plan as a tree.");
/// assert_eq!(plans.uri_template, "mosaic://plans/{id}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceTemplate {
    /// The pattern.
    pub uri_template: String,
    /// Its name.
    pub name: String,
    /// What the documents hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Their media type, where all have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

impl ResourceTemplate {
    /// A pattern without a description.
    pub fn new(uri_template: impl Into<String>, name: impl Into<String>) -> Self {
        Self { uri_template: uri_template.into(), name: name.into(), description: None, mime_type: None }
    }

    /// The same with a description.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The same with a media type.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.mime_type = Some(media_type.into());
        self
    }
}

/// What a document holds.
///
/// ```
/// use mosaic_mcp::surface::ResourceContent;
///
/// let content = ResourceContent::text("mosaic://health", "application/json", "{}");
/// let json = serde_json::to_value(content)?;
/// assert_eq!(json, serde_json::json!({ "uri": "mosaic://health", "mimeType": "application/json", "text": "{}" }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum ResourceContent {
    /// Text.
    Text {
        /// The address of the document.
        uri: String,
        /// Its media type.
        mime_type: String,
        /// The text.
        text: String,
    },
    /// Bytes.
    Bytes {
        /// The address of the document.
        uri: String,
        /// Its media type.
        mime_type: String,
        /// The bytes; Base64 in JSON.
        #[serde(serialize_with = "as_base64")]
        blob: Vec<u8>,
    },
}

impl ResourceContent {
    /// A document of text.
    pub fn text(uri: impl Into<String>, media_type: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text { uri: uri.into(), mime_type: media_type.into(), text: text.into() }
    }

    /// A document of bytes.
    pub fn bytes(uri: impl Into<String>, media_type: impl Into<String>, blob: impl Into<Vec<u8>>) -> Self {
        Self::Bytes { uri: uri.into(), mime_type: media_type.into(), blob: blob.into() }
    }
}

/// Some resources of a server. A higher crate registers its own, such as plans.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::Result;
/// use mosaic_mcp::surface::{Resource, ResourceContent, ResourceSource};
///
/// struct Motd;
///
/// #[async_trait]
/// impl ResourceSource for Motd {
///     async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
///         Ok(vec![Resource::new("app://motd", "message of the day")])
///     }
///     async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
///         Ok((uri == "app://motd").then(|| vec![ResourceContent::text(uri, "text/plain", "Be kind.")]))
///     }
/// }
/// ```
#[async_trait]
pub trait ResourceSource: Send + Sync + 'static {
    /// The documents that this caller may know of, in a stable order. Where there are many it lists few, and offers a
    /// template for the rest.
    ///
    /// # Errors
    /// Those of whatever is asked.
    async fn list(&self, cx: &CallContext) -> Result<Vec<Resource>>;

    /// The patterns of addresses that it answers to beside the list; none by default.
    fn templates(&self) -> Vec<ResourceTemplate> {
        Vec::new()
    }

    /// What the document at this address holds; none where the address is not one of this source.
    ///
    /// # Errors
    /// `NotFound` where the address is one of this source and nothing is there; `PermissionDenied`; others as they come.
    async fn read(&self, cx: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>>;

    /// The same for a document that names others, such as a list of them: what the caller may not read is not named in it. The server
    /// reads by this, which is [`read`](Self::read) by default.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    async fn read_for(
        &self,
        cx: &CallContext,
        uri: &str,
        sight: &Sight<'_>,
    ) -> Result<Option<Vec<ResourceContent>>> {
        let _ = sight;
        self.read(cx, uri).await
    }

    /// What a caller has to be allowed to list, read or watch the document at this address; for a template, its pattern. None where the
    /// address is not one of this source, and for `mcp:read_resource:ADDRESS`, which is so by default. The server asks the check; what
    /// may not be read is not listed.
    fn permission<'a>(&self, uri: &'a str) -> Option<Permission<'a>> {
        let _ = uri;
        None
    }

    /// Values for an argument of one of its templates that begin with what was typed; `others` are the arguments given
    /// already. None by default.
    ///
    /// # Errors
    /// Those of whatever is asked.
    async fn complete(
        &self,
        cx: &CallContext,
        template: &str,
        argument: &str,
        typed: &str,
        others: &BTreeMap<String, String>,
    ) -> Result<Vec<String>> {
        let _ = (cx, template, argument, typed, others);
        Ok(Vec::new())
    }

    /// An item whenever the document at this address has changed, until the stream is dropped. None where the address is not
    /// one of this source, and where the document never changes, which is so by default.
    fn watch(&self, cx: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        let _ = (cx, uri);
        None
    }
}
