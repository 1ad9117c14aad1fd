//! Recorded traffic of GitHub, asked of this server: the same statuses, and every field that GitHub gave.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::Method;
use serde_json::Value;

use super::tests::Hub;

/// The scenarios that need nothing but what this server does.
const SCENARIOS: &[&str] = &[
    "add-labels-to-issue",
    "create-file",
    "create-status",
    "errors",
    "git-refs",
    "labels",
    "paginate-issues",
    "rename-repository",
    "search-issues",
];

/// Fields that GitHub gave then and gives no more.
const BYGONE: &[&str] = &["request_id"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_requests_are_answered_as_they_were() {
    let Some(shared) = std::env::var_os("MOSAIC_SHARED") else { return };
    let mut faults = Vec::new();
    let mut asked = 0;
    for scenario in SCENARIOS {
        let folder = PathBuf::from(&shared).join("fixtures/octokit-fixtures/github").join(scenario);
        let text = std::fs::read_to_string(folder.join("raw-fixture.json")).unwrap();
        let exchanges: Vec<Value> = serde_json::from_str(&text).unwrap();
        let hub = Hub::recorded().await;
        let mut known = BTreeMap::new();
        for exchange in &exchanges {
            asked += 1;
            let method = exchange["method"].as_str().unwrap().to_uppercase();
            let path = translate(&known, exchange["path"].as_str().unwrap());
            let body = match &exchange["body"] {
                Value::String(_) => Value::Null,
                body => serde_json::from_str(&translate(&known, &body.to_string())).unwrap(),
            };
            let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
            let got =
                hub.as_recorded(Method::from_bytes(method.as_bytes()).unwrap(), &path, body, status).await;
            compare(&exchange["response"], &got, "", &mut known, &mut |at: &str| {
                faults.push(format!("{scenario}: {method} {path}: {at}"));
            });
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(asked > 60, "only {asked} requests were recorded");
}

/// Replaces ids of the recording by those of this server.
fn translate(known: &BTreeMap<String, String>, text: &str) -> String {
    known.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new))
}

/// Says which fields of the recording are not there or have another type; learns commit ids and the ids of repositories.
fn compare(
    old: &Value,
    new: &Value,
    at: &str,
    known: &mut BTreeMap<String, String>,
    fault: &mut dyn FnMut(&str),
) {
    match (old, new) {
        (Value::Object(fields), Value::Object(ours)) => {
            if let (Some(old), Some(new), true) =
                (fields.get("id"), ours.get("id"), fields.contains_key("full_name"))
            {
                known.insert(old.to_string(), new.to_string());
            }
            for (name, old) in fields.iter().filter(|(name, _)| !BYGONE.contains(&name.as_str())) {
                let at = format!("{at}/{name}");
                match ours.get(name) {
                    Some(new) => compare(old, new, &at, known, fault),
                    None => fault(&format!("{at} is not there")),
                }
            }
        }
        (Value::Array(all), Value::Array(ours)) => {
            if all.len() != ours.len() {
                fault(&format!("{at} has {} items instead of {}", ours.len(), all.len()));
            }
            for (index, (old, new)) in all.iter().zip(ours).enumerate() {
                compare(old, new, &format!("{at}/{index}"), known, fault);
            }
        }
        (Value::String(old), Value::String(new)) => {
            let is_id = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_id(old) && is_id(new) {
                known.insert(old.clone(), new.clone());
            } else if ["message", "state", "type", "ref", "name", "title", "code", "field", "resource"]
                .iter()
                .any(|name| at.ends_with(&format!("/{name}")))
                && old != new
                && !at.contains("/user/")
            {
                fault(&format!("{at} is {new:?} instead of {old:?}"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) => {}
        _ => fault(&format!("{at} has another type")),
    }
}
