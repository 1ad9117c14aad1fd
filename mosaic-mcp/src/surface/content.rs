//! What results, prompts and resources consist of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::resources::{Resource, ResourceContent};

/// A piece of a result or of a prompt.
///
/// ```
/// use mosaic_mcp::surface::Content;
///
/// assert_eq!(serde_json::to_string(&Content::text("hi"))?, r#"{"type":"text","text":"hi"}"#);
/// let image = Content::image(vec![1, 2, 3], "image/png");
/// assert_eq!(serde_json::to_string(&image)?, r#"{"type":"image","data":"AQID","mimeType":"image/png"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Its bytes; Base64 in JSON.
        #[serde(serialize_with = "as_base64")]
        data: Vec<u8>,
        /// Its media type.
        mime_type: String,
    },
    /// Sound.
    Audio {
        /// Its bytes; Base64 in JSON.
        #[serde(serialize_with = "as_base64")]
        data: Vec<u8>,
        /// Its media type.
        mime_type: String,
    },
    /// A resource, with what it holds.
    Resource {
        /// What it holds.
        resource: ResourceContent,
    },
    /// A resource to be read by its address.
    ResourceLink(Resource),
}

impl Content {
    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A picture.
    pub fn image(data: impl Into<Vec<u8>>, media_type: impl Into<String>) -> Self {
        Self::Image { data: data.into(), mime_type: media_type.into() }
    }

    /// Sound.
    pub fn audio(data: impl Into<Vec<u8>>, media_type: impl Into<String>) -> Self {
        Self::Audio { data: data.into(), mime_type: media_type.into() }
    }

    /// A resource, with what it holds.
    pub fn resource(resource: ResourceContent) -> Self {
        Self::Resource { resource }
    }

    /// A resource to be read by its address.
    pub fn link(resource: Resource) -> Self {
        Self::ResourceLink(resource)
    }
}

pub(super) fn base64(data: &[u8]) -> String {
    STANDARD.encode(data)
}

pub(super) fn as_base64<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64(data))
}
