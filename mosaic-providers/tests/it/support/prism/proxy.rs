//! The proxy in front of Prism: passes requests on, and keeps what Prism finds wrong with them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, HOST, LINK, LOCATION, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde_json::Value;

use super::Document;
use super::violation::{self, Violation};

/// How much of a body is shown beside a violation.
const SHOWN: usize = 400;

/// The shared state of one proxy.
#[derive(Clone)]
pub(super) struct Proxy(Arc<Inner>);

struct Inner {
    client: reqwest::Client,
    origin: String,
    document: Document,
    changing: Mutex<Changing>,
}

#[derive(Default)]
struct Changing {
    own: String,
    prefer: Option<u16>,
    violations: Vec<Violation>,
}

impl Proxy {
    /// Passes on to the origin what comes below the base path of the document.
    pub(super) fn new(origin: String, document: Document) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .no_gzip()
            .build()
            .unwrap();
        Self(Arc::new(Inner { client, origin, document, changing: Mutex::default() }))
    }

    pub(super) fn router(&self) -> Router {
        Router::new().fallback(pass).with_state(self.clone())
    }

    /// Says where it is itself.
    pub(super) fn serves(&self, own: String) {
        self.0.changing.lock().own = own;
    }

    pub(super) fn prefer(&self, code: Option<u16>) {
        self.0.changing.lock().prefer = code;
    }

    pub(super) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.0.changing.lock().violations)
    }

    /// The headers `Link` and `Location` with the proxy in place of the origins it stands for.
    fn rehost(&self, headers: &mut HeaderMap) {
        let own = self.0.changing.lock().own.clone();
        for name in [LINK, LOCATION] {
            let Some(text) = headers.get(&name).and_then(|value| value.to_str().ok()) else { continue };
            let text = self
                .0
                .document
                .origins
                .iter()
                .fold(text.to_owned(), |text, origin| text.replace(origin, &own));
            headers.insert(name, HeaderValue::from_str(&text).unwrap());
        }
    }
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    let inner = &proxy.0;
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let asked = format!("{} {}", parts.method, parts.uri.path());
    let shown = shown(&format!("{} {target}", parts.method), &body);
    let Some(below) = target.strip_prefix(inner.document.base).filter(|below| below.starts_with('/')) else {
        let message = format!("outside of the base path {}", inner.document.base);
        let violation = Violation { request: shown, place: "path".to_owned(), message };
        inner.changing.lock().violations.push(violation);
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = parts.headers.clone();
    headers.remove(HOST);
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    if inner.document.json.is_some_and(|name| headers.get(ACCEPT).is_some_and(|asked| asked == name)) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    if let Some(code) = inner.changing.lock().prefer {
        headers.insert("prefer", HeaderValue::from_str(&format!("code={code}")).unwrap());
    }
    let url = format!("{}{below}", inner.origin);
    let mut passed = inner.client.request(parts.method, url).headers(headers);
    if !body.is_empty() {
        passed = passed.body(body);
    }
    let answer = passed.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    inner.changing.lock().violations.extend(violation::read(&shown, &headers, &body));
    headers.remove(TRANSFER_ENCODING);
    headers.remove(CONTENT_LENGTH);
    proxy.rehost(&mut headers);
    if inner.document.endless {
        headers.remove(LINK);
    }
    let read = serde_json::from_slice::<Value>(&body);
    let json = read.is_ok();
    let mut value = read.unwrap_or_default();
    (inner.document.mend)(&asked, &mut value);
    let body = if json { value.to_string().into() } else { body };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A request with the beginning of its body.
fn shown(request: &str, body: &Bytes) -> String {
    if body.is_empty() {
        return request.to_owned();
    }
    let text: String = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
    format!("{request} {text}")
}
