//! Backups as files.

use std::io;
use std::path::{Path, PathBuf};

use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::fs::{File, OpenOptions};

use super::write::unwritten;
use super::{Summary, restore, verify};
use crate::state::{State, StateStore};

impl State {
    /// Writes a backup to a new file, for this user alone; see [`State::backup`]. Until it is whole and on the disk its name ends in
    /// `.part`.
    ///
    /// # Errors
    /// `Conflict` where a file of that name is there; as for [`State::backup`].
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<Summary> {
        let path = path.as_ref();
        if tokio::fs::try_exists(path).await.map_err(unwritten)? {
            return Err(taken(path));
        }
        let part = part_of(path);
        let done = match self.write_part(&part).await {
            Ok(summary) => settle(&part, path).await.map(|()| summary),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // What went wrong is worth more than a file that stays.
            let _ = tokio::fs::remove_file(&part).await;
        }
        done
    }

    async fn write_part(&self, part: &Path) -> Result<Summary> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(part).await.map_err(unwritten)?;
        let mut file = tokio::io::BufWriter::new(file);
        let summary = self.backup(&mut file).await?;
        file.into_inner().sync_all().await.map_err(unwritten)?;
        Ok(summary)
    }
}

/// A name of its own, as two may write to one path at once.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", uuid::Uuid::now_v7().simple()));
    name.into()
}

/// Gives the file its name, where none has it.
async fn settle(part: &Path, path: &Path) -> Result<()> {
    // A link replaces nothing, which a renaming does.
    match tokio::fs::hard_link(part, path).await {
        Ok(()) => tokio::fs::remove_file(part).await.map_err(unwritten)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(path)),
        // Not every file system has links.
        Err(_) => tokio::fs::rename(part, path).await.map_err(unwritten)?,
    }
    #[cfg(unix)]
    if let Some(folder) = std::path::absolute(path).ok().as_deref().and_then(Path::parent) {
        // The name is on the disk once its folder is.
        File::open(folder).await.map_err(unwritten)?.sync_all().await.map_err(unwritten)?;
    }
    Ok(())
}

fn taken(path: &Path) -> Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Error::new(ErrorKind::Conflict, format!("there is a file {name} already: a backup replaces none"))
        .refused()
}

async fn open(path: &Path) -> Result<File> {
    File::open(path).await.map_err(|error| {
        let message = format!("the backup cannot be opened: {}", error.kind());
        Error::new(ErrorKind::Invalid, message).source(error)
    })
}

/// Reads a file to its end and says what it holds; see [`verify`].
///
/// # Errors
/// As for [`verify`].
pub async fn verify_file(path: impl AsRef<Path>) -> Result<Summary> {
    verify(open(path.as_ref()).await?).await
}

/// Restores a file into an empty store; see [`restore`].
///
/// # Errors
/// As for [`restore`].
pub async fn restore_from(store: &dyn StateStore, path: impl AsRef<Path>) -> Result<Summary> {
    restore(store, open(path.as_ref()).await?).await
}
