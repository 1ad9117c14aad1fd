//! What Jenkins sends, as far as it is used.

use std::collections::BTreeSet;

use mosaic_core::types::cicd::RunState;
use serde::Deserialize;

/// What is asked for of a build.
pub(super) const BUILD: &str =
    "number,building,result,timestamp,duration,url,queueId,actions[lastBuiltRevision[SHA1]]";

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
    #[serde(flatten)]
    given: Given,
}

/// What a build was given, and found: each of its actions has a part of it, or nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    actions: Option<Vec<Option<Action>>>,
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(default)]
    parameters: Option<Vec<Value>>,
    #[serde(default, rename = "lastBuiltRevision")]
    revision: Option<Revision>,
}

/// A parameter with its value; secret ones come without.
#[derive(Debug, Deserialize)]
pub(super) struct Value {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Revision {
    #[serde(default, rename = "SHA1")]
    sha: Option<String>,
}

impl Given {
    fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().flatten().flatten()
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.actions().flat_map(|action| action.parameters.iter().flatten())
    }

    /// The commits that were built, each once.
    pub(super) fn revisions(&self) -> BTreeSet<&str> {
        self.actions().filter_map(|action| action.revision.as_ref()?.sha.as_deref()).collect()
    }
}

impl Build {
    /// The commit that it built, where there is only one.
    pub(super) fn commit(&self) -> Option<String> {
        let all = self.given.revisions();
        all.first().filter(|_| all.len() == 1).map(|&commit| commit.to_owned())
    }

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
    #[serde(default)]
    pub(super) task: Option<Task>,
}

/// The job that waits.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Crumb {
    pub(super) crumb: String,
    #[serde(rename = "crumbRequestField")]
    pub(super) field: String,
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
