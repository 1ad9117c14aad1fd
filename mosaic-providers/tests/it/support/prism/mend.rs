//! A server in front of Prism that makes of its examples what fits together, where an operation of several steps needs that.
#![allow(dead_code, reason = "each vendor needs a part of it")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde_json::Value;

/// A request on its way, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Passing {
    pub(crate) method: Method,
    /// Path and query; what Prism is asked for in its place.
    pub(crate) target: String,
}

/// An answer on its way back.
#[derive(Debug)]
pub(crate) struct Returning {
    /// The path and query that were asked for here.
    pub(crate) target: String,
    pub(crate) method: Method,
    /// Null where the answer was no JSON.
    pub(crate) body: Value,
    /// Headers that come on top of those of the content.
    pub(crate) headers: HeaderMap,
}

impl Returning {
    /// Adds a header.
    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
}

type Ahead = dyn Fn(&mut Passing) + Send + Sync;
type Back = dyn Fn(&mut Returning) + Send + Sync;

#[derive(Clone)]
struct Mending {
    prism: String,
    client: reqwest::Client,
    ahead: Arc<Ahead>,
    back: Arc<Back>,
}

/// A router that passes everything on to Prism at this origin: `ahead` may ask for something else, `back` changes answers.
pub(crate) fn mending(
    prism: String,
    ahead: impl Fn(&mut Passing) + Send + Sync + 'static,
    back: impl Fn(&mut Returning) + Send + Sync + 'static,
) -> Router {
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let state = Mending { prism, client, ahead: Arc::new(ahead), back: Arc::new(back) };
    Router::new().fallback(pass).with_state(state)
}

async fn pass(State(state): State<Mending>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let target = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let mut passing = Passing { method: parts.method.clone(), target: target.clone() };
    (state.ahead)(&mut passing);
    for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    let asked = state.client.request(passing.method, format!("{}{}", state.prism, passing.target));
    let answer = asked.headers(parts.headers).body(body).send().await.unwrap();
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let bytes = answer.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut returning = Returning { target, method: parts.method, body, headers: HeaderMap::new() };
    (state.back)(&mut returning);
    let bytes = match returning.body {
        Value::Null => bytes,
        value => value.to_string().into(),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    response.headers_mut().extend(returning.headers);
    response
}

/// Every object in a document, the outer ones first.
pub(crate) fn each_object(value: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|value| each_object(value, change)),
        Value::Object(fields) => {
            change(fields);
            fields.values_mut().for_each(|value| each_object(value, change));
        }
        _ => {}
    }
}
