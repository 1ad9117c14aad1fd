//! Bytes with a media type, and bodies that can be opened again.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes and what they are. JSON shows UTF-8 as `text` and anything else as `base64`.
///
/// ```
/// use mosaic_core::types::Blob;
///
/// let blob = Blob::text("hello");
/// assert_eq!(serde_json::to_string(&blob)?, r#"{"media_type":"text/plain","text":"hello"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The media type, such as `text/plain`.
    pub media_type: String,
    /// The content; cloning copies a pointer.
    pub bytes: Bytes,
}

impl Blob {
    /// Bytes of a media type.
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { media_type: media_type.into(), bytes: bytes.into() }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new("text/plain", text.into().into_bytes())
    }

    /// Bytes that are text where they are valid UTF-8, else `application/octet-stream`.
    pub fn guess(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let text = std::str::from_utf8(&bytes).is_ok();
        Self::new(if text { "text/plain" } else { "application/octet-stream" }, bytes)
    }

    /// The content as text, where it is valid UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl From<&str> for Blob {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
impl From<String> for Blob {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::guess(bytes)
    }
}

/// A piece of a stream of bytes, such as a log or a file, in order. JSON shows it as a [`Blob`].
///
/// ```
/// use mosaic_core::types::Chunk;
///
/// assert_eq!(Chunk::new("hello\n").as_text(), Some("hello\n"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Chunk(Blob);

impl Chunk {
    /// A piece of a stream.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(Blob::guess(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Its text, where it is valid UTF-8. A character may be cut in two between one piece and the next.
    pub fn as_text(&self) -> Option<&str> {
        self.0.as_text()
    }
}

/// The JSON form of a blob: exactly one of `text` and `base64`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// Bytes in a format that has such a thing, unlike JSON.
struct Binary<B>(B);

impl Serialize for Binary<&Bytes> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
impl<'de> Deserialize<'de> for Binary<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Visitor).map(Binary)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return (&self.media_type, Binary(&self.bytes)).serialize(serializer);
        }
        let media_type = Some(self.media_type.clone());
        match self.as_text() {
            Some(text) => Wire { media_type, text: Some(text.into()), base64: None },
            None => Wire { media_type, text: None, base64: Some(STANDARD.encode(&self.bytes)) },
        }
        .serialize(serializer)
    }
}
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if !deserializer.is_human_readable() {
            let (media_type, Binary(bytes)) = <(String, Binary<Vec<u8>>)>::deserialize(deserializer)?;
            return Ok(Self::new(media_type, bytes));
        }
        let wire = Wire::deserialize(deserializer)?;
        let bytes = match (wire.text, wire.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(code)) => STANDARD.decode(code).map_err(|e| Error::custom(format!("base64: {e}")))?,
            _ => return Err(Error::custom("give exactly one of `text` and `base64`")),
        };
        Ok(match wire.media_type {
            Some(media_type) => Self::new(media_type, bytes),
            None => Self::guess(bytes),
        })
    }
}
impl JsonSchema for Blob {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Blob".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        wire_schema()
    }
}

/// Exactly one of `text` and `base64`, which a derived schema cannot say.
fn wire_schema() -> Schema {
    schemars::json_schema!({
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "text": { "type": "string" },
                    "media_type": { "type": "string", "description": "Guessed from the content where absent." },
                },
                "required": ["text"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "base64": { "type": "string", "contentEncoding": "base64" },
                    "media_type": { "type": "string", "description": "Guessed from the content where absent." },
                },
                "required": ["base64"],
                "additionalProperties": false,
            },
        ],
    })
}

/// The SHA-256 of a body, by which caches and audit records know it.
///
/// ```
/// use mosaic_core::types::Body;
///
/// let digest = Body::bytes("abc").digest().to_string();
/// assert!(digest.starts_with("sha256:ba7816bf"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyDigest([u8; 32]);

impl std::fmt::Display for BodyDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an upload carries: bytes, or a file that is opened anew for each attempt.
///
/// The JSON form of bytes is that of [`Blob`]. A file shows its digest and size and never its path; it cannot be read back
/// from JSON, so no remote caller can name a file of this machine.
///
/// ```
/// use mosaic_core::types::Body;
///
/// let body = Body::bytes("hello");
/// assert_eq!(body.size(), 5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(Source);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Bytes(Bytes),
    File { path: PathBuf, digest: BodyDigest, size: u64 },
}

impl Body {
    /// A body in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Source::Bytes(bytes.into()))
    }

    /// A file, read once now to learn its digest and size.
    ///
    /// # Errors
    /// Whatever reading the file gives. Dropping the future leaves nothing behind.
    pub async fn file(path: impl AsRef<Path>) -> std::io::Result<Self> {
        use tokio::io::AsyncReadExt as _;
        let path = path.as_ref().to_path_buf();
        let mut file = tokio::fs::File::open(&path).await?;
        let (mut hasher, mut size, mut chunk) = (Sha256::new(), 0, vec![0; 64 * 1024]);
        loop {
            let read = file.read(&mut chunk).await?;
            if read == 0 {
                break;
            }
            hasher.update(&chunk[..read]);
            size += read as u64;
        }
        Ok(Self(Source::File { path, digest: BodyDigest(hasher.finalize().into()), size }))
    }

    /// The digest of the content.
    pub fn digest(&self) -> BodyDigest {
        match &self.0 {
            Source::Bytes(bytes) => BodyDigest(Sha256::digest(bytes).into()),
            Source::File { digest, .. } => *digest,
        }
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File { size, .. } => *size,
        }
    }

    /// The content, opened from the beginning.
    ///
    /// # Errors
    /// Those of opening the file; a file that changed since [`Body::file`] is for the reader to notice by its digest.
    pub async fn open(&self) -> std::io::Result<Box<dyn tokio::io::AsyncRead + Send + Unpin>> {
        Ok(match &self.0 {
            Source::Bytes(bytes) => Box::new(std::io::Cursor::new(bytes.clone())),
            Source::File { path, .. } => Box::new(tokio::fs::File::open(path).await?),
        })
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}
impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::bytes(text.as_bytes().to_vec())
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct FileForm {
            digest: String,
            size: u64,
        }
        match &self.0 {
            Source::Bytes(bytes) => Blob::guess(bytes.clone()).serialize(serializer),
            Source::File { digest, size, .. } => {
                FileForm { digest: digest.to_string(), size: *size }.serialize(serializer)
            }
        }
    }
}
impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Blob::deserialize(deserializer).map(|blob| Self::bytes(blob.bytes))
    }
}
impl JsonSchema for Body {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Body".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        wire_schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_survive_json() {
        for bytes in [b"text".to_vec(), vec![0xff, 0x00], Vec::new()] {
            let blob = Blob::from(bytes);
            let json = serde_json::to_string(&blob).unwrap();
            assert_eq!(serde_json::from_str::<Blob>(&json).unwrap(), blob);
        }
        assert!(serde_json::from_str::<Blob>(r#"{"text":"a","base64":"YQ=="}"#).is_err());
        assert!(serde_json::from_str::<Blob>(r#"{}"#).is_err());
    }

    #[tokio::test]
    async fn a_file_shows_its_digest_and_never_its_path() {
        let path = std::env::temp_dir().join(format!("mosaic-body-{}", std::process::id()));
        tokio::fs::write(&path, b"abc").await.unwrap();
        let body = Body::file(&path).await.unwrap();
        assert_eq!(body.digest(), Body::bytes("abc").digest());
        let json = serde_json::to_string(&body).unwrap();
        assert!(!json.contains("mosaic-body"), "{json}");
        assert!(serde_json::from_str::<Body>(&json).is_err());
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut body.open().await.unwrap(), &mut text).await.unwrap();
        assert_eq!(text, "abc");
        tokio::fs::remove_file(path).await.unwrap();
    }
}
