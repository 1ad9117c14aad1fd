//! What Prism finds wrong with a request, read from its answer.

use std::fmt;

use axum::http::HeaderMap;
use serde_json::Value;

/// The header in which Prism lists what it found, where the document has an answer for bad requests.
const LISTED: &str = "sl-violations";

/// What the type of each of Prism's own problem documents begins with.
const PROBLEM: &str = "https://stoplight.io/prism/errors#";

/// Problems of Prism itself, not of the request: it cannot make up an answer, or was asked for one that is not there.
const NOT_OURS: [&str; 4] = ["NOT_FOUND", "NO_COMPLEX_OBJECT_TEXT", "NO_RESPONSE_DEFINED", "UNKNOWN"];

/// Something that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The request, as `POST /user/repos`, with its body.
    pub(crate) request: String,
    /// Where, as `body.name`; empty where it is the request as a whole.
    pub(crate) place: String,
    /// What.
    pub(crate) message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "  {}: {}", self.request, self.message),
            place => write!(f, "  {}: {place}: {}", self.request, self.message),
        }
    }
}

/// Reads the violations of a request from Prism's answer. What contradicts the document in Prism's own answer is left out:
/// then the document's examples are at fault.
pub(super) fn read(request: &str, headers: &HeaderMap, body: &[u8]) -> Vec<Violation> {
    let violation = |place: String, message: &str| Violation {
        request: request.to_owned(),
        place,
        message: message.to_owned(),
    };
    let listed: Vec<Value> = headers
        .get(LISTED)
        .map(|value| serde_json::from_slice(value.as_bytes()).expect("Prism lists violations as JSON"))
        .unwrap_or_default();
    let mut found: Vec<_> = listed
        .iter()
        .filter_map(|entry| match place(entry).split_first() {
            Some((&"request", rest)) => Some(violation(rest.join("."), message(entry))),
            _ => None,
        })
        .collect();
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = problem["type"].as_str().and_then(|kind| kind.strip_prefix(PROBLEM));
    if let Some(kind) = kind.filter(|kind| !NOT_OURS.contains(kind)) {
        let entries = problem["validation"].as_array().map_or(&[][..], Vec::as_slice);
        let requests = entries.iter().filter(|entry| place(entry).first() != Some(&"response"));
        found.extend(requests.map(|entry| violation(place(entry).join("."), message(entry))));
        if entries.is_empty() {
            let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or(kind);
            found.push(violation(String::new(), detail));
        }
    }
    found.dedup();
    found
}

fn place(entry: &Value) -> Vec<&str> {
    entry["location"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn message(entry: &Value) -> &str {
    entry["message"].as_str().unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(listed: Option<Value>, body: Value) -> Vec<String> {
        let mut headers = HeaderMap::new();
        if let Some(listed) = listed {
            headers.insert(LISTED, listed.to_string().parse().unwrap());
        }
        read("GET /a", &headers, body.to_string().as_bytes()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_is_wrong_with_the_request_counts() {
        let listed = json!([
            { "location": ["request", "body", "private"], "message": "must be boolean" },
            { "location": ["response", "body", "id"], "message": "must be integer" },
        ]);
        assert_eq!(of(Some(listed), json!({})), ["  GET /a: body.private: must be boolean"]);
    }

    #[test]
    fn problems_of_the_request_count_and_problems_of_prism_do_not() {
        let problem = |kind: &str, more: Value| {
            let mut problem = json!({ "type": format!("{PROBLEM}{kind}"), "detail": "as it says" });
            problem.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(None, problem)
        };
        assert_eq!(problem("NO_PATH_MATCHED_ERROR", json!({})), ["  GET /a: as it says"]);
        assert_eq!(problem("UNAUTHORIZED", json!({})), ["  GET /a: as it says"]);
        let validation =
            json!({ "validation": [{ "location": ["path", "id"], "message": "must be integer" }] });
        assert_eq!(problem("UNPROCESSABLE_ENTITY", validation), ["  GET /a: path.id: must be integer"]);
        let answer =
            json!({ "validation": [{ "location": ["response", "id"], "message": "must be integer" }] });
        assert!(problem("VIOLATIONS", answer).is_empty());
        assert!(problem("NOT_FOUND", json!({})).is_empty());
        assert!(of(None, json!({ "type": "https://example.com/problem" })).is_empty());
    }
}
