//! How Bitbucket Cloud is spoken to: its dialect, its errors, its health.

use http::StatusCode;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::plugin::HealthReport;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::config::BitbucketConfig;
use crate::http::{Access, Client, Dialect, Refusal, TokenHeader, at};

static DIALECT: Dialect = Dialect {
    product: "Bitbucket",
    accept: "application/json",
    headers: &[],
    token: TokenHeader::BEARER,
    message,
    kind,
};

/// A client for one configuration; nothing is sent yet.
///
/// # Errors
/// `Config`, naming the field.
pub(super) fn connect(config: &BitbucketConfig) -> Result<Client> {
    let BitbucketConfig { base_url, auth, identities, http, .. } = config;
    Client::new(&DIALECT, &Access { base_url, auth, identities, http }, &|_, _, _| Ok(None))
}

/// The text of an error, with what it says of single fields.
fn message(body: &Value) -> Option<String> {
    let error = body.get("error")?;
    let said = error.get("message").and_then(Value::as_str).unwrap_or_default();
    let mut parts = vec![said.trim().trim_end_matches('.').to_owned()];
    parts.extend(error.get("detail").and_then(Value::as_str).map(|detail| detail.trim().to_owned()));
    if let Some(fields) = error.get("fields").and_then(Value::as_object) {
        parts.extend(fields.iter().take(3).filter_map(|(field, faults)| {
            let first = faults.as_str().or_else(|| faults.get(0)?.as_str())?;
            Some(format!("{field}: {first}"))
        }));
    }
    parts.retain(|part| !part.is_empty());
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What is there already is told with the status of a bad request.
fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let taken = || refusal.message.to_ascii_lowercase().contains("already exists");
    (refusal.status == StatusCode::BAD_REQUEST && taken()).then_some(ErrorKind::Conflict)
}

/// How Bitbucket is, by the cheapest call that shows whether the credentials are accepted.
///
/// Tokens of a repository or workspace may not read who they are; that they are told so shows that they are known.
pub(super) async fn health(client: &Client, anonymous: bool) -> HealthReport {
    match client.get(at!["user"]).send::<IgnoredAny>(&CallContext::new()).await {
        Ok(_) => HealthReport::healthy(),
        Err(error) => match error.kind() {
            ErrorKind::PermissionDenied => HealthReport::healthy(),
            ErrorKind::Unauthenticated if anonymous => HealthReport::healthy(),
            ErrorKind::RateLimited | ErrorKind::Throttled => HealthReport::degraded(error.message()),
            _ => HealthReport::unhealthy(error.message()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_say_what_is_wrong_with_which_field() {
        let told = |error: Value| message(&json!({ "type": "error", "error": error }));
        assert_eq!(told(json!({ "message": "Not found" })).as_deref(), Some("Not found"));
        let fields =
            json!({ "message": "Bad request.", "fields": { "title": ["too long"], "source": "gone" } });
        assert_eq!(told(fields).as_deref(), Some("Bad request; source: gone; title: too long"));
        let scopes = json!({ "message": "Lacking", "detail": { "required": ["repository"] } });
        assert_eq!(told(scopes).as_deref(), Some("Lacking"));
        assert_eq!(message(&json!({ "error": "text" })), None);
        assert_eq!(message(&json!("text")), None);
    }
}
