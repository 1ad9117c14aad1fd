//! The key by which a local node signs its audit.

use std::io::{ErrorKind as IoKind, Write as _};
use std::path::{Path, PathBuf};

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;

use super::builder::unusable;
use crate::security::audit::AuditSigner;

/// The file in the folder of the node.
const FILE: &str = "audit.pem";

/// The key of a folder: made for this user alone where there is none.
pub(super) async fn signer(folder: &Path) -> Result<AuditSigner> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || read_or_make(&folder))
        .await
        .map_err(|error| Error::new(ErrorKind::Internal, "the key of the audit was not read").source(error))?
}

fn read_or_make(folder: &Path) -> Result<AuditSigner> {
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(pem) => AuditSigner::pem(&Secret::new(pem)),
        Err(error) if error.kind() == IoKind::NotFound => make(folder, path),
        Err(error) => Err(unusable(folder, error)),
    }
}

/// Writes a new key beside its place and moves it there, so that no other node finds half of one.
fn make(folder: &Path, path: PathBuf) -> Result<AuditSigner> {
    let pem = AuditSigner::generate_pem()?;
    let temporary = folder.join(format!("{FILE}.{}", uuid::Uuid::now_v7()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(pem.expose().as_bytes())?;
        file.sync_all()?;
        // Another process may have made one meanwhile: theirs stays.
        match std::fs::hard_link(&temporary, &path) {
            Err(error) if error.kind() == IoKind::AlreadyExists => Ok(()),
            done => done,
        }
    });
    let removed = std::fs::remove_file(&temporary);
    written.and(removed).map_err(|error| unusable(folder, error))?;
    let pem = std::fs::read_to_string(&path).map_err(|error| unusable(folder, error))?;
    AuditSigner::pem(&Secret::new(pem))
}
