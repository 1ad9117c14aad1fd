//! An answer, put together.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Ask;

/// The answer to a request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json; charset=utf-8", body.to_string())
    }

    /// No body and no content type.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Plain text.
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, "text/plain; charset=utf-8", body.into())
    }

    pub(crate) fn bytes(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a header where there is a value.
    pub(crate) fn maybe_header(self, name: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// The body as JSON, for tests.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Marks a good answer to a read by an entity tag (weak ones as `W/".."`), and turns it into a 304 without a body where the
    /// client has that version already.
    pub(crate) fn conditional(self, ask: &Ask, weak: bool) -> Self {
        if !ask.is("GET") || self.status != 200 {
            return self;
        }
        let digest: String =
            Sha256::digest(&self.body).iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        let strong = format!("\"{digest}\"");
        let tag = if weak { format!("W/{strong}") } else { strong.clone() };
        let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
        let known = ask.header("if-none-match").unwrap_or_default();
        let same = known.trim() == "*" || known.split(',').any(|other| bare(other) == strong);
        if same { Self::empty(304).header("etag", tag) } else { self.header("etag", tag) }
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).unwrap();
            let value = HeaderValue::from_str(&value).unwrap();
            if name == header::CONTENT_TYPE {
                response.headers_mut().insert(name, value);
            } else {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
