//! How Gitea and Forgejo are spoken to: their dialect, their errors, their health.

use http::StatusCode;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::config::{GiteaConfig, Product};
use crate::http::{Access, Client, Dialect, Refusal, TokenHeader, at};

static GITEA: Dialect = dialect("Gitea");
static FORGEJO: Dialect = dialect("Forgejo");

const fn dialect(product: &'static str) -> Dialect {
    Dialect {
        product,
        accept: "application/json",
        headers: &[],
        token: TokenHeader { name: "authorization", prefix: "token " },
        message,
        kind,
    }
}

/// A client for one configuration; nothing is sent yet.
///
/// # Errors
/// `Config`, naming the field.
pub(super) fn connect(config: &GiteaConfig) -> Result<Client> {
    let GiteaConfig { base_url, auth, identities, http, product, .. } = config;
    let dialect = match product {
        Product::Gitea => &GITEA,
        Product::Forgejo => &FORGEJO,
    };
    Client::new(dialect, &Access { base_url, auth, identities, http }, &|_, _, _| Ok(None))
}

/// The text of an error; some carry what was wrong in a list beside it.
fn message(body: &Value) -> Option<String> {
    let said = body.get("message").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let listed = || {
        let errors = body.get("errors")?.as_array()?;
        let texts: Vec<_> = errors.iter().filter_map(Value::as_str).take(3).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    };
    said.map(str::to_owned).or_else(listed)
}

/// What the products mean otherwise than the status says.
fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let text = refusal.message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    match refusal.status {
        StatusCode::FORBIDDEN if says(&["default branch"]) => Some(ErrorKind::Conflict),
        // Of a repository without a commit every branch is missing.
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
            if says(&["repository is empty", "repo is empty"]) =>
        {
            Some(ErrorKind::NotFound)
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if says(ABSENT) => {
            Some(ErrorKind::NotFound)
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if says(IN_THE_WAY) => {
            Some(ErrorKind::Conflict)
        }
        _ => None,
    }
}

/// Said with a status of bad requests of what is not there.
const ABSENT: &[&str] = &["sha not found", "object does not exist", "does not exist [id"];

/// Said with a status of bad requests of what is there, or is there in another version.
const IN_THE_WAY: &[&str] = &[
    "already exist",
    "does not match",
    "a file exists where",
    "a directory exists where",
    "a symbolic link exists where",
];

/// How the server is, by the cheapest call that shows whether the credentials are accepted.
pub(super) async fn health(client: &Client, anonymous: bool) -> HealthReport {
    let path = if anonymous { at!["version"] } else { at!["user"] };
    match client.get(path).send::<IgnoredAny>(&CallContext::new()).await {
        Ok(_) => HealthReport::healthy(),
        Err(error) => match error.kind() {
            // The products have no limits, a proxy before them may.
            ErrorKind::RateLimited | ErrorKind::Throttled => HealthReport::degraded(error.message()),
            _ => HealthReport::unhealthy(error.message()),
        },
    }
}
