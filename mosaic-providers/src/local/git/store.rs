//! The root directory: where repositories lie and how records beside them are read and written.
//!
//! ```text
//! <root>/<owner>/<name>.git/                    a bare repository, for ordinary git as well
//! <root>/<owner>/<name>.git/mosaic/             what git has no place for
//!                           repository.json     description, private, archived, times
//!                           pulls/<n>.json      one pull request with its reviews
//!                           comments/<n>/       its comments, one file for each
//!                           releases/<n>.json   one release
//!                           statuses/<commit>   what the checks say of a commit, in directories by its first two digits
//! <root>/.mosaic/                               see `work.rs`
//! ```

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mosaic_core::error::{Error, Result};
use mosaic_core::types::RepoRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exec::{Git, Run};
use super::fault;
use super::names;
use super::settings::Settings;
use super::work::{Held, Locks, Work, blocking};

/// An opened root.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
    pub(super) git: Git,
    pub(super) work: Arc<Work>,
    locks: Locks,
}

/// A repository that was there when it was looked for.
#[derive(Debug, Clone)]
pub(super) struct Repo<'a> {
    pub(super) store: &'a Store,
    pub(super) name: RepoRef,
    pub(super) directory: PathBuf,
    /// The right to change it, where this is for a write.
    pub(super) held: Option<Arc<Held>>,
}

impl Store {
    /// Makes the root where it is not there, checks git, and clears what killed instances left.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let path = path.to_path_buf();
        let (root, work) = blocking(move || {
            fs::create_dir_all(&path).map_err(|e| unusable(&e))?;
            let root = fs::canonicalize(&path).map_err(|e| unusable(&e))?;
            let work = Work::open(&root)?;
            Ok((root, work))
        })
        .await?;
        let git = Git::from_path();
        git.check(work.directory()).await?;
        Ok(Self { locks: Locks::new(&root), root, git, work: Arc::new(work) })
    }

    /// Fails where the root takes no files or git does not run.
    pub(super) async fn probe(&self) -> Result<()> {
        let probe = self.work.fresh();
        blocking(move || {
            write_durably(&probe, b"")?;
            fs::remove_file(&probe).map_err(|e| fault::disk("remove a file", e))
        })
        .await?;
        self.git.check(self.work.directory()).await
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a repository lies or would lie.
    pub(super) fn directory(&self, repo: &RepoRef) -> Result<PathBuf> {
        names::repository(repo)?;
        Ok(self.root.join(&repo.owner).join(format!("{}.git", repo.name)))
    }

    /// A repository that must be there.
    pub(super) async fn repo(&self, repo: &RepoRef) -> Result<Repo<'_>> {
        let directory = self.directory(repo)?;
        let (head, root) = (directory.join("HEAD"), self.root.clone());
        match blocking(move || Ok((head.is_file(), root.is_dir()))).await? {
            (true, _) => Ok(Repo { store: self, name: repo.clone(), directory, held: None }),
            (false, true) => Err(no_repository(repo)),
            // A forge that is not there, such as on a disk that is not mounted, knows nothing about its repositories.
            (false, false) => Err(fault::gone()),
        }
    }

    /// The right to change a repository that may not be there.
    pub(super) async fn hold(&self, repo: &RepoRef) -> Result<Arc<Held>> {
        names::repository(repo)?;
        let held = self.locks.hold(repo).await;
        // The reason behind whatever went wrong, where it is this one.
        held.map_err(|error| if self.root.is_dir() { error } else { fault::gone() })
    }

    /// A repository that must be there, with the right to change it.
    pub(super) async fn held(&self, repo: &RepoRef) -> Result<Repo<'_>> {
        let held = self.hold(repo).await?;
        Ok(Repo { held: Some(held), ..self.repo(repo).await? })
    }

    /// The same, unless it is archived.
    pub(super) async fn writable(&self, repo: &RepoRef) -> Result<Repo<'_>> {
        let found = self.held(repo).await?;
        if found.settings().await?.archived {
            return Err(fault::conflict(format!("{repo} is archived and refuses changes")));
        }
        Ok(found)
    }
}

impl Repo<'_> {
    /// A git command on this repository.
    pub(super) fn git(&self, verb: &'static str) -> Run {
        self.store.git.bare(&self.directory, verb)
    }

    /// The settings; those of a repository that somebody else put here are the usual ones.
    pub(super) async fn settings(&self) -> Result<Settings> {
        Ok(self.read::<Settings>("repository.json").await?.unwrap_or_default())
    }

    /// A record, where there is one.
    pub(super) async fn read<T: DeserializeOwned + Send + 'static>(&self, file: &str) -> Result<Option<T>> {
        let path = self.record(file);
        blocking(move || read(&path)).await
    }

    /// The numbers of the records in a directory, in their order.
    pub(super) async fn numbers(&self, directory: &str) -> Result<Vec<u64>> {
        let path = self.record(directory);
        blocking(move || {
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(fault::disk("list records", error)),
            };
            let mut numbers = Vec::new();
            for entry in entries {
                let name = entry.map_err(|e| fault::disk("list records", e))?.file_name();
                numbers
                    .extend(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<u64>().ok()));
            }
            numbers.sort_unstable();
            Ok(numbers)
        })
        .await
    }

    /// Removes a record, where there is one.
    pub(super) async fn remove(&self, file: &str) -> Result<()> {
        let (path, held) = (self.record(file), self.held.clone());
        blocking(move || {
            let _kept = held;
            match fs::remove_file(&path) {
                Ok(()) => sync_parent(&path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(fault::disk("remove a record", error)),
            }
        })
        .await
    }

    fn record(&self, file: &str) -> PathBuf {
        self.directory.join("mosaic").join(file)
    }

    /// Writes a record over the present one. At any instant the old or the new one is there, whole.
    pub(super) async fn write<T: Serialize>(&self, file: &str, record: &T) -> Result<()> {
        let (bytes, temporary) = (encode(record)?, self.temporary());
        let (repository, path) = (self.directory.clone(), self.record(file));
        blocking(move || {
            make_parents(&repository, &path)?;
            write_durably(&temporary.path, &bytes)?;
            fs::rename(&temporary.path, &path).map_err(|e| fault::disk("put a record in its place", e))?;
            sync_parent(&path)
        })
        .await
    }

    /// Writes a record that must not be there yet; `false` where it is. It appears whole or not at all, also to another
    /// process that tries the same.
    pub(super) async fn publish<T: Serialize>(&self, file: &str, record: &T) -> Result<bool> {
        let (bytes, temporary) = (encode(record)?, self.temporary());
        let (repository, path) = (self.directory.clone(), self.record(file));
        blocking(move || {
            make_parents(&repository, &path)?;
            write_durably(&temporary.path, &bytes)?;
            // A link refuses where a rename would write over.
            match fs::hard_link(&temporary.path, &path) {
                Ok(()) => sync_parent(&path).map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(fault::disk("put a record in its place", error)),
            }
        })
        .await
    }

    fn temporary(&self) -> Temporary {
        Temporary {
            path: self.store.work.fresh(),
            _work: Arc::clone(&self.store.work),
            _held: self.held.clone(),
        }
    }
}

/// A file in the work directory. Where the call is dropped it lives on with the file work that has it, and so do the
/// directory and the right to change the repository.
struct Temporary {
    path: PathBuf,
    _work: Arc<Work>,
    _held: Option<Arc<Held>>,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Most often it was renamed; else the work directory as a whole is removed one day.
        let _ = fs::remove_file(&self.path);
    }
}

/// The error for a repository that is not there.
pub(super) fn no_repository(repo: &RepoRef) -> Error {
    fault::not_found(format!("there is no repository {repo}"))
}

fn unusable(error: &io::Error) -> Error {
    fault::config(format!("path: the directory cannot be used: {}", error.kind()))
}

fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(record)
        .map_err(|e| Error::new(mosaic_core::ErrorKind::Internal, "a record has no JSON form").source(e))
}

/// Reads a record. Blocks.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(fault::disk("read a record", error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        fault::unreadable(format!("the record {file} is damaged")).source(error)
    })
}

/// Writes a new file down to the disk. Blocks.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| fault::disk("write a record", e))
}

/// Makes the directories of a record, down from the repository, which may be one that somebody else put here. A repository
/// that was deleted meanwhile must not come back as a directory with nothing but a record in it, so not with its parents.
fn make_parents(repository: &Path, path: &Path) -> Result<()> {
    let above = path.ancestors().skip(1).take_while(|directory| *directory != repository);
    for directory in above.collect::<Vec<_>>().into_iter().rev() {
        match fs::create_dir(directory) {
            Ok(()) => sync_parent(directory)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fault::disk("make the directory of a record", error)),
        }
    }
    Ok(())
}

/// Makes a rename or a link in the parent directory last. Blocks.
pub(super) fn sync_parent(path: &Path) -> Result<()> {
    // Only Unix opens directories as files.
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(|e| fault::disk("sync a directory", e))?;
    }
    Ok(())
}
