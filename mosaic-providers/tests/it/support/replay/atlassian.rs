//! The answers of the set `atlassian-python-api`: the path of a file is the path of the URL, its name the method, and its
//! keys the query or the body of the request.

use std::path::Path;

use axum::http::Method;
use serde_json::{Map, Value};

use super::exchange::Exchange;
use super::recording::Recording;

/// What stands for the origin in these answers.
const ORIGIN: &str = "bitbucket/cloud";

/// Every answer below a directory.
pub(super) fn read(directory: &Path) -> Result<Recording, String> {
    let mut exchanges = Vec::new();
    walk(directory, "", &mut exchanges)?;
    Ok(Recording::of(exchanges, [ORIGIN.to_owned()]))
}

fn walk(directory: &Path, path: &str, exchanges: &mut Vec<Exchange>) -> Result<(), String> {
    let fault = |error: &dyn std::fmt::Display| format!("{path}: {error}");
    let entries: Result<Vec<_>, _> = std::fs::read_dir(directory).map_err(|error| fault(&error))?.collect();
    let mut entries = entries.map_err(|error| fault(&error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (file, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if file.is_dir() {
            walk(&file, &format!("{path}/{name}"), exchanges)?;
        } else if let Some(method) = name.strip_suffix(".json") {
            let method: Method = method.parse().map_err(|error| fault(&error))?;
            let text = std::fs::read_to_string(&file).map_err(|error| fault(&error))?;
            let answers: Map<String, Value> = serde_json::from_str(&text).map_err(|error| fault(&error))?;
            exchanges.extend(answers.into_iter().map(|(key, answer)| exchange(&method, path, &key, answer)));
        }
    }
    Ok(())
}

fn exchange(method: &Method, path: &str, key: &str, mut answer: Value) -> Exchange {
    let status = answer.as_object_mut().and_then(|fields| fields.remove("status_code"));
    let status = status.and_then(|status| status.as_u64()?.try_into().ok()).unwrap_or(200);
    let sent: Option<Value> = serde_json::from_str(key).ok().filter(Value::is_object);
    let query = if sent.is_some() || key == "None" { "" } else { key };
    let body = if answer.is_null() { String::new() } else { answer.to_string() };
    let mut exchange = Exchange::new(method.clone(), path, query, status, body);
    exchange.sent = sent;
    exchange.header("content-type", "application/json; charset=utf-8");
    exchange
}
