//! What a commit is made of, as a form of several parts.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use bytes::Bytes;
use http::HeaderValue;
use mosaic_core::error::{Error, ErrorKind, Result};

/// The id that git gives to a file of this content. Bitbucket tells no ids of files, and any git computes the same.
pub(super) fn blob_id(content: &[u8]) -> String {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(format!("blob {}\0", content.len()).as_bytes());
    context.update(content);
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A form in the making. It can be sent more than once, and the same fields make the same bytes.
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    /// An empty form, with a boundary that is not in this content.
    pub(super) fn around(content: &[u8]) -> Self {
        let mut boundary = format!("mosaic-{}", blob_id(content));
        while content.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
            boundary = format!("mosaic-{}", blob_id(boundary.as_bytes()));
        }
        Self { boundary, body: Vec::new() }
    }

    fn head(&mut self, disposition: &str, kind: Option<&str>) {
        let kind = kind.map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
        let head =
            format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n", self.boundary);
        self.body.extend_from_slice(head.as_bytes());
    }

    /// A text.
    ///
    /// # Errors
    /// `Invalid` where it holds what would end the part.
    pub(super) fn text(mut self, name: &str, value: &str) -> Result<Self> {
        if value.contains(&self.boundary) {
            return Err(Error::new(ErrorKind::Invalid, format!("{name}: it cannot be sent")));
        }
        self.head(&format!("name=\"{name}\""), None);
        self.body.extend_from_slice(value.as_bytes());
        self.body.extend_from_slice(b"\r\n");
        Ok(self)
    }

    /// The whole content of the file at a path. The slash before the path tells it from the other fields.
    pub(super) fn file(mut self, path: &str, content: &[u8]) -> Self {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let name = path.rsplit('/').next().unwrap_or(path);
        let disposition = format!("name=\"/{}\"; filename=\"{}\"", quoted(path), quoted(name));
        self.head(&disposition, Some("application/octet-stream"));
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// The media type and the bytes.
    ///
    /// # Errors
    /// `Internal` where the boundary is no header.
    pub(super) fn finish(mut self) -> Result<(HeaderValue, Bytes)> {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={}", self.boundary))
            .map_err(|_| {
                Error::new(ErrorKind::Internal, "the form has no boundary that a header can carry")
            })?;
        Ok((kind, self.body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn a_form_says_what_is_written_where() {
        let form = Form::around(b"lid").text("branch", "main").unwrap().file("src/a \"lid\".rs", b"lid");
        let (kind, body) = form.finish().unwrap();
        let boundary =
            kind.to_str().unwrap().strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
        let expected = [
            format!("--{boundary}"),
            "Content-Disposition: form-data; name=\"branch\"".into(),
            String::new(),
            "main".into(),
            format!("--{boundary}"),
            "Content-Disposition: form-data; name=\"/src/a \\\"lid\\\".rs\"; filename=\"a \\\"lid\\\".rs\""
                .into(),
            "Content-Type: application/octet-stream".into(),
            String::new(),
            "lid".into(),
            format!("--{boundary}--"),
            String::new(),
        ];
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected.join("\r\n"));
    }

    #[test]
    fn a_boundary_is_not_in_the_content() {
        let first = Form::around(b"x").boundary;
        // No content holds its own id in practice; a text field may hold that of the content.
        assert!(Form::around(b"x").text("message", &first).is_err());
    }
}
