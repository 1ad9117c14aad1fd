//! Repositories: made, found, renamed and deleted.

use std::collections::{BTreeMap, BTreeSet};

use mosaic_core::context::CallContext;
use mosaic_core::op::git::{CreateRepository, DeleteRepository, GitService as _, UpdateRepository};
use mosaic_core::types::RepoRef;

use super::{Forge, Item, Label, Refusal, Repo, now};

/// A repository to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewRepo {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) default_branch: String,
    pub(crate) private: bool,
}

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// To the repository of this id.
    Here(u64),
    /// To one that has another name now.
    Moved(u64),
    Nowhere,
}

impl NewRepo {
    pub(crate) fn new(owner: &str, name: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: None,
            default_branch: "main".to_owned(),
            private: false,
        }
    }
}

fn key(owner: &str, name: &str) -> (String, String) {
    (owner.to_lowercase(), name.to_lowercase())
}

impl Forge {
    /// Makes an empty repository. `Missing` without the owner, `Invalid` for a name that no forge takes, `Exists`.
    pub(crate) async fn create_repo(&self, new: NewRepo) -> Result<Repo, Refusal> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if new.name.is_empty()
            || new.name.len() > 100
            || !new.name.chars().all(allowed)
            || matches!(new.name.as_str(), "." | "..")
        {
            return Err(Refusal::invalid("The repository name is not valid"));
        }
        let Some(owner) = self.user(&new.owner) else { return Err(Refusal::missing("no such owner")) };
        let repo = {
            let mut state = self.state();
            let wanted = key(&new.owner, &new.name);
            if state.repos.values().any(|repo| key(&repo.owner, &repo.name) == wanted) {
                return Err(Refusal::exists("name already exists on this account"));
            }
            // Whoever takes the name of one that moved away ends the redirect.
            state.moved.remove(&wanted);
            let (id, now) = (state.fresh_id(), now());
            let repo = Repo {
                id,
                owner: owner.login,
                name: new.name,
                description: new.description,
                default_branch: new.default_branch.clone(),
                private: new.private,
                archived: false,
                created_at: now,
                updated_at: now,
                pushed_at: now,
                items: BTreeMap::new(),
                last_number: 0,
                labels: Vec::new(),
                milestones: Vec::new(),
                hooks: Vec::new(),
                releases: Vec::new(),
                statuses: Vec::new(),
                wiki: BTreeMap::new(),
                collaborators: BTreeSet::new(),
                topics: Vec::new(),
                disabled: BTreeSet::new(),
            };
            state.repos.insert(id, repo.clone());
            repo
        };
        let op = CreateRepository::new("repos", format!("r{}", repo.id)).default_branch(new.default_branch);
        if let Err(error) = self.local.create_repository(&CallContext::new(), op).await {
            self.state().repos.remove(&repo.id);
            return Err(Refusal::invalid(error.message()));
        }
        Ok(repo)
    }

    /// Where a name leads. Forges do not tell small and capital letters apart.
    pub(crate) fn find(&self, owner: &str, name: &str) -> Found {
        let (state, wanted) = (self.state(), key(owner, name));
        if let Some(repo) = state.repos.values().find(|repo| key(&repo.owner, &repo.name) == wanted) {
            return Found::Here(repo.id);
        }
        match state.moved.get(&wanted).filter(|id| state.repos.contains_key(id)) {
            Some(id) => Found::Moved(*id),
            None => Found::Nowhere,
        }
    }

    /// A copy of a repository as it is now.
    pub(crate) fn repo(&self, id: u64) -> Option<Repo> {
        self.state().repos.get(&id).cloned()
    }

    /// Copies of all repositories, ordered by owner and name.
    pub(crate) fn repos(&self) -> Vec<Repo> {
        let mut repos: Vec<_> = self.state().repos.values().cloned().collect();
        repos.sort_by_key(|repo| key(&repo.owner, &repo.name));
        repos
    }

    /// Gives a repository another owner or name; the old name leads on.
    pub(crate) fn move_repo(&self, id: u64, owner: &str, name: &str) -> Result<(), Refusal> {
        let mut state = self.state();
        let wanted = key(owner, name);
        if state.repos.values().any(|repo| repo.id != id && key(&repo.owner, &repo.name) == wanted) {
            return Err(Refusal::exists("name already exists on this account"));
        }
        let Some(repo) = state.repos.get_mut(&id) else { return Err(Refusal::missing("no such repository")) };
        let old = key(&repo.owner, &repo.name);
        (repo.owner, repo.name, repo.updated_at) = (owner.to_owned(), name.to_owned(), now());
        if old != wanted {
            state.moved.insert(old, id);
            state.moved.remove(&wanted);
        }
        Ok(())
    }

    /// Makes another branch the default one; it must be there.
    pub(crate) async fn set_default_branch(&self, id: u64, branch: &str) -> Result<(), Refusal> {
        if self.git(id).tip(branch).await.is_none() {
            return Err(Refusal::missing(format!("The branch {branch} was not found.")));
        }
        let op = UpdateRepository::of(RepoRef::new("repos", format!("r{id}"))).default_branch(branch);
        let changed = self.local.update_repository(&CallContext::new(), op).await;
        changed.map_err(|error| Refusal::invalid(error.message()))?;
        self.with(id, |repo| repo.default_branch = branch.to_owned());
        Ok(())
    }

    /// Deletes a repository with everything in it.
    pub(crate) async fn delete_repo(&self, id: u64) -> Result<(), Refusal> {
        let git = self.git(id);
        let _held = git.lock.lock().await;
        if self.state().repos.remove(&id).is_none() {
            return Err(Refusal::missing("no such repository"));
        }
        self.state().runs.retain(|_, run| run.repo != id);
        let op = DeleteRepository::of(git.local_name());
        self.local
            .delete_repository(&CallContext::new(), op)
            .await
            .map_err(|error| Refusal::invalid(error.message()))
    }
}

impl Repo {
    /// Issues that are no pull requests, oldest first.
    pub(crate) fn issues(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.values().filter(|item| item.pull.is_none())
    }

    /// Pull requests, oldest first.
    pub(crate) fn pulls(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.values().filter(|item| item.pull.is_some())
    }

    /// The number of an item among those of its kind, from 1: for dialects that number issues and pull requests apart.
    pub(crate) fn place_among(&self, item: &Item) -> u64 {
        let alike =
            |other: &&Item| other.pull.is_some() == item.pull.is_some() && other.number <= item.number;
        self.items.values().filter(alike).count() as u64
    }

    /// The item of a kind that has this place, as [`Repo::place_among`] numbers.
    pub(crate) fn nth(&self, pull: bool, place: u64) -> Option<&Item> {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        self.items.values().filter(|item| item.pull.is_some() == pull).nth(place)
    }

    /// A label by its name, which is not told apart by small and capital letters.
    pub(crate) fn label(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}
