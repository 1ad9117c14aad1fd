//! States of pipelines and steps: Bitbucket's words, and which of ours they are.

use mosaic_core::types::cicd::RunState;
use serde::Deserialize;

/// A state as Bitbucket sends it: a name, and within it a stage while it goes on and a result when it has ended.
#[derive(Debug, Default, Deserialize)]
pub(super) struct State {
    #[serde(default)]
    name: String,
    #[serde(default)]
    stage: Option<Named>,
    #[serde(default)]
    result: Option<Named>,
}

#[derive(Debug, Default, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

impl State {
    fn within(&self) -> &str {
        let within = self.result.as_ref().or(self.stage.as_ref());
        within.map(|named| named.name.as_str()).unwrap_or_default()
    }

    /// Which of our states it is. What is not known and has not ended goes on.
    pub(super) fn known(&self) -> RunState {
        match (self.name.as_str(), self.within()) {
            ("COMPLETED", "SUCCESSFUL" | "PASSED") => RunState::Succeeded,
            ("COMPLETED", "STOPPED") => RunState::Cancelled,
            ("COMPLETED", "NOT_RUN" | "SKIPPED") => RunState::Skipped,
            ("COMPLETED", _) => RunState::Failed,
            ("PENDING" | "READY" | "PARSING", _) => RunState::Queued,
            (_, "PENDING") => RunState::Queued,
            ("PAUSED" | "HALTED", _) | (_, "PAUSED" | "HALTED") => RunState::Blocked,
            _ => RunState::Running,
        }
    }

    /// Bitbucket's own words.
    pub(super) fn words(&self) -> Option<String> {
        match (self.name.as_str(), self.within()) {
            ("", _) => None,
            (name, "") => Some(name.to_owned()),
            (name, within) => Some(format!("{name}/{within}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_word_of_the_document_is_known() {
        for (name, within, state) in [
            ("PENDING", "", RunState::Queued),
            ("READY", "", RunState::Queued),
            ("PARSING", "", RunState::Queued),
            ("IN_PROGRESS", "", RunState::Running),
            ("IN_PROGRESS", "RUNNING", RunState::Running),
            ("IN_PROGRESS", "PENDING", RunState::Queued),
            ("IN_PROGRESS", "PAUSED", RunState::Blocked),
            ("IN_PROGRESS", "HALTED", RunState::Blocked),
            ("BUILDING", "", RunState::Running),
            ("PAUSED", "", RunState::Blocked),
            ("HALTED", "", RunState::Blocked),
            ("COMPLETED", "SUCCESSFUL", RunState::Succeeded),
            ("COMPLETED", "FAILED", RunState::Failed),
            ("COMPLETED", "ERROR", RunState::Failed),
            ("COMPLETED", "EXPIRED", RunState::Failed),
            ("COMPLETED", "STOPPED", RunState::Cancelled),
            ("COMPLETED", "NOT_RUN", RunState::Skipped),
            ("COMPLETED", "WHATEVER", RunState::Failed),
            ("WHATEVER", "", RunState::Running),
        ] {
            let field = if name == "COMPLETED" { "result" } else { "stage" };
            let inner = if within.is_empty() { json!(null) } else { json!({ "name": within }) };
            let told: State = serde_json::from_value(json!({ "name": name, field: inner })).unwrap();
            assert_eq!(told.known(), state, "{name} {within}");
            let words = if within.is_empty() { name.to_owned() } else { format!("{name}/{within}") };
            assert_eq!(told.words(), Some(words));
        }
        assert_eq!(State::default().words(), None);
    }
}
