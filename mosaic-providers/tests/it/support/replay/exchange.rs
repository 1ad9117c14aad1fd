//! One recorded request and its answer, and when another request is the same.

use std::fmt;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request and its answer, as recorded.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(super) target: Target,
    /// What was sent, where the recording knows it and it was JSON.
    pub(crate) sent: Option<Value>,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// `GET /user/repos?page=2`
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.target)
    }
}

impl Exchange {
    /// An exchange without headers that matter.
    pub(super) fn new(method: Method, path: &str, query: &str, status: u16, body: String) -> Self {
        let target = Target::of(&method, path, query);
        Self { target, sent: None, status, headers: Vec::new(), body }
    }

    /// The answer as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{self}: the answer is no JSON: {error}"))
    }

    /// The recorded headers that mean something without the recorded connection.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        let connection =
            ["connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "status"];
        if !connection.contains(&name.as_str()) {
            self.headers.push((name, value.to_owned()));
        }
    }
}

/// What is asked for: method, path and query, whatever way they are percent-encoded and the query ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    method: Method,
    /// Segment by segment, so that an encoded slash is none.
    path: Vec<String>,
    query: Vec<(String, String)>,
}

impl Target {
    pub(super) fn of(method: &Method, path: &str, query: &str) -> Self {
        let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let mut query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        query.sort();
        Self { method: method.clone(), path: path.split('/').map(decode).collect(), query }
    }

    /// Puts another segment in the place of each that is this one.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        for segment in self.path.iter_mut().filter(|segment| *segment == from) {
            to.clone_into(segment);
        }
    }

    /// Whether both are the same, these parameters of the query aside.
    pub(super) fn fits(&self, other: &Self, ignored: &[&str]) -> bool {
        let counts = |(name, _): &&(String, String)| !ignored.contains(&name.as_str());
        (&self.method, &self.path) == (&other.method, &other.path)
            && self.query.iter().filter(counts).eq(other.query.iter().filter(counts))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments: Vec<_> = self.path.iter().map(|segment| segment.replace('/', "%2F")).collect();
        write!(f, "{} {}", self.method, segments.join("/"))?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// Whether a document has everything that another one has: fields may be added to objects, anything else is equal.
pub(crate) fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        (whole, part) => whole == part,
    }
}
