//! A request, taken apart.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use serde_json::Value;

/// A request of a client.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// As it was sent, without the query.
    pub(crate) path: String,
    /// The parts of the path, each decoded. A part may hold slashes, where they came as `%2F`.
    pub(crate) segments: Vec<String>,
    /// Decoded, in the order of the request.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        let path = parts.uri.path().to_owned();
        let segments = path.split('/').skip(1).map(|part| decode(part, false)).collect();
        let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        };
        Self {
            method: parts.method,
            path,
            segments,
            query: pairs.map(pair).collect(),
            headers: parts.headers,
            body,
        }
    }

    /// The parts of the path, to be matched; an empty one at the end (a trailing slash) is left out.
    pub(crate) fn parts(&self) -> Vec<&str> {
        let mut parts: Vec<_> = self.segments.iter().map(String::as_str).collect();
        while parts.last().is_some_and(|last| last.is_empty()) {
            parts.pop();
        }
        parts
    }

    pub(crate) fn is(&self, method: &str) -> bool {
        self.method == method
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The last value of a query parameter; an empty one counts as none.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// `http://host:port` of this server, as the client knows it.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("127.0.0.1"))
    }

    /// The token behind one of these words in `Authorization`, which are not told apart by small and capital letters.
    pub(crate) fn token(&self, schemes: &[&str]) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)).then(|| token.trim())
    }

    /// Name and password of `Authorization: Basic`.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.decode(self.token(&["Basic"])?).ok()?;
        let text = String::from_utf8(text).ok()?;
        text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
    }

    /// The body as JSON; an empty one is an empty object, none where it is no JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        if self.body.is_empty() {
            return Some(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body).ok()
    }
}

fn decode(text: &str, form: bool) -> String {
    let text = if form { text.replace('+', " ") } else { text.to_owned() };
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}
