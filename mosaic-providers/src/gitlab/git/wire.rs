//! What GitLab says of branches, commits, files, merge requests and what belongs to them.

use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{Branch, Commit, PullRequest, PullRequestState, Release, Signature, Tag};
use serde::Deserialize;
use serde_json::Value;

use super::super::wire::{Note, Person, filled, number, or_default, time};

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WireCommit {
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    message: String,
    #[serde(default, deserialize_with = "or_default")]
    title: String,
    #[serde(default, deserialize_with = "or_default")]
    author_name: String,
    #[serde(default, deserialize_with = "or_default")]
    author_email: String,
    #[serde(default, deserialize_with = "time")]
    authored_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    parent_ids: Vec<String>,
}

impl From<WireCommit> for Commit {
    fn from(wire: WireCommit) -> Self {
        let mut author = Signature::new(wire.author_name, wire.author_email);
        author.at = wire.authored_date;
        let message = if wire.message.is_empty() { wire.title } else { wire.message };
        let mut commit = Self::new(wire.id, message.trim_end_matches('\n'), author);
        commit.parents = wire.parent_ids;
        commit
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireBranch {
    name: String,
    pub(super) commit: WireCommit,
    #[serde(default, deserialize_with = "or_default")]
    protected: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) default: bool,
}

impl From<WireBranch> for Branch {
    fn from(wire: WireBranch) -> Self {
        Self::new(wire.name, wire.commit.id).protected(wire.protected)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireTag {
    name: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    commit: Option<WireCommit>,
    #[serde(default)]
    target: Option<String>,
}

impl From<WireTag> for Tag {
    fn from(wire: WireTag) -> Self {
        let commit = wire.commit.map(|commit| commit.id).or(wire.target).unwrap_or_default();
        let mut tag = Self::new(wire.name, commit);
        tag.message = filled(wire.message).map(|text| text.trim_end_matches('\n').to_owned());
        tag
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireFile {
    pub(super) file_path: String,
    pub(super) blob_id: String,
    pub(super) commit_id: String,
    #[serde(default)]
    pub(super) encoding: Option<String>,
    pub(super) content: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct MergeRequest {
    pub(super) iid: i64,
    pub(super) title: String,
    pub(super) source_branch: String,
    pub(super) target_branch: String,
    pub(super) state: String,
    /// The project of the source branch: another one where it is a fork's. A number, which the document calls a text.
    #[serde(default)]
    pub(super) source_project_id: Option<Value>,
    #[serde(default)]
    target_project_id: Option<Value>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    author: Option<Person>,
    #[serde(default)]
    pub(super) sha: Option<String>,
    #[serde(default)]
    pub(super) merge_commit_sha: Option<String>,
    #[serde(default)]
    pub(super) squash_commit_sha: Option<String>,
    /// GitLab's older word for whether it can be merged.
    #[serde(default)]
    pub(super) merge_status: Option<String>,
    /// The newer one, with the reason.
    #[serde(default)]
    pub(super) detailed_merge_status: Option<String>,
    #[serde(default)]
    pub(super) has_conflicts: Option<bool>,
    #[serde(default)]
    pub(super) merge_error: Option<String>,
    #[serde(default)]
    pub(super) rebase_in_progress: Option<bool>,
    #[serde(default)]
    pub(super) diverged_commits_count: Option<i64>,
    #[serde(default)]
    pub(super) diff_refs: Option<DiffRefs>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    updated_at: Option<Timestamp>,
}

/// The three commits that a place in a change is counted from.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DiffRefs {
    pub(super) base_sha: Option<String>,
    pub(super) start_sha: Option<String>,
    pub(super) head_sha: Option<String>,
}

impl MergeRequest {
    /// Whether it brings a branch of a fork, which is not the branch of that name here.
    pub(super) fn is_foreign(&self) -> bool {
        self.source_project_id != self.target_project_id
    }

    pub(super) fn is_merged(&self) -> bool {
        self.state == "merged"
    }

    /// Open, or being merged right now.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "opened" | "locked")
    }

    /// The commit that brought it in: that of the merge, else the squashed one, else the head that the target was moved to.
    pub(super) fn landed(&self) -> Option<String> {
        let made = filled(self.merge_commit_sha.clone()).or_else(|| filled(self.squash_commit_sha.clone()));
        made.or_else(|| filled(self.sha.clone())).filter(|_| self.is_merged())
    }
}

impl From<MergeRequest> for PullRequest {
    fn from(wire: MergeRequest) -> Self {
        let state = match wire.state.as_str() {
            "merged" => PullRequestState::Merged,
            "closed" => PullRequestState::Closed,
            _ => PullRequestState::Open,
        };
        let landed = wire.landed();
        let mut pull = Self::new(number(wire.iid), wire.title, wire.source_branch, wire.target_branch, state);
        pull.body = filled(wire.description);
        pull.author = wire.author.map(|author| author.username);
        pull.head = filled(wire.sha);
        pull.merge_commit = landed;
        pull.created_at = wire.created_at;
        pull.updated_at = wire.updated_at;
        pull
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Discussion {
    pub(super) notes: Vec<Note>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireRelease {
    tag_name: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    author: Option<Person>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, rename = "_links")]
    links: Option<ReleaseLinks>,
}

#[derive(Debug, Deserialize)]
struct ReleaseLinks {
    #[serde(default, rename = "self")]
    own: Option<String>,
}

impl From<WireRelease> for Release {
    fn from(wire: WireRelease) -> Self {
        let mut release = Self::new(wire.tag_name.as_str(), wire.tag_name.as_str());
        release.name = filled(wire.name);
        release.body = filled(wire.description);
        release.author = wire.author.map(|author| author.username);
        release.web_url = wire.links.and_then(|links| links.own);
        release.created_at = wire.created_at;
        release
    }
}
