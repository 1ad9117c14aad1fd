//! The recordings of the set `octokit-fixtures`: a list of requests and answers, as JSON.

use std::collections::BTreeMap;

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::exchange::Exchange;
use super::recording::Recording;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    scope: String,
    method: String,
    path: String,
    /// What was sent; an empty text where nothing was.
    body: Value,
    status: u16,
    response: Value,
    /// The normalized form.
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// The raw form: pairs, or names and values in turn.
    #[serde(default)]
    raw_headers: Value,
}

/// The exchanges of a scenario, in their order.
pub(super) fn read(text: &str) -> Result<Recording, String> {
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let scopes: Vec<_> = entries.iter().map(|entry| entry.scope.clone()).collect();
    let bare = scopes.iter().map(|scope| scope.trim_end_matches(":443").to_owned());
    let origins: Vec<_> = bare.chain(scopes.iter().cloned()).collect();
    let exchanges: Result<Vec<_>, String> = entries.into_iter().map(exchange).collect();
    Ok(Recording::of(exchanges?, origins))
}

fn exchange(entry: Entry) -> Result<Exchange, String> {
    let method = entry.method.to_ascii_uppercase();
    let method: Method = method.parse().map_err(|_| format!("{method} is no method"))?;
    let (path, query) = entry.path.split_once('?').unwrap_or((&entry.path, ""));
    let mut exchange = Exchange::new(method, path, query, entry.status, text(&entry.response));
    exchange.sent = Some(entry.body).filter(|body| body.is_object() || body.is_array());
    for (name, value) in &entry.headers {
        exchange.header(name, &text(value));
    }
    match &entry.raw_headers {
        Value::Object(headers) => {
            headers.iter().for_each(|(name, value)| exchange.header(name, &text(value)))
        }
        Value::Array(headers) => {
            for pair in headers.chunks_exact(2) {
                exchange.header(&text(&pair[0]), &text(&pair[1]));
            }
        }
        _ => {}
    }
    if exchange.headers.iter().all(|(name, _)| name != "content-type") && !entry.response.is_string() {
        exchange.header("content-type", "application/json; charset=utf-8");
    }
    Ok(exchange)
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
