//! Work directories and locks: where half-made things lie out of sight, and who may change what.
//!
//! Below the root, `.mosaic/work/` holds one directory per open instance. A file in it stays locked by the operating system
//! for as long as the instance lives, however it ends; so the next one to open the root knows whose leftovers are nobody's.
//! `.mosaic/locks/` holds the locks that writers of all processes share. No repository can have such a name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::RepoRef;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::fault;

/// Writers of different repositories meet in one lock only by accident, and then they just wait.
const STRIPES: usize = 128;
/// How long a write waits for one of another process.
const PATIENCE: Duration = Duration::from_secs(15);

/// The hidden directory below the root.
const HIDDEN: &str = ".mosaic";

/// Runs file work off the threads of the runtime. Once begun it runs to its end, even where the caller is dropped.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Internal, "file work was given up").source(error)),
    }
}

/// The directory of this instance for things that are not finished, or not wanted any more.
#[derive(Debug)]
pub(super) struct Work {
    directory: PathBuf,
    number: AtomicU64,
    // Locked until the process ends or the instance is dropped.
    _alive: File,
}

impl Work {
    /// Makes the directory of a new instance and removes those that nobody owns. Blocks.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let hidden = root.join(HIDDEN);
        let all = hidden.join("work");
        fs::create_dir_all(&all).map_err(|e| fault::disk("make the work directory", e))?;
        fs::create_dir_all(hidden.join("locks")).map_err(|e| fault::disk("make the lock directory", e))?;
        // Between making a directory and locking the file in it, another instance could take it for a leftover.
        let opening = lock_file(&hidden.join("opening"))?;
        opening.lock().map_err(|e| fault::disk("lock the work directory", e))?;
        sweep(&all).map_err(|e| fault::disk("clean the work directory", e))?;
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let directory = all.join(format!("{}-{nanos}", std::process::id()));
        fs::create_dir(&directory).map_err(|e| fault::disk("make a work directory", e))?;
        let alive = lock_file(&directory.join("alive"))?;
        alive.try_lock().map_err(|e| fault::disk("lock a work directory", e.into()))?;
        Ok(Self { directory, number: AtomicU64::new(0), _alive: alive })
    }

    /// A path in it that nothing has yet.
    pub(super) fn fresh(&self) -> PathBuf {
        self.directory.join(self.number.fetch_add(1, Ordering::Relaxed).to_string())
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be removed now is removed when the root is opened the next time.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Removes the work directories whose instance is gone. For a moment after a kill one may look alive: a git that was just
/// being started has its files open.
fn sweep(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let directory = entry?.path();
        let gone = match OpenOptions::new().write(true).open(directory.join("alive")) {
            Ok(file) => match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) => return Err(error),
            },
            // Killed before it made the file; nobody else is opening the root at the moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        // A git that the killed instance had started may still be writing there. It ends soon, and the next one to open the
        // root finds the rest: a leftover is no reason not to work.
        if gone
            && let Err(error) = fs::remove_dir_all(&directory)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(%error, "a work directory stays until the root is opened again");
        }
    }
    Ok(())
}

fn lock_file(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    file.map_err(|e| fault::disk("open a lock file", e))
}

/// The locks of writers: within this process and among processes.
#[derive(Debug)]
pub(super) struct Locks {
    directory: PathBuf,
    stripes: Vec<Arc<Mutex<()>>>,
}

/// A lock that is held until its last pointer is dropped. File work that outlives a dropped call has one of them: what it
/// still does must not meet the next writer.
#[derive(Debug)]
pub(super) struct Held {
    // The file first, so that the next writer of this process finds it free.
    _across: File,
    _within: OwnedMutexGuard<()>,
}

impl Locks {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            directory: root.join(HIDDEN).join("locks"),
            stripes: (0..STRIPES).map(|_| Arc::default()).collect(),
        }
    }

    /// Waits for the right to change a repository.
    pub(super) async fn hold(&self, repo: &RepoRef) -> Result<Arc<Held>> {
        // Some file systems take `Widget` and `widget` for the same name.
        let mut hasher = Fnv::default();
        (repo.owner.to_ascii_lowercase(), repo.name.to_ascii_lowercase()).hash(&mut hasher);
        let stripe = hasher.finish() as usize % STRIPES;
        let within = Arc::clone(&self.stripes[stripe]).lock_owned().await;
        let path = self.directory.join(stripe.to_string());
        let file = blocking(move || lock_file(&path)).await?;
        let start = tokio::time::Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Arc::new(Held { _across: file, _within: within })),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(fault::busy(format!("{repo} is being changed by another process")));
                }
                Err(TryLockError::Error(error)) => return Err(fault::disk("lock a repository", error)),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(25));
        }
    }
}

/// FNV-1a: the same in every process and every version, as the stripes of all of them must agree.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}
impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn leftovers_go_and_living_instances_stay() {
        let root = tempfile::tempdir().unwrap();
        let alive = Work::open(root.path()).unwrap();
        fs::write(alive.fresh(), "half").unwrap();
        let dead = root.path().join(HIDDEN).join("work/1-1");
        fs::create_dir_all(dead.join("0.git")).unwrap();
        fs::write(dead.join("alive"), "").unwrap();
        let second = Work::open(root.path()).unwrap();
        assert!(!dead.exists() && alive.directory().join("0").exists());
        let path = second.directory().to_path_buf();
        drop(second);
        assert!(!path.exists() && alive.directory().exists());
    }

    #[tokio::test]
    async fn a_lock_is_held_by_one_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let _work = Work::open(root.path()).unwrap();
        // Two sets of locks stand for two processes: they share nothing but the files.
        let (one, two) = (Locks::new(root.path()), Locks::new(root.path()));
        let repo = RepoRef::new("acme", "widget");
        let held = one.hold(&repo).await.unwrap();
        let mut waiting = Box::pin(two.hold(&repo));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        waiting.await.unwrap();
    }
}
