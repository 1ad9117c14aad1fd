//! Repositories: made and removed in one step, listed from the directories themselves.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository,
};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Cursor, Page, RepoRef, Timestamp};

use super::fault;
use super::names::{self, BranchName};
use super::refs::no_branch;
use super::settings::Settings;
use super::store::{Repo, Store, read, sync_parent, write_durably};
use super::work::blocking;

/// Makes a repository. It is built out of sight and appears by one rename: a kill before it leaves nothing, after it
/// everything.
pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
    let target = store.directory(&op.repo)?;
    let branch = BranchName::parse("default_branch", op.default_branch.as_deref().unwrap_or("main"))?;
    let held = store.hold(&op.repo).await?;
    let exists = || fault::conflict(format!("there is a repository {} already", op.repo));
    let place = target.clone();
    if blocking(move || Ok(place.exists())).await? {
        return Err(exists());
    }
    let built = store.work.fresh();
    store
        .git
        .plain(store.work.directory(), "init")
        .args(["--quiet", "--bare", "--template=", "--object-format=sha1"])
        .arg(format!("--initial-branch={branch}"))
        .arg("--")
        .args(built.file_name())
        .stdout()
        .await?;
    let now = Timestamp::now();
    let settings = Settings {
        description: op.description.clone(),
        private: op.private,
        archived: false,
        created_at: Some(now),
        updated_at: Some(now),
    };
    let record = serde_json::to_vec_pretty(&settings).map_err(|e| fault::unreadable("settings").source(e))?;
    cx.mark_sent();
    let place = target.clone();
    let work = Arc::clone(&store.work);
    let appeared = blocking(move || {
        // Kept until this is done, also where the call is dropped.
        let _kept = (held, work);
        let records = built.join("mosaic");
        fs::create_dir(&records).map_err(|e| fault::disk("make the directory of a record", e))?;
        write_durably(&records.join("repository.json"), &record)?;
        let appeared = appear(&built, &place);
        if !matches!(appeared, Ok(true)) {
            // Not needed for anybody to go on: the work directory is cleared when the root is opened.
            let _ = fs::remove_dir_all(&built);
        }
        appeared
    })
    .await?;
    if appeared { Ok(shown(op.repo, &target, branch.as_str(), settings)) } else { Err(exists()) }
}

/// Renames a finished repository into its place; `false` where something is there. Blocks.
fn appear(built: &Path, place: &Path) -> Result<bool> {
    let owner = place.parent().unwrap_or(place);
    // Deleting the last repository of an owner removes the owner's directory, maybe between these two steps.
    for _ in 0..8 {
        fs::create_dir_all(owner).map_err(|e| fault::disk("make the directory of an owner", e))?;
        match fs::rename(built, place) {
            Ok(()) => {
                sync_parent(place)?;
                sync_parent(owner)?;
                return Ok(true);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::AlreadyExists
                        | io::ErrorKind::DirectoryNotEmpty
                        | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(fault::disk("put a repository in its place", error)),
        }
    }
    Err(fault::busy("the directory of the owner is removed again and again"))
}

pub(super) async fn get(store: &Store, op: GetRepository) -> Result<Repository> {
    store.repo(&op.repo).await?.show().await
}

/// Changes settings. The default branch lies in git's `HEAD`, the rest in a record; each is replaced in one step, and doing
/// the whole again mends what a kill between the two left undone.
pub(super) async fn update(store: &Store, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
    let branch =
        op.default_branch.as_deref().map(|name| BranchName::parse("default_branch", name)).transpose()?;
    let repo = store.held(&op.repo).await?;
    let (old, old_branch) = (repo.settings().await?, repo.default_branch().await?);
    let mut new = old.clone();
    if op.description.is_some() {
        new.description.clone_from(&op.description);
    }
    new.private = op.private.unwrap_or(old.private);
    new.archived = op.archived.unwrap_or(old.archived);
    let moved = branch.filter(|branch| branch.as_str() != old_branch);
    if new == old && moved.is_none() {
        return repo.show().await;
    }
    if old.archived && new.archived {
        return Err(fault::conflict(format!("{} is archived and refuses changes", op.repo)));
    }
    if let Some(branch) = &moved {
        if repo.tip(branch).await?.is_none() {
            return Err(no_branch(&op.repo, branch));
        }
        cx.mark_sent();
        let run = || repo.git("symbolic-ref").args(["--", "HEAD"]).arg(branch.reference());
        let output = repo.move_reference(run, &["HEAD"]).await?;
        if output.code != Some(0) {
            return Err(output.failed());
        }
    }
    new.updated_at = Some(Timestamp::now());
    cx.mark_sent();
    repo.write("repository.json", &new).await?;
    repo.show().await
}

/// Removes a repository: one rename takes it out of sight, then its files go. What a kill leaves of them is out of sight,
/// too, and goes when the root is opened the next time.
pub(super) async fn delete(store: &Store, cx: &CallContext, op: DeleteRepository) -> Result<()> {
    let Repo { directory, held, .. } = store.held(&op.repo).await?;
    let (doomed, work) = (store.work.fresh(), Arc::clone(&store.work));
    cx.mark_sent();
    blocking(move || {
        // Kept until this is done, also where the call is dropped.
        let _kept = (held, work);
        fs::rename(&directory, &doomed).map_err(|e| fault::disk("take a repository away", e))?;
        sync_parent(&directory)?;
        if let Err(error) = fs::remove_dir_all(&doomed) {
            tracing::warn!(%error, "files of a deleted repository stay until the root is opened again");
        }
        // Fails where the owner has other repositories, which is as good.
        let _ = directory.parent().map(fs::remove_dir);
        Ok(())
    })
    .await
}

pub(super) async fn list(store: &Store, op: ListRepositories) -> Result<Page<Repository>> {
    if let Some(owner) = &op.owner {
        names::owner(owner)?;
    }
    let after = op.page.cursor.as_ref().map(parse_cursor).transpose()?;
    let (root, owner) = (store.root().to_path_buf(), op.owner.clone());
    let mut all = blocking(move || scan(&root, owner.as_deref())).await?;
    all.sort();
    let rest = all.into_iter().filter(|repo| after.as_ref().is_none_or(|after| repo > after));
    let (mut items, limit) = (Vec::new(), op.page.limit());
    for repo in rest {
        if items.len() == limit {
            return Ok(Page::new(
                items.clone(),
                items.last().map(|last: &Repository| Cursor::new(last.full_name())),
            ));
        }
        let found = async { store.repo(&repo).await?.show().await };
        match found.await {
            Ok(repository) => items.push(repository),
            // Deleted since the directory was read.
            Err(error) if error.kind() == mosaic_core::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Page::last(items))
}

fn parse_cursor(cursor: &Cursor) -> Result<RepoRef> {
    let repo = cursor.as_str().split_once('/').map(RepoRef::from);
    let repo = repo.filter(|repo| names::repository(repo).is_ok());
    repo.ok_or_else(|| fault::invalid("page.cursor: it was not made by this provider"))
}

/// The names of the repositories of one owner or of all. Blocks.
fn scan(root: &Path, owner: Option<&str>) -> Result<Vec<RepoRef>> {
    if !root.is_dir() {
        return Err(fault::gone());
    }
    let owners = match owner {
        Some(owner) => vec![owner.to_owned()],
        None => entries(root)?,
    };
    let mut found = Vec::new();
    for owner in owners.into_iter().filter(|owner| names::owner(owner).is_ok()) {
        for entry in entries(&root.join(&owner))? {
            let repo = entry.strip_suffix(".git").map(|name| RepoRef::new(&*owner, name));
            found.extend(repo.filter(|repo| names::repository(repo).is_ok()));
        }
    }
    Ok(found)
}

/// The names in a directory; none where there is no such directory. Blocks.
fn entries(directory: &Path) -> Result<Vec<String>> {
    let read = || {
        fs::read_dir(directory)?
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<io::Result<Vec<_>>>()
    };
    match read() {
        // A name that is no UTF-8 is none that this provider gave.
        Ok(names) => Ok(names.into_iter().flatten().collect()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(fault::disk("list a directory", error)),
    }
}

impl Repo<'_> {
    /// The repository as callers see it. Starts no process.
    async fn show(&self) -> Result<Repository> {
        let directory = self.directory.clone();
        let name = self.name.clone();
        let (settings, branch) = blocking(move || {
            let settings = read::<Settings>(&directory.join("mosaic/repository.json"))?.unwrap_or_default();
            Ok((settings, head(&directory, &name)?))
        })
        .await?;
        Ok(shown(self.name.clone(), &self.directory, &branch, settings))
    }

    /// The branch that clones check out; it need not exist yet.
    pub(super) async fn default_branch(&self) -> Result<String> {
        let (directory, name) = (self.directory.clone(), self.name.clone());
        blocking(move || head(&directory, &name)).await
    }
}

/// The branch in `HEAD`. Blocks.
fn head(directory: &Path, repo: &RepoRef) -> Result<String> {
    let text = match fs::read_to_string(directory.join("HEAD")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(super::store::no_repository(repo));
        }
        Err(error) => return Err(fault::disk("read HEAD", error)),
    };
    let branch = text.trim_end().strip_prefix("ref: refs/heads/").map(str::to_owned);
    branch.ok_or_else(|| fault::unreadable(format!("HEAD of {repo} names no branch")))
}

fn shown(repo: RepoRef, directory: &Path, branch: &str, settings: Settings) -> Repository {
    let mut repository = Repository::of(repo, branch)
        .clone_url(directory.to_string_lossy())
        .private(settings.private)
        .archived(settings.archived);
    repository.description = settings.description;
    repository.created_at = settings.created_at;
    repository.updated_at = settings.updated_at;
    repository
}
