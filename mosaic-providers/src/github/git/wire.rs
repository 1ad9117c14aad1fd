//! What GitHub answers about repositories, as far as it is read.

use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{Branch, Repository};
use serde::Deserialize;

/// Somebody, by login.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct Account {
    pub(in crate::github) login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Repo {
    pub(super) name: String,
    pub(super) owner: Account,
    pub(super) description: Option<String>,
    /// Absent where GitHub tells little.
    #[serde(default)]
    pub(super) default_branch: String,
    pub(super) private: bool,
    #[serde(default)]
    pub(super) archived: bool,
    pub(super) clone_url: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
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

/// A commit, as far as its id.
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
