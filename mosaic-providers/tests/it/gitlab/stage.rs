//! What stands before Prism: it makes of examples what fits together, and answers what the document leaves out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde_json::{Value, json};

use crate::support::serve::Server;

/// The stage, and what was asked of it that the document does not know.
#[derive(Clone)]
pub(super) struct Stage {
    prism: String,
    fields: Arc<Mutex<BTreeMap<String, Value>>>,
    beside: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// A stage before this origin.
    pub(super) async fn before(prism: String) -> (Self, Server) {
        let stage = Self { prism, fields: Arc::default(), beside: Arc::default() };
        let router = Router::new().fallback(answer).with_state(stage.clone());
        (stage, Server::start(router).await)
    }

    /// From now on these values stand in all objects that have such fields.
    pub(super) fn set(&self, fields: Value) {
        let Value::Object(fields) = fields else { return };
        self.fields.lock().unwrap().extend(fields);
    }

    /// What was asked beside the document: method, path with query, and body.
    pub(super) fn take_beside(&self) -> Vec<String> {
        std::mem::take(&mut self.beside.lock().unwrap())
    }

    fn mend(&self, value: &mut Value) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(|value| self.mend(value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let wanted = self.fields.lock().unwrap().get(name).cloned();
                    match wanted {
                        Some(wanted) => *value = wanted,
                        None => self.mend(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// The hand-made answer to what the document does not have, as GitLab's own documentation tells it.
fn beside(method: &Method, path: &str) -> Option<Value> {
    let person = json!({ "id": 5, "username": "ada", "name": "Ada" });
    let note = json!({ "id": 301, "body": "Seen.", "author": person, "system": false, "created_at": "2026-07-01T10:00:00.000Z" });
    let milestone = json!({ "id": 12, "iid": 3, "project_id": 4, "title": "July", "state": "active", "due_date": "2026-07-14" });
    let issue = json!({
        "id": 84, "iid": 14, "project_id": 4, "title": "The lid leaks", "state": "opened", "labels": ["bug"],
        "assignees": [person], "author": person, "milestone": null, "references": { "full": "acme/tools/widget#14" },
    });
    let listed = |one: Value| if method == Method::GET { json!([one]) } else { one };
    let parts: Vec<_> = path.trim_start_matches("/api/v4/").split('/').collect();
    let here = match parts.as_slice() {
        ["projects", _, here @ ..] => here,
        here => here,
    };
    match here {
        ["namespaces", _] => Some(json!({ "id": 9, "kind": "group", "full_path": "acme/tools" })),
        ["users"] => Some(json!([person])),
        ["issues"] => Some(listed(issue)),
        ["issues", _] => Some(issue),
        ["labels"] => Some(json!([{ "id": 1, "name": "bug", "color": "#d9534f" }])),
        ["milestones"] => Some(listed(milestone)),
        ["milestones", _] => Some(milestone),
        ["issues" | "merge_requests", _, "notes"] => Some(listed(note)),
        ["merge_requests", _, "discussions"] => Some(json!({ "id": "6a9c", "notes": [note] })),
        _ => None,
    }
}

async fn answer(State(stage): State<Stage>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    if let Some(value) = beside(&method, &path) {
        let said = String::from_utf8_lossy(&body);
        let line = format!("{method} {} {said}", parts.uri)
            .trim_end()
            .replace("/api/v4/projects/acme%2Ftools%2Fwidget", "");
        stage.beside.lock().unwrap().push(line);
        let mut response = Response::new(Body::from(value.to_string()));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        return response;
    }
    let request = reqwest::Client::new().request(method.clone(), format!("{}{}", stage.prism, parts.uri));
    let answer = request.headers(parts.headers).body(body).send().await.unwrap();
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    if method == Method::PUT && path.ends_with("/merge") {
        stage.set(json!({ "state": "merged" }));
    }
    let bytes = answer.bytes().await.unwrap();
    let bytes = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut value) => {
            stage.mend(&mut value);
            value.to_string().into()
        }
        Err(_) => bytes,
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().extend(kind.map(|kind| (HeaderName::from_static("content-type"), kind)));
    if method == Method::HEAD && path.contains("/files/") {
        for name in
            ["x-gitlab-blob-id", "x-gitlab-commit-id", "x-gitlab-last-commit-id", "x-gitlab-content-sha256"]
        {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("0123456789012345678901234567890123456789"));
        }
    }
    response
}
