//! What GitHub answers about repositories, branches and commits, as far as it is read.

use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{Branch, Commit, Repository, Signature};
use serde::Deserialize;

/// Somebody, by login.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct Account {
    pub(in crate::github) login: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct Repo {
    pub(in crate::github) name: String,
    pub(in crate::github) owner: Account,
    pub(in crate::github) description: Option<String>,
    /// Absent where GitHub tells little.
    #[serde(default)]
    pub(in crate::github) default_branch: String,
    pub(in crate::github) private: bool,
    #[serde(default)]
    pub(in crate::github) archived: bool,
    pub(in crate::github) clone_url: Option<String>,
    pub(in crate::github) html_url: Option<String>,
    pub(in crate::github) created_at: Option<Timestamp>,
    pub(in crate::github) updated_at: Option<Timestamp>,
}

impl From<Repo> for Repository {
    fn from(wire: Repo) -> Self {
        let mut repository = Self::new(wire.owner.login, wire.name, wire.default_branch)
            .private(wire.private)
            .archived(wire.archived);
        repository.description = wire.description;
        repository.clone_url = wire.clone_url;
        repository.web_url = wire.html_url;
        (repository.created_at, repository.updated_at) = (wire.created_at, wire.updated_at);
        repository
    }
}

/// An object of git, as far as its id.
#[derive(Debug, Deserialize)]
pub(super) struct Sha {
    pub(super) sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct BranchHead {
    pub(super) name: String,
    pub(super) commit: Sha,
    #[serde(default)]
    pub(super) protected: bool,
}

impl From<BranchHead> for Branch {
    fn from(wire: BranchHead) -> Self {
        Self::new(wire.name, wire.commit.sha).protected(wire.protected)
    }
}

/// A reference and what it points at.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) object: Sha,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitRow {
    sha: String,
    commit: CommitText,
    #[serde(default)]
    parents: Vec<Sha>,
}

#[derive(Debug, Deserialize)]
struct CommitText {
    message: String,
    author: Option<Author>,
}

#[derive(Debug, Deserialize)]
struct Author {
    name: Option<String>,
    email: Option<String>,
    date: Option<Timestamp>,
}

impl CommitRow {
    pub(super) fn id(&self) -> &str {
        &self.sha
    }
}

impl From<CommitRow> for Commit {
    fn from(wire: CommitRow) -> Self {
        let author = wire.commit.author;
        let (name, email, date) =
            author.map_or((None, None, None), |author| (author.name, author.email, author.date));
        let mut signature = Signature::new(name.unwrap_or_default(), email.unwrap_or_default());
        signature.at = date;
        Self::new(wire.sha, wire.commit.message, signature)
            .parents(wire.parents.into_iter().map(|parent| parent.sha).collect::<Vec<_>>())
    }
}
