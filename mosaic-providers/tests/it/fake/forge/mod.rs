//! The state of the forge: people, repositories with real git, issues and pull requests, hooks, releases, runs.
//!
//! What git keeps is in git, as bare repositories in a temporary directory ([`Git`]); the rest is plain data ([`Repo`]) behind
//! one lock, changed by [`Forge::with`]. Repositories are known by an id that a rename does not change.
//!
//! ```text
//! let forge = Forge::open().await;
//! forge.add_user("ada", "token-of-ada");
//! let repo = forge.create_repo(NewRepo::new("ada", "widget")).await?;
//! let git = forge.git(repo.id);
//! git.put_file(&Put::new("main", "README.md", "hello").by(&ada), |_| Ok(())).await?;
//! forge.with(repo.id, |repo| repo.issues().count());
//! ```

mod commits;
mod git;
mod items;
mod merges;
mod model;
mod people;
mod program;
mod pulls;
mod refs;
mod refusal;
mod repos;
mod runs;
mod wiki;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mosaic_core::types::Timestamp;
use mosaic_providers::local::git::LocalGit;
use tempfile::TempDir;

pub(crate) use commits::{Commit, Entry, FileDiff, Who};
pub(crate) use git::Git;
pub(crate) use items::NewIssue;
pub(crate) use merges::{Merge, Merged};
pub(crate) use model::*;
pub(crate) use people::{User, UserKind};
pub(crate) use program::{program_lines, read_program};
pub(crate) use pulls::{NewPull, PullView};
pub(crate) use refs::Ref;
pub(crate) use refusal::{Reason, Refusal};
pub(crate) use repos::{Found, NewRepo};
pub(crate) use runs::Trigger;
pub(crate) use write::{Put, Written};

/// What is in memory.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<String, User>,
    /// Token to login.
    pub(crate) tokens: HashMap<String, String>,
    pub(crate) repos: BTreeMap<u64, Repo>,
    /// Where repositories were before: owner and name in lower case, to id.
    pub(crate) moved: HashMap<(String, String), u64>,
    pub(crate) runs: BTreeMap<u64, Run>,
    last_id: u64,
}

impl State {
    /// An id that nothing has, for whatever it is.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// A forge of one test. What it keeps on disk goes with it.
#[derive(Debug)]
pub(crate) struct Forge {
    state: Mutex<State>,
    local: LocalGit,
    locks: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
    root: TempDir,
}

impl Forge {
    /// An empty forge.
    pub(crate) async fn open() -> Arc<Self> {
        let root = tempfile::tempdir().unwrap();
        let local = LocalGit::open(root.path()).await.unwrap();
        Arc::new(Self { state: Mutex::default(), local, locks: Mutex::default(), root })
    }

    /// Everything in memory, locked. Never held over an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id that nothing has.
    pub(crate) fn fresh_id(&self) -> u64 {
        self.state().fresh_id()
    }

    /// Reads or changes a repository; none where it was deleted meanwhile.
    pub(crate) fn with<T>(&self, repo: u64, change: impl FnOnce(&mut Repo) -> T) -> Option<T> {
        self.state().repos.get_mut(&repo).map(change)
    }

    /// The git of a repository.
    pub(crate) fn git(&self, repo: u64) -> Git<'_> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Git {
            local: &self.local,
            id: repo,
            directory: self.directory(repo),
            lock: Arc::clone(locks.entry(repo).or_default()),
        }
    }

    fn directory(&self, repo: u64) -> PathBuf {
        self.root.path().join("repos").join(format!("r{repo}.git"))
    }
}

/// Now, in whole seconds, as forges tell times.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}
