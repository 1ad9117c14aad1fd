//! What Jenkins sends, as far as it is used.

use mosaic_core::types::cicd::RunState;
use serde::Deserialize;

/// What is asked for of a build.
pub(super) const BUILD: &str = "number,building,result,timestamp,duration,url,queueId";

#[derive(Debug, Deserialize)]
pub(super) struct Build {
    pub(super) number: u64,
    #[serde(default)]
    pub(super) building: bool,
    #[serde(default)]
    pub(super) result: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub(super) timestamp: i64,
    /// Milliseconds; 0 while it builds.
    #[serde(default)]
    pub(super) duration: i64,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default, rename = "queueId")]
    pub(super) queue_id: i64,
}

impl Build {
    /// What its result means. One that is not known is never taken for a good end.
    pub(super) fn state(&self) -> RunState {
        match self.result.as_deref() {
            _ if self.building => RunState::Running,
            None => RunState::Running,
            Some("SUCCESS") => RunState::Succeeded,
            Some("ABORTED") => RunState::Cancelled,
            Some("NOT_BUILT") => RunState::Skipped,
            Some(_) => RunState::Failed,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    #[serde(default)]
    pub(super) name: String,
    /// Absent where it is a folder.
    #[serde(default)]
    pub(super) buildable: Option<bool>,
    #[serde(default)]
    pub(super) property: Vec<Property>,
    #[serde(default, rename = "allBuilds")]
    pub(super) builds: Vec<Build>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Property {
    #[serde(default, rename = "parameterDefinitions")]
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parameter {
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Folder {
    #[serde(default)]
    pub(super) jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    #[serde(default)]
    pub(super) cancelled: bool,
    #[serde(default)]
    pub(super) why: Option<String>,
    #[serde(default)]
    pub(super) executable: Option<Executable>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Executable {
    pub(super) number: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Files {
    #[serde(default)]
    pub(super) artifacts: Vec<File>,
}

#[derive(Debug, Deserialize)]
pub(super) struct File {
    #[serde(rename = "relativePath")]
    pub(super) path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_their_meaning() {
        let table = [
            (r#"{"number":1,"building":true,"result":"SUCCESS"}"#, RunState::Running),
            (r#"{"number":1,"result":null}"#, RunState::Running),
            (r#"{"number":1,"result":"SUCCESS"}"#, RunState::Succeeded),
            (r#"{"number":1,"result":"UNSTABLE"}"#, RunState::Failed),
            (r#"{"number":1,"result":"FAILURE"}"#, RunState::Failed),
            (r#"{"number":1,"result":"ABORTED"}"#, RunState::Cancelled),
            (r#"{"number":1,"result":"NOT_BUILT"}"#, RunState::Skipped),
            (r#"{"number":1,"result":"NEW_WORD"}"#, RunState::Failed),
        ];
        for (text, state) in table {
            assert_eq!(serde_json::from_str::<Build>(text).unwrap().state(), state, "{text}");
        }
    }
}
