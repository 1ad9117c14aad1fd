//! How GitHub is spoken to: its dialect, its errors, its health.

use http::StatusCode;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use mosaic_core::types::RepoRef;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::app::app_tokens;
use super::config::GitHubConfig;
use crate::at;
use crate::http::{Access, Client, Dialect, Numbered, Path, Refusal, Request, TokenHeader, has_next};

/// GitHub's ways.
pub(super) static DIALECT: Dialect = Dialect {
    product: "GitHub",
    accept: "application/vnd.github+json",
    headers: &[("x-github-api-version", "2022-11-28")],
    token: TokenHeader::BEARER,
    message,
    kind,
};

/// A client for one configuration; nothing is sent yet.
///
/// # Errors
/// `Config`, naming the field.
pub(super) fn connect(config: &GitHubConfig) -> Result<Client> {
    let GitHubConfig { base_url, auth, identities, http, .. } = config;
    let client = Client::new(&DIALECT, &Access { base_url, auth, identities, http }, &app_tokens)?;
    Ok(client.vendor_calls(config.vendor_calls))
}

/// How many items GitHub gives at once at most.
pub(super) const MOST: usize = 100;

/// A request for a part of a list.
pub(super) fn paged(part: Numbered, request: Request<'_>) -> Request<'_> {
    request.query("per_page", part.size).query("page", part.number())
}

/// One page of [`MOST`] items, and whether another one follows.
pub(super) async fn whole_page<T: DeserializeOwned>(
    cx: &CallContext,
    request: Request<'_>,
    page: u64,
) -> Result<(Vec<T>, bool)> {
    let answer = request.query("per_page", MOST).query("page", page).full::<Vec<T>>(cx).await?;
    Ok((answer.value, has_next(&answer.headers)))
}

/// Where a repository is.
pub(super) fn at_repo(repo: &RepoRef) -> Path {
    at!["repos", &repo.owner, &repo.name]
}

/// The text of an error, with what is said of each field.
fn message(body: &Value) -> Option<String> {
    let mut text = body.get("message")?.as_str()?.to_owned();
    for error in errors(body).take(3) {
        let part = |name: &str| error.get(name).and_then(Value::as_str);
        let said = match (error.as_str().or(part("message")), part("field"), part("code")) {
            (Some(said), _, _) => said.to_owned(),
            (None, Some(field), Some(code)) => format!("{field}: {code}"),
            _ => continue,
        };
        text.push_str("; ");
        text.push_str(&said);
    }
    Some(text)
}

/// What an error says of single fields: objects, or plain texts.
fn errors(body: &Value) -> impl Iterator<Item = &Value> {
    let list = match body.get("errors") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one @ Value::String(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    list.iter()
}

/// What GitHub means otherwise than the status says.
fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let text = refusal.message.to_ascii_lowercase();
    let says = |part: &str| text.contains(part);
    match refusal.status {
        // The limits of bursts and of writes come without the headers of a limit, or with some left.
        StatusCode::FORBIDDEN if says("secondary rate limit") || says("abuse detection") => {
            Some(ErrorKind::RateLimited)
        }
        StatusCode::FORBIDDEN if says("rate limit exceeded") => Some(ErrorKind::RateLimited),
        StatusCode::FORBIDDEN if says("archived") => Some(ErrorKind::Conflict),
        StatusCode::CONFLICT if says("repository is empty") => Some(ErrorKind::NotFound),
        StatusCode::UNPROCESSABLE_ENTITY => unprocessable(refusal, &text),
        _ => None,
    }
}

/// What stands behind a 422: it is the answer to bad values, to what is there already and to what is not there.
fn unprocessable(refusal: &Refusal<'_>, text: &str) -> Option<ErrorKind> {
    let is = |error: &Value, name: &str, value: &str| error.get(name).and_then(Value::as_str) == Some(value);
    let code = |value: &str| errors(refusal.body).any(|error| is(error, "code", value));
    if code("already_exists") || text.contains("already exists") || text.contains("archived") {
        return Some(ErrorKind::Conflict);
    }
    let gone = [
        "does not exist",
        "no commit found for sha",
        "reference not found",
        "sha could not be found",
        "repository is empty",
        "cannot be searched",
    ];
    if code("missing") || gone.iter().any(|part| text.contains(part)) {
        return Some(ErrorKind::NotFound);
    }
    // Fields that name a branch: GitHub calls one that is not there an invalid value.
    let branches = [
        ("PullRequest", "head"),
        ("PullRequest", "base"),
        ("Release", "target_commitish"),
        ("Issue", "milestone"),
    ];
    let branch = |error: &Value| {
        let names = |(resource, field)| is(error, "resource", resource) && is(error, "field", field);
        is(error, "code", "invalid") && branches.into_iter().any(names)
    };
    if errors(refusal.body).any(branch) {
        return Some(ErrorKind::NotFound);
    }
    let barred = ["state cannot be changed", "already an open pull request", "closed pull request"];
    if barred.iter().any(|part| text.contains(part)) {
        return Some(ErrorKind::Conflict);
    }
    text.contains("repository rule violations").then_some(ErrorKind::PermissionDenied)
}

#[derive(Deserialize)]
struct Limits {
    resources: Resources,
}

#[derive(Deserialize)]
struct Resources {
    core: Limit,
}

#[derive(Deserialize)]
struct Limit {
    limit: i64,
    remaining: i64,
}

/// How GitHub is, by a call that every credential may make and that no limit counts.
pub(super) async fn health(client: &Client) -> HealthReport {
    let asked = client.get(at!["rate_limit"]).find::<Limits>(&CallContext::new()).await;
    match asked {
        // An Enterprise Server without limits has no such place.
        Ok(None) => HealthReport::healthy(),
        Ok(Some(Limits { resources: Resources { core } })) => {
            let Limit { limit, remaining } = core;
            if remaining.saturating_mul(20) < limit {
                return HealthReport::degraded(format!(
                    "{remaining} of {limit} requests are left in this hour"
                ));
            }
            HealthReport::healthy()
        }
        Err(error) => match error.kind() {
            ErrorKind::RateLimited | ErrorKind::Throttled => HealthReport::degraded(error.message()),
            _ => HealthReport::unhealthy(error.message()),
        },
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
