//! What Woodpecker sends, as far as it is used.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// A repository that the server knows.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) default_branch: String,
    #[serde(default)]
    pub(super) active: bool,
    #[serde(default)]
    pub(super) config_file: String,
}

/// What a run is asked for with.
#[derive(Debug, Serialize)]
pub(super) struct Options<'a> {
    pub(super) branch: &'a str,
    pub(super) variables: &'a BTreeMap<String, String>,
}

/// A run; Woodpecker calls it a pipeline. Times are seconds since 1970, 0 where there is none.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) number: i64,
    pub(super) status: String,
    #[serde(default)]
    pub(super) event: String,
    #[serde(default)]
    pub(super) branch: String,
    #[serde(default, rename = "ref")]
    pub(super) reference: String,
    #[serde(default)]
    pub(super) commit: String,
    #[serde(default)]
    pub(super) created: i64,
    #[serde(default)]
    pub(super) started: i64,
    #[serde(default)]
    pub(super) finished: i64,
    #[serde(default)]
    pub(super) errors: Option<Vec<Fault>>,
    #[serde(default)]
    pub(super) cancel_info: Option<Cancel>,
    #[serde(default)]
    pub(super) variables: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) workflows: Option<Vec<Workflow>>,
}

/// What is wrong with a definition.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) is_warning: bool,
}

/// Why a run was cancelled.
#[derive(Debug, Deserialize)]
pub(super) struct Cancel {
    #[serde(default)]
    pub(super) canceled_by_user: String,
    #[serde(default)]
    pub(super) canceled_by_step: String,
    #[serde(default)]
    pub(super) superseded_by: i64,
}

/// A workflow of a run: steps that share a directory.
#[derive(Debug, Deserialize)]
pub(super) struct Workflow {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) pid: i64,
    #[serde(default)]
    pub(super) name: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) started: i64,
    #[serde(default)]
    pub(super) finished: i64,
    #[serde(default)]
    pub(super) children: Option<Vec<Step>>,
}

/// A step of a workflow.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) pid: i64,
    #[serde(default)]
    pub(super) name: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) exit_code: i64,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
}

/// A line of a log, without its line feed.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    pub(super) line: i64,
    #[serde(default, deserialize_with = "bytes")]
    pub(super) data: Vec<u8>,
}

/// Bytes as the server writes them, in Base64; the document has them as a list of numbers.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    use base64::Engine as _;
    use serde::de::Error as _;
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Numbers(Vec<i64>),
    }
    match Option::<Form>::deserialize(deserializer)? {
        None => Ok(Vec::new()),
        Some(Form::Text(text)) => {
            base64::engine::general_purpose::STANDARD.decode(text).map_err(D::Error::custom)
        }
        // A number that is no byte stands for nothing that a log can hold.
        Some(Form::Numbers(numbers)) => {
            Ok(numbers.into_iter().filter_map(|number| u8::try_from(number).ok()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_both_forms() {
        for (json, text) in [
            (r#"{"line":3,"data":"aGVsbG8="}"#, "hello"),
            (r#"{"line":3,"data":[104,105]}"#, "hi"),
            (r#"{"line":3,"data":null}"#, ""),
            (r#"{"line":3}"#, ""),
        ] {
            let line: Line = serde_json::from_str(json).unwrap();
            assert_eq!((line.line, line.data.as_slice()), (3, text.as_bytes()));
        }
        assert!(serde_json::from_str::<Line>(r#"{"data":"*"}"#).is_err());
    }
}
