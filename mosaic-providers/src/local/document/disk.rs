//! Reads and replaces files: whole ones only, and never through a symbolic link.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a file that was just changed is read again: two changes within this time may look alike.
const UNSETTLED: Duration = Duration::from_secs(2);

/// How often a file may be replaced while it is opened.
const REPLACED_MAX: usize = 16;

/// What tells a file from what it was before, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: SystemTime,
    size: u64,
    /// Device, inode, and the time of the last change of any kind; zeros where a system does not tell.
    identity: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self { modified: metadata.modified()?, size: metadata.len(), identity: identity(metadata) })
    }

    /// Device and inode.
    fn file(&self) -> (u64, u64) {
        (self.identity.0, self.identity.1)
    }

    /// The time of the last change of the content.
    pub(super) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Whether a change after `seen` would show.
    pub(super) fn is_settled(&self, seen: SystemTime) -> bool {
        seen.duration_since(self.modified).is_ok_and(|age| age > UNSETTLED)
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64, i64, i64) {
    (0, 0, 0, 0)
}

/// The stamp of a file; none where there is no ordinary file.
pub(super) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Stamp::of(&found).map(Some),
        Ok(_) => Ok(None),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether there is an ordinary folder.
pub(super) fn is_folder(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file and its stamp; none where there is no ordinary file, or one of more than `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Option<(Stamp, Vec<u8>)>> {
    for _ in 0..REPLACED_MAX {
        let Some(before) = stamp(path)? else { return Ok(None) };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        let opened = Stamp::of(&found)?;
        // What was replaced between the look and the opening may be reached through a link.
        if found.is_file() && opened.file() == before.file() {
            let mut content = Vec::new();
            file.take(most + 1).read_to_end(&mut content)?;
            return Ok((content.len() as u64 <= most).then_some((opened, content)));
        }
    }
    Err(io::Error::other("the file is replaced all the time"))
}

/// Whether an error says that there is nothing of this name.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A file that is written and synced, out of sight until it takes its place. Dropped before, it is removed.
#[derive(Debug)]
pub(super) struct Staged {
    path: Option<PathBuf>,
}

impl Staged {
    /// Writes the content beside the documents, with the permissions of the file whose place it is to take.
    pub(super) fn new(folder: &Path, content: &[u8], like: Option<&Path>) -> io::Result<Self> {
        let path = folder.join(super::names::new_id());
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let staged = Self { path: Some(path) };
        file.write_all(content)?;
        if let Some(like) = like {
            file.set_permissions(fs::symlink_metadata(like)?.permissions())?;
        }
        file.sync_all()?;
        Ok(staged)
    }

    /// Takes the place of `target` in one step, which lasts once [`sync_parent`] succeeded.
    pub(super) fn place(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = fs::remove_file(path)
        {
            tracing::debug!(%error, "a file that was not used stays until the documents are opened again");
        }
    }
}

/// Makes the entries of the folder that holds `path` last.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the entries of a folder last.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file, and a rename lasts without it.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
