//! The root of the documents: how it is opened, how it is looked at, and the one way to write to it.
//!
//! Files are read and written on the threads that tokio has for work that blocks. A write holds the lock of its space, which
//! is a file of its own, so that several processes may open one root. Readers hold nothing: every visible step is the
//! replacement of one file.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::document::Document;
use tokio::sync::Mutex as Turn;

use super::disk::{self, Staged};
use super::fault;
use super::index::Index;
use super::names::{self, INNER, ORDER_FILE};
use super::order::{self, Place};
use super::view::View;

/// How long a write waits for the lock that another process holds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long between two tries to take it.
const LOCK_PAUSE: Duration = Duration::from_millis(2);
/// When a staged file that nobody placed is taken for one of a dead process.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// How often a document is looked at while it is changed.
const LOOKS_MAX: usize = 16;
/// Writers of this process queue for a space; this many queues are shared by all spaces.
const TURNS: usize = 16;

/// Open documents. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Store {
    root: Arc<Root>,
    turns: Arc<[Arc<Turn<()>>; TURNS]>,
    pub(super) index: Arc<Index>,
}

/// The folder, and what was seen in it.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    views: Mutex<HashMap<String, Arc<View>>>,
}

/// The right to make a write visible, lost as soon as its call is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    cx: CallContext,
    given_up: Arc<Mutex<bool>>,
}

/// Takes the permit back when its call is dropped.
struct GiveUp(Arc<Mutex<bool>>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        *lock(&self.0) = true;
    }
}

impl Permit {
    /// To be called right before the first visible step: marks the call as sent. After a failure nothing may be written.
    pub(super) fn take(&self) -> Result<()> {
        // Under the lock, so that a call that was given up unmarked is one that never happens.
        let given_up = lock(&self.given_up);
        if *given_up {
            return Err(Error::new(ErrorKind::Cancelled, "the call was given up").refused());
        }
        self.cx.mark_sent();
        Ok(())
    }

    fn is_given_up(&self) -> bool {
        *lock(&self.given_up)
    }
}

impl Store {
    /// Opens the folder and makes it where there is none.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)
            .map_err(|error| Error::new(ErrorKind::Config, "path: must name a folder").source(error))?;
        let root = path.clone();
        blocking(move || prepare(&root)).await?;
        let index = Index::new(path.join(INNER).join("index.db"));
        let root = Arc::new(Root { path, views: Mutex::default() });
        Ok(Self { root, turns: Arc::new(std::array::from_fn(|_| Arc::default())), index: Arc::new(index) })
    }

    /// Reads, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Root) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = Arc::clone(&self.root);
        blocking(move || read(&root)).await
    }

    /// Writes to a space, with its lock held, on a thread that may block. Dropping the future before the permit was taken
    /// leaves nothing; afterwards the write goes on.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        cx: &CallContext,
        space: &str,
        write: impl FnOnce(&Root, &Permit) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Looked at before, as what is no space needs no lock.
        let key = space.to_owned();
        self.read(move |root| root.require(&key)).await?;
        self.locked(cx, space, write).await
    }

    /// The same for a space that is still to be made.
    pub(super) async fn locked<T: Send + 'static>(
        &self,
        cx: &CallContext,
        space: &str,
        write: impl FnOnce(&Root, &Permit) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let given_up = Arc::default();
        let permit = Permit { cx: cx.clone(), given_up: Arc::clone(&given_up) };
        let _give_up = GiveUp(given_up);
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(space) as usize;
        let turn = Arc::clone(&self.turns[hash % TURNS]).lock_owned().await;
        let (root, space) = (Arc::clone(&self.root), space.to_owned());
        blocking(move || {
            // Held to the end of the work, not of the future.
            let _turn = turn;
            let _lock = root.lock(&space, &permit)?;
            write(&root, &permit)
        })
        .await
    }

    /// Whether the folder can be read and written to.
    pub(super) async fn check(&self) -> Result<()> {
        self.read(|root| {
            fs::read_dir(&root.path).map_err(fault::reading)?;
            drop(root.stage(b"", None)?);
            Ok(())
        })
        .await
    }

    /// Closes the index.
    pub(super) async fn close(&self) {
        self.index.close().await;
    }
}

impl Root {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A space as it is now; none where there is none.
    pub(super) fn look(&self, space: &str) -> Result<Option<Arc<View>>> {
        let old = lock(&self.views).get(space).cloned();
        let new = View::look(&self.path, space, old.as_ref())?;
        match &new {
            Some(view) => lock(&self.views).insert(space.into(), Arc::clone(view)),
            None => lock(&self.views).remove(space),
        };
        Ok(new)
    }

    /// Fails where there is no such space.
    fn require(&self, space: &str) -> Result<()> {
        let there =
            names::is_key(space) && disk::is_folder(&self.path.join(space)).map_err(fault::reading)?;
        if there { Ok(()) } else { Err(fault::missing("space", space)) }
    }

    /// A space as it is now.
    pub(super) fn space(&self, space: &str) -> Result<Arc<View>> {
        self.look(space)?.ok_or_else(|| fault::missing("space", space))
    }

    /// The keys of all spaces, in order.
    pub(super) fn keys(&self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(fault::reading)? {
            let entry = entry.map_err(fault::reading)?;
            if let Some(key) = names::folder_key(&entry.file_name())
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
            {
                keys.push(key.to_owned());
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// The text of a document that was looked at, as it is now.
    pub(super) fn document(&self, space: &str, id: &str) -> Result<Document> {
        // Where the document, the one above it and the order are as they were, the others need no look.
        let known = lock(&self.views).get(space).cloned();
        if let Some(view) = known
            && let Ok(at) = view.find(id)
            && view.stands(at)?
            && let Some(document) = view.document(at)?
        {
            return Ok(document);
        }
        // A file that changes between the look and the reading is looked at again.
        for _ in 0..LOOKS_MAX {
            let view = self.space(space)?;
            if let Some(document) = view.document(view.find(id)?)? {
                return Ok(document);
            }
        }
        Err(Error::new(ErrorKind::Provider, "the document is changed all the time").refused())
    }

    /// Writes a file out of sight.
    pub(super) fn stage(&self, content: &[u8], like: Option<&Path>) -> Result<Staged> {
        Staged::new(&self.temporary(), content, like).map_err(fault::writing)
    }

    /// The folder of what is being written.
    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join(INNER).join("tmp")
    }

    /// Replaces the order of a space: one visible step.
    pub(super) fn place_order(&self, view: &View, places: &[Place]) -> Result<()> {
        let staged = self.stage(order::compose(places).as_bytes(), None)?;
        let target = view.folder.join(ORDER_FILE);
        staged.place(&target).map_err(fault::writing)?;
        disk::sync_parent(&target).map_err(fault::lasting)
    }

    fn lock(&self, space: &str, permit: &Permit) -> Result<File> {
        let path = self.path.join(INNER).join("locks").join(space);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(fault::writing)?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(fault::writing(error)),
                Err(TryLockError::WouldBlock) if permit.is_given_up() => {
                    return Err(Error::new(ErrorKind::Cancelled, "the call was given up").refused());
                }
                Err(TryLockError::WouldBlock) if begin.elapsed() > LOCK_TIMEOUT => {
                    let message = "the space is busy with another program; no turn came in time";
                    return Err(Error::new(ErrorKind::Provider, message).refused());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            }
        }
    }
}

/// Makes the folders, and clears what dead processes left.
fn prepare(root: &Path) -> Result<()> {
    let fault = |error: io::Error| {
        let message = format!("path: the folder cannot be used: {}", error.kind());
        Error::new(ErrorKind::Config, message).source(error)
    };
    fs::create_dir_all(root).map_err(fault)?;
    let inner = root.join(INNER);
    for folder in [inner.clone(), inner.join("locks"), inner.join("tmp")] {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fault(error)),
            _ if disk::is_folder(&folder).map_err(fault)? => {}
            _ => {
                let message = format!("path: `{INNER}` in it must be a folder with folders, and no link");
                return Err(Error::new(ErrorKind::Config, message));
            }
        }
    }
    // What is in it follows from the files, so it is of no use to those who keep them in a repository.
    let ignore = inner.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(fault)?;
    }
    let now = SystemTime::now();
    for entry in fs::read_dir(inner.join("tmp")).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        // Another process may be faster, and what cannot be removed does no harm.
        let age = entry.metadata().and_then(|found| found.modified()).map(|then| now.duration_since(then));
        if age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
            let path = entry.path();
            let removed = if disk::is_folder(&path).map_err(fault)? {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            };
            if let Err(error) = removed {
                tracing::debug!(%error, "a file of a dead process stays");
            }
        }
    }
    Ok(())
}

/// Runs on a thread that may block. Dropping the future does not stop what has begun.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, "the work on the documents broke off").source(error))
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks; if it did, what it guards would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
