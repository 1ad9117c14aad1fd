//! Files that are there whole or not at all, and directories that go whatever is in them.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault;

/// Runs file work off the threads of the runtime. Once begun it runs to its end, even where the caller is dropped.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Internal, "file work was given up").source(error)),
    }
}

/// Writes a file over the present one, down to the disk: at any instant the old or the new one is there, whole. Blocks.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_parent(path)
    };
    write().map_err(|e| fault::disk("write a record", e))
}

/// A record as it is written. Blocks not.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(record)
        .map_err(|e| Error::new(ErrorKind::Internal, "a record has no JSON form").source(e))
}

/// Reads a record, where there is one. Blocks.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault::disk("read a record", error)),
    };
    let record = serde_json::from_slice(&bytes).map(Some);
    record.map_err(|error| fault::unreadable("the record of a run is damaged").source(error))
}

/// Makes a rename in the parent directory last. Blocks.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Removes a directory with everything in it, also where a job took the right to write away; nothing where there is none.
/// Links are removed, not followed. Blocks.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
        done => done,
    }
}

/// Gives its owner every right on each directory of a tree.
fn open_up(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // The type of the entry itself: a link is no directory here.
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_replaced_and_read_back() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("record.json");
        assert_eq!(read::<u32>(&path).unwrap(), None);
        for number in [1u32, 2] {
            replace(&path, &encode(&number).unwrap()).unwrap();
            assert_eq!(read::<u32>(&path).unwrap(), Some(number));
        }
        fs::write(&path, "{").unwrap();
        assert_eq!(read::<u32>(&path).unwrap_err().kind(), ErrorKind::Protocol);
    }

    #[test]
    fn trees_go_and_what_links_lead_to_stays() {
        let root = tempfile::tempdir().unwrap();
        let (tree, kept) = (root.path().join("tree"), root.path().join("kept"));
        fs::create_dir_all(tree.join("deep/er")).unwrap();
        fs::create_dir(&kept).unwrap();
        std::os::unix::fs::symlink(&kept, tree.join("deep/link")).unwrap();
        fs::set_permissions(tree.join("deep"), Permissions::from_mode(0o500)).unwrap();
        remove_tree(&tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(!tree.exists() && kept.is_dir());
    }
}
