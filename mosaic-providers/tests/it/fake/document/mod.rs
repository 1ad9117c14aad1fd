//! The answers of a fake against the schemas of its vendor's document: a fake that lies is worse than none.
//!
//! ```text
//! let Some(watch) = Watch::load("github/api.github.com.pruned.json") else { return }; // no shared test data
//! let server = Server::start(watch.before(hub.router())).await;
//! // .. drive a client or a behaviour suite ..
//! watch.assert_faithful();
//! ```
//!
//! It reads Swagger 2 and OpenAPI 3.0. An answer is checked by the schema of its operation and status; a status that the
//! document does not have for it is a violation too, but for those that every operation may give (301, 304, 307, 401, 403,
//! 404, 429 and what the dialect adds), and so is a path that the document does not have, where the fake answers it well.

mod schema;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use jsonschema::Validator;
use serde_json::Value;

/// Statuses that documents often leave out.
const USUAL: &[u16] = &[301, 304, 307, 401, 403, 404, 429];

/// A document and what was seen of a fake.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Inner>);

struct Inner {
    document: Value,
    /// What comes before the paths of the document.
    base: &'static str,
    /// Paths that the vendor has and the document does not.
    beside: Vec<&'static str>,
    usual: Vec<u16>,
    seen: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    validators: BTreeMap<(String, u16), Option<Arc<Validator>>>,
    checked: BTreeSet<String>,
    violations: BTreeSet<String>,
}

impl Watch {
    /// A document below `specs` of the shared test data; none where that is not there.
    pub(crate) fn load(file: &str) -> Option<Self> {
        let shared = std::env::var_os("MOSAIC_SHARED")?;
        let text = std::fs::read_to_string(PathBuf::from(shared).join("specs").join(file)).unwrap();
        Some(Self::new(serde_json::from_str(&text).unwrap()))
    }

    pub(crate) fn new(document: Value) -> Self {
        Self(Arc::new(Inner {
            document,
            base: "",
            beside: Vec::new(),
            usual: USUAL.to_vec(),
            seen: Mutex::default(),
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::get_mut(&mut self.0).unwrap());
        self
    }

    /// The document's paths are mounted below this, such as `/api/v1`.
    pub(crate) fn below(self, base: &'static str) -> Self {
        self.change(|inner| inner.base = base)
    }

    /// A path that the vendor has although the document does not, as a template: `/repos/{owner}/{repo}/assignees`.
    pub(crate) fn beside(self, template: &'static str) -> Self {
        self.change(|inner| inner.beside.push(template))
    }

    /// A status that any operation may give although the document does not say so.
    pub(crate) fn usual(self, status: u16) -> Self {
        self.change(|inner| inner.usual.push(status))
    }

    /// The router with this watch in front.
    pub(crate) fn before(&self, router: Router) -> Router {
        Router::new().fallback_service(router).layer(from_fn_with_state(self.clone(), look))
    }

    fn seen(&self) -> MutexGuard<'_, Notes> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was wrong so far, each thing once.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.seen().violations.iter().cloned().collect()
    }

    /// The operations and statuses whose answers were checked by a schema.
    pub(crate) fn checked(&self) -> Vec<String> {
        self.seen().checked.iter().cloned().collect()
    }

    /// Fails where anything was wrong, or where nothing was checked.
    pub(crate) fn assert_faithful(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
        assert!(!self.checked().is_empty(), "no answer was checked");
    }

    /// Looks at one answer.
    pub(crate) fn check(&self, method: &str, path: &str, status: u16, content_type: &str, body: &[u8]) {
        let Some(path) = path.strip_prefix(self.0.base) else { return };
        let paths = self.0.document["paths"].as_object().unwrap();
        let known = schema::template(self.0.beside.iter().copied(), path).is_some();
        let Some(template) = schema::template(paths.keys().map(String::as_str), path) else {
            if status < 400 && !known {
                self.seen().violations.insert(format!("{method} {path}: the document has no such path"));
            }
            return;
        };
        let name = format!("{method} {template}");
        let Some(operation) = paths[template].get(method.to_lowercase()) else {
            if status < 400 && !known {
                self.seen().violations.insert(format!("{name}: the document has no such operation"));
            }
            return;
        };
        let Some(response) = operation["responses"].get(status.to_string()) else {
            if !self.0.usual.contains(&status) {
                self.seen().violations.insert(format!("{name}: the document has no answer {status}"));
            }
            return;
        };
        let key = (name.clone(), status);
        let found = self.seen().validators.get(&key).cloned();
        let validator = found.unwrap_or_else(|| {
            let validator = schema::of_response(&self.0.document, response).map(|schema| {
                Arc::new(
                    jsonschema::options()
                        .build(&schema)
                        .unwrap_or_else(|error| panic!("{name} {status}: {error}")),
                )
            });
            self.seen().validators.insert(key, validator.clone());
            validator
        });
        let Some(validator) = validator else { return };
        // Raw files, logs and archives have no schema that could be held against them.
        if !content_type.contains("json") || content_type.contains("raw") {
            if body.is_empty() && status < 300 {
                self.seen().violations.insert(format!("{name} {status}: the body is empty"));
            }
            return;
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            self.seen().violations.insert(format!("{name} {status}: the body is no JSON"));
            return;
        };
        let errors: Vec<_> = validator
            .iter_errors(&value)
            .map(|error| {
                let text: String = error.to_string().chars().rev().take(300).collect();
                let text: String = text.chars().rev().collect();
                format!(
                    "{name} {status} at {}: {text}",
                    schema::without_places(&error.instance_path().to_string())
                )
            })
            .collect();
        let mut seen = self.seen();
        seen.checked.insert(format!("{name} {status}"));
        seen.violations.extend(errors);
    }
}

async fn look(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kind = parts
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    watch.check(&method, &path, parts.status.as_u16(), &kind, &body);
    Response::from_parts(parts, Body::from(body))
}
