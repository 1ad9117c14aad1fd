//! How GitLab is spoken to: its dialect, its errors, and the paths that every room needs.

use std::sync::Arc;

use http::Method;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::RepoRef;
use serde_json::Value;

use super::config::GitLabConfig;
use super::wire::Project;
use crate::forge::names;
use crate::http::{Access, Client, Dialect, Path, Refusal, Request, TokenHeader, at};

/// What GitLab says where it gives no reason.
const FORBIDDEN: &str = ": 403 Forbidden";

/// The most that GitLab gives at once.
pub(super) const PAGE: usize = 100;

static DIALECT: Dialect = Dialect {
    product: "GitLab",
    accept: "application/json",
    headers: &[],
    token: TokenHeader { name: "private-token", prefix: "" },
    message,
    kind,
};

/// A GitLab server, as one service speaks to it.
#[derive(Debug, Clone)]
pub(super) struct GitLab {
    pub(super) client: Arc<Client>,
}

impl GitLab {
    pub(super) fn connect(config: &GitLabConfig) -> Result<Self> {
        let access = Access {
            base_url: &config.base_url,
            auth: &config.auth,
            identities: &config.identities,
            http: &config.http,
        };
        let client = Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?;
        let client = Arc::new(client.vendor_calls(config.vendor_calls));
        Ok(Self { client })
    }

    pub(super) fn get(&self, path: Path) -> Request<'_> {
        self.client.get(path)
    }
    pub(super) fn head(&self, path: Path) -> Request<'_> {
        self.client.request(Method::HEAD, path)
    }
    pub(super) fn post(&self, path: Path) -> Request<'_> {
        self.client.post(path)
    }
    pub(super) fn put(&self, path: Path) -> Request<'_> {
        self.client.put(path)
    }
    pub(super) fn delete(&self, path: Path) -> Request<'_> {
        self.client.delete(path)
    }

    /// A project as GitLab tells it.
    pub(super) async fn project(&self, cx: &CallContext, repo: &RepoRef) -> Result<Project> {
        self.get(project(repo)?).send(cx).await
    }

    /// The branch that is meant where none is named.
    pub(super) async fn default_branch(&self, cx: &CallContext, repo: &RepoRef) -> Result<String> {
        Ok(self.project(cx, repo).await?.default_branch())
    }

    /// Says why a write was forbidden, where the reason is that the project is archived: GitLab says 403 and no more.
    pub(super) async fn told<T>(&self, cx: &CallContext, repo: &RepoRef, result: Result<T>) -> Result<T> {
        let Err(error) = &result else { return result };
        if error.kind() != ErrorKind::PermissionDenied || !error.message().ends_with(FORBIDDEN) {
            return result;
        }
        match self.project(cx, repo).await {
            Ok(project) if project.archived => Err(archived(repo).status(403).delivery(Delivery::Answered)),
            _ => result,
        }
    }

    /// Whether it answers, and how much of its limits is left.
    pub(super) async fn health(&self) -> HealthReport {
        match self.get(at!["version"]).done(&CallContext::new()).await {
            Ok(_) => HealthReport::healthy(),
            Err(error) if matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Throttled) => {
                HealthReport::degraded(error.message())
            }
            Err(error) => HealthReport::unhealthy(error.message()),
        }
    }
}

/// The number of a run, a job, a webhook or a milestone, as it was said. What is none is asked for too: GitLab refuses it.
///
/// # Errors
/// `NotFound` where it would lead elsewhere.
pub(super) fn counted<'a>(what: &str, id: &'a str) -> Result<&'a str> {
    if matches!(id, "" | "." | ".." | "latest") {
        let text = format!("there is no {what} {}: GitLab counts them", names::shown(id));
        return Err(Error::new(ErrorKind::NotFound, text));
    }
    Ok(id)
}

/// The path of a project: `group%2Fsubgroup%2Fname` is one segment.
pub(super) fn project(repo: &RepoRef) -> Result<Path> {
    owner(&repo.owner)?;
    names::repository(&RepoRef::new("group", repo.name.as_str()))?;
    Ok(at!["projects", repo])
}

/// Checks an owner: a user, a group, or groups within groups.
pub(super) fn owner(owner: &str) -> Result<()> {
    owner.split('/').try_for_each(names::owner)
}

pub(super) fn archived(repo: &RepoRef) -> Error {
    Error::new(ErrorKind::Conflict, format!("{repo} is archived: take it out of the archive first"))
}

/// The error of something that is asked for and that GitLab does not have.
pub(super) fn unsupported(text: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, text)
}

/// Marks the error of a later step of a composed write: an earlier one has changed something.
pub(super) fn halfway(error: &Error, done: impl std::fmt::Display) -> Error {
    let text = format!("{done}; then: {}", error.message());
    let mut late = Error::new(error.kind(), text).worst(Delivery::Unknown, true);
    if let Some(status) = error.status_code() {
        late = late.status(status);
    }
    late
}

/// What an error says: `message` as a text, a list, or texts by field; `error` and `error_description` of some answers.
fn message(body: &Value) -> Option<String> {
    let said = body.get("message").filter(|said| !said.is_null()).or_else(|| body.get("error"));
    let text = flat(said?);
    match body.get("error_description").and_then(Value::as_str) {
        Some(more) if !text.is_empty() => Some(format!("{text}: {more}")),
        _ => (!text.is_empty()).then_some(text),
    }
}

fn flat(said: &Value) -> String {
    match said {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, said): (&String, &Value)| match name.as_str() {
                "base" => flat(said),
                name => format!("{name} {}", flat(said)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Texts of refusals that stand for another kind than their status does, the first that fits. Two dots stand for anything.
const SAID: &[(u16, &str, ErrorKind)] = &[
    (400, "already been taken", ErrorKind::Conflict),
    (400, "marked for deletion", ErrorKind::NotFound),
    (400, "already being used", ErrorKind::Conflict),
    (400, "already exists", ErrorKind::Conflict),
    (400, "already assigned", ErrorKind::Conflict),
    (400, "has changed since you started editing", ErrorKind::Conflict),
    (400, "doesn't exist", ErrorKind::NotFound),
    (400, "does not exist", ErrorKind::NotFound),
    (400, "_id is invalid", ErrorKind::NotFound),
    (400, "when you are on a branch", ErrorKind::NotFound),
    (400, "invalid reference name", ErrorKind::NotFound),
    (400, "could not find ref", ErrorKind::NotFound),
    (400, "reference not found", ErrorKind::NotFound),
    (400, "missing ci config file", ErrorKind::NotFound),
    (400, "target ..is invalid", ErrorKind::NotFound),
    (400, "failed to create branch", ErrorKind::Conflict),
    (400, "could not update refs/", ErrorKind::Conflict),
    (400, "reference update", ErrorKind::Conflict),
    (403, "not available for current license", ErrorKind::Unsupported),
    (405, "moved projects", ErrorKind::NotFound),
    (405, "maximum allowed offset", ErrorKind::Invalid),
    (406, "", ErrorKind::Conflict),
    (422, "cannot be merged", ErrorKind::Conflict),
    (422, "already exists", ErrorKind::Conflict),
    (422, "does not exist", ErrorKind::NotFound),
];

fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let status = refusal.status.as_u16();
    let said = refusal.message.to_ascii_lowercase();
    let says = |text: &str| text.split("..").all(|part| said.contains(part));
    SAID.iter().find(|(code, text, _)| *code == status && says(text)).map(|row| row.2)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
