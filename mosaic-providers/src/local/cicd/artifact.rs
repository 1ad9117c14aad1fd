//! Artifacts: kept under their digest, so that no name of theirs ever becomes a path.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use futures_util::stream;
use globset::GlobSet;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{DownloadArtifact, ListArtifacts, UploadArtifact};
use mosaic_core::types::cicd::Artifact;
use mosaic_core::types::{Chunk, Page};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::config::CicdLimits;
use super::disk::{blocking, sync_parent};
use super::list::page;
use super::log::PIECE;
use super::record::{ArtifactRecord, RunRecord};
use super::root::Root;
use super::{fault, names};

/// How many files and folders of a checkout are looked at.
const LOOKED_AT: usize = 200_000;

/// What a job left behind, or why it cannot be kept.
pub(super) type Collected = Result<BTreeMap<String, ArtifactRecord>, String>;

/// Keeps the files of a checkout that match. Links are not followed; what is no plain file is named in `left_out`. Blocks.
pub(super) fn collect(
    checkout: &Path,
    globs: &GlobSet,
    into: &Path,
    limits: &CicdLimits,
    left_out: &mut Vec<String>,
) -> Result<Collected> {
    let mut found = Vec::new();
    if let Err(reason) = walk(checkout, globs, &mut found, left_out)? {
        return Ok(Err(reason));
    }
    found.sort();
    if found.len() > limits.artifact_files {
        return Ok(Err(format!(
            "it left {} artifacts, over the limit of {}",
            found.len(),
            limits.artifact_files
        )));
    }
    let (mut kept, mut total) = (BTreeMap::new(), 0);
    for name in found {
        let room = limits.artifact_bytes - total;
        let source = File::open(checkout.join(&name)).map_err(|e| fault::disk("read an artifact", e))?;
        match keep(source, room, into).map_err(|e| fault::disk("keep an artifact", e))? {
            Some(record) => {
                total += record.size;
                kept.insert(name, record);
            }
            None => {
                return Ok(Err(format!(
                    "its artifacts are over the limit of {} bytes",
                    limits.artifact_bytes
                )));
            }
        }
    }
    Ok(Ok(kept))
}

/// The matching files below a directory, as paths from there.
fn walk(
    checkout: &Path,
    globs: &GlobSet,
    found: &mut Vec<String>,
    left_out: &mut Vec<String>,
) -> Result<Result<(), String>> {
    let failed = |e| fault::disk("look for artifacts", e);
    let (mut folders, mut seen) = (vec![PathBuf::new()], 0);
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(checkout.join(&folder)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                left_out.push(format!("{} cannot be read", folder.display()));
                continue;
            }
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            seen += 1;
            if seen > LOOKED_AT {
                return Ok(Err(format!("it left more than {LOOKED_AT} files to look at")));
            }
            let path = folder.join(entry.file_name());
            // Of the entry itself: a link is neither a folder nor a file.
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                folders.push(path);
            } else if globs.is_match(&path) {
                match path.to_str().filter(|name| kind.is_file() && names::is_downward(name)) {
                    Some(name) => found.push(name.to_owned()),
                    None => left_out.push(format!("{} is no plain file with a plain name", path.display())),
                }
            }
        }
    }
    Ok(Ok(()))
}

/// Copies a source to the file that its digest names; nothing where it is longer than there is room. Blocks.
fn keep(source: impl Read, room: u64, into: &Path) -> io::Result<Option<ArtifactRecord>> {
    let mut temporary = Temporary::make(into)?;
    let (mut source, mut hasher, mut size) = (source.take(room.saturating_add(1)), Sha256::new(), 0);
    let mut buffer = vec![0; PIECE];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        temporary.file.write_all(&buffer[..read])?;
        size += read as u64;
    }
    if size > room { Ok(None) } else { temporary.place(into, hasher, size).map(Some) }
}

/// A file that is not named yet; it goes unless it is placed.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn make(folder: &Path) -> io::Result<Self> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let path = folder.join(format!("{}.new", NUMBER.fetch_add(1, Ordering::Relaxed)));
        Ok(Self { file: File::create(&path)?, path })
    }

    fn place(self, folder: &Path, hasher: Sha256, size: u64) -> io::Result<ArtifactRecord> {
        let digest = hex(hasher);
        self.file.sync_all()?;
        let place = folder.join(&digest);
        fs::rename(&self.path, &place)?;
        sync_parent(&place)?;
        Ok(ArtifactRecord { size, digest })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Renamed, most often.
        let _ = fs::remove_file(&self.path);
    }
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds artifacts to a record; says why they cannot be added, and adds none then. A name is taken by another content only
/// where that is asked for.
pub(super) fn add(
    record: &mut RunRecord,
    new: BTreeMap<String, ArtifactRecord>,
    over: bool,
    limits: &CicdLimits,
) -> Result<(), String> {
    let taken = new.iter().find(|(name, kept)| record.artifacts.get(*name).is_some_and(|old| old != *kept));
    if let Some((name, _)) = taken.filter(|_| !over) {
        return Err(format!("the artifact {name} was left by another job with another content"));
    }
    let mut all = record.artifacts.clone();
    all.extend(new);
    if all.len() > limits.artifact_files {
        return Err(format!("the run has more than {} artifacts", limits.artifact_files));
    }
    if all.values().map(|kept| kept.size).sum::<u64>() > limits.artifact_bytes {
        return Err(format!("the artifacts of the run are over {} bytes", limits.artifact_bytes));
    }
    record.artifacts = all;
    Ok(())
}

pub(super) async fn upload(root: &Root, cx: &CallContext, op: UploadArtifact) -> Result<Artifact> {
    names::artifact(&op.file)?;
    let run = root.run(&op.repo, &op.run)?;
    let limits = root.config.limits.clone();
    if op.body.size() > limits.artifact_bytes {
        return Err(fault::invalid(format!("body: an artifact has at most {} bytes", limits.artifact_bytes)));
    }
    let failed = |e| fault::disk("keep an artifact", e);
    let mut source =
        op.body.open().await.map_err(|e| fault::disk("read the body", e))?.take(op.body.size() + 1);
    let folder = run.artifacts_path();
    let (temporary, file) = blocking(move || {
        let temporary = Temporary::make(&folder).map_err(failed)?;
        let file = temporary.file.try_clone().map_err(failed)?;
        Ok((temporary, file))
    })
    .await?;
    let (mut file, mut hasher, mut size) = (tokio::fs::File::from_std(file), Sha256::new(), 0);
    let mut buffer = BytesMut::with_capacity(PIECE);
    while source.read_buf(&mut buffer).await.map_err(|e| fault::disk("read the body", e))? > 0 {
        hasher.update(&buffer);
        file.write_all(&buffer).await.map_err(failed)?;
        size += buffer.len() as u64;
        buffer.clear();
    }
    file.flush().await.map_err(failed)?;
    let folder = run.artifacts_path();
    let kept = blocking(move || temporary.place(&folder, hasher, size).map_err(failed)).await?;
    if kept.size != op.body.size() || format!("sha256:{}", kept.digest) != op.body.digest().to_string() {
        return Err(fault::conflict("body: the file changed since its digest was made"));
    }
    let noun = kept.noun(&op.file);
    cx.mark_sent();
    let added = run.update(move |record| add(record, [(op.file, kept)].into(), true, &limits)).await?;
    added.map_err(fault::conflict)?;
    Ok(noun)
}

pub(super) fn list(root: &Root, op: ListArtifacts) -> Result<Page<Artifact>> {
    let record = root.run(&op.repo, &op.run)?.record();
    page("artifacts", record.artifacts().map(|artifact| (artifact.name.clone(), artifact)), &op.page)
}

pub(super) async fn download(root: &Root, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
    let run = root.run(&op.repo, &op.run)?;
    let Some(kept) = run.record().artifacts.get(&op.file).cloned() else {
        let file = fault::shown(&op.file);
        return Err(fault::not_found(format!("run {} of {} has no artifact {file}", op.run, op.repo)));
    };
    let path = run.artifacts_path().join(&kept.digest);
    let file = tokio::fs::File::open(path).await.map_err(|e| fault::disk("read an artifact", e))?;
    let reading = Some(Reading { file, hasher: Sha256::new(), read: 0, kept });
    Ok(Box::pin(stream::try_unfold(reading, |reading| async move {
        let Some(reading) = reading else { return Ok(None) };
        reading.next().await
    })))
}

/// An artifact on its way out.
struct Reading {
    file: tokio::fs::File,
    hasher: Sha256,
    read: u64,
    kept: ArtifactRecord,
}

impl Reading {
    /// The next piece. The last one comes only after the whole content was found to be what was kept.
    async fn next(mut self) -> Result<Option<(Chunk, Option<Self>)>> {
        let mut buffer = BytesMut::with_capacity(PIECE);
        while buffer.len() < PIECE {
            let room = (PIECE - buffer.len()) as u64;
            let read = (&mut self.file).take(room).read_buf(&mut buffer).await;
            if read.map_err(|e| fault::disk("read an artifact", e))? == 0 {
                break;
            }
        }
        self.hasher.update(&buffer);
        self.read += buffer.len() as u64;
        let last = buffer.len() < PIECE || self.read >= self.kept.size;
        if last && (self.read != self.kept.size || hex(self.hasher.clone()) != self.kept.digest) {
            return Err(fault::unreadable("the artifact on the disk is not the one that was kept"));
        }
        let chunk = Chunk::new(buffer.freeze());
        // An empty artifact is an empty stream.
        if last && chunk.bytes().is_empty() {
            return Ok(None);
        }
        Ok(Some((chunk, (!last).then_some(self))))
    }
}
