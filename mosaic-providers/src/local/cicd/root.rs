//! The directory of the runs: who owns it, what is in it, and what becomes of runs that nobody finished.
//!
//! ```text
//! <path>/owner.lock                      held by the process that works here, however it ends
//! <path>/runs/<id>/run.json              the record of a run with its jobs and artifacts
//!                  pipeline.yml          the definition that it runs
//!                  logs/<job>.log        what the job wrote
//!                  artifacts/<digest>    what it left behind
//! <path>/checkouts/<..>                  checkouts, and what is not finished or not wanted any more
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mosaic_core::error::{Error, Result};
use mosaic_core::types::RepoRef;
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::task::TaskTracker;

use super::config::LocalCicdConfig;
use super::disk::{blocking, encode, read, remove_tree, replace, sync_parent};
use super::fault;
use super::queue::Queue;
use super::record::RunRecord;
use super::run::{Run, Stop, definition_path, record_path};
use crate::local::git::LocalGit;

/// Why runs of an earlier process failed.
const ENDED: &str = "the process that ran it ended";

/// An opened root.
#[derive(Debug)]
pub(super) struct Root {
    directory: PathBuf,
    pub(super) config: LocalCicdConfig,
    pub(super) forge: LocalGit,
    /// The variables of this process that jobs see, read once.
    pub(super) environment: BTreeMap<OsString, OsString>,
    runs: Mutex<BTreeMap<u64, Arc<Run>>>,
    /// The number of the next run. Whoever holds it begins one, so runs queue up in the order of their numbers.
    pub(super) next: AsyncMutex<u64>,
    pub(super) queue: Queue,
    pub(super) tasks: TaskTracker,
    number: AtomicU64,
    _owner: File,
}

impl Root {
    /// Makes the root where it is not there, becomes its owner, and ends what an earlier owner left.
    pub(super) async fn open(config: LocalCicdConfig) -> Result<Arc<Self>> {
        config.check()?;
        let forge = LocalGit::open(&config.forge).await?;
        let wanted = config.path.clone();
        let (directory, owner, (runs, next)) = blocking(move || {
            fs::create_dir_all(&wanted).map_err(|e| unusable(&e))?;
            let directory = fs::canonicalize(&wanted).map_err(|e| unusable(&e))?;
            let owner = own(&directory)?;
            let runs = recover(&directory)?;
            Ok((directory, owner, runs))
        })
        .await?;
        let environment =
            config.environment.iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
        let root = Arc::new(Self {
            environment: environment.collect(),
            queue: Queue::new(config.parallel_jobs),
            runs: Mutex::new(runs),
            next: AsyncMutex::new(next),
            tasks: TaskTracker::new(),
            number: AtomicU64::new(0),
            directory,
            config,
            forge,
            _owner: owner,
        });
        root.prune().await?;
        Ok(root)
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Run>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path in the work directory that nothing has yet.
    pub(super) fn fresh(&self, what: &str) -> PathBuf {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        self.directory.join("checkouts").join(format!("{what}-{number}"))
    }

    /// The run of this repository that a caller names.
    pub(super) fn run(&self, repo: &RepoRef, id: &str) -> Result<Arc<Run>> {
        // Only the plain form: `017` and `+17` are no ids.
        let number = id.parse::<u64>().ok().filter(|number| number.to_string() == id);
        let found = number.and_then(|number| self.runs().get(&number).cloned());
        found
            .filter(|run| run.record().repo == *repo)
            .ok_or_else(|| fault::not_found(format!("there is no run {} of {repo}", fault::shown(id))))
    }

    /// Every run that is kept, newest first.
    pub(super) fn all(&self) -> Vec<Arc<Run>> {
        self.runs().values().rev().cloned().collect()
    }

    /// How many runs are under way.
    pub(super) fn open_runs(&self) -> usize {
        self.runs().values().filter(|run| !run.record().state.is_final()).count()
    }

    /// Keeps a new run: from here on it is there, whatever happens to this process.
    pub(super) async fn publish(self: &Arc<Self>, record: RunRecord, definition: String) -> Result<Arc<Run>> {
        let half = self.fresh("run");
        let place = self.directory.join("runs").join(record.id.to_string());
        let root = Arc::clone(self);
        blocking(move || {
            let failed = |e| fault::disk("keep a new run", e);
            for folder in ["logs", "artifacts"] {
                fs::create_dir_all(half.join(folder)).map_err(failed)?;
            }
            replace(&definition_path(&half), definition.as_bytes())?;
            replace(&record_path(&half), &encode(&record)?)?;
            fs::rename(&half, &place).and_then(|()| sync_parent(&place)).map_err(failed)?;
            let run = Arc::new(Run::new(place, record));
            root.runs().insert(run.id, Arc::clone(&run));
            Ok(run)
        })
        .await
    }

    /// Deletes the oldest runs that have ended and are more than are to be kept.
    pub(super) async fn prune(self: &Arc<Self>) -> Result<()> {
        let old = {
            let mut runs = self.runs();
            let ended = runs.values().filter(|run| run.record().state.is_final()).map(|run| run.id);
            let ended: Vec<_> = ended.collect();
            let many = ended.len().saturating_sub(self.config.keep_runs);
            ended.into_iter().take(many).filter_map(|id| runs.remove(&id)).collect::<Vec<_>>()
        };
        if old.is_empty() {
            return Ok(());
        }
        let root = Arc::clone(self);
        blocking(move || {
            old.iter().try_for_each(|run| {
                let gone = root.fresh("old");
                fs::rename(run.directory(), &gone)
                    .and_then(|()| remove_tree(&gone))
                    .map_err(|e| fault::disk("delete an old run", e))
            })
        })
        .await
    }

    /// Fails where the root takes no files.
    pub(super) async fn probe(&self) -> Result<()> {
        let probe = self.fresh("probe");
        blocking(move || {
            let write = || File::create_new(&probe).and_then(|_| fs::remove_file(&probe));
            write().map_err(|e| fault::disk("write into the directory of the runs", e))
        })
        .await
    }

    /// Lets no run begin any more, ends those that are under way, and waits for them.
    pub(super) async fn close(&self) {
        // Whoever begins one holds this; afterwards the tracker is closed and nobody does.
        let begin = self.next.lock().await;
        self.tasks.close();
        drop(begin);
        for run in self.all() {
            run.stop(Stop::Closed);
        }
        self.tasks.wait().await;
    }

    /// Tells what is under way to end, without waiting.
    pub(super) fn abandon(&self) {
        self.tasks.close();
        for run in self.all() {
            run.stop(Stop::Closed);
        }
    }
}

/// Locks the root for this process until it ends or closes the root. Blocks not: it is refused where another has it.
fn own(directory: &Path) -> Result<File> {
    let path = directory.join("owner.lock");
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(|e| unusable(&e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(fault::config(
            "path: another provider or process runs pipelines in this directory: give each one of its own",
        )),
        Err(TryLockError::Error(error)) => Err(unusable(&error)),
    }
}

/// Reads every run; kills what is left of those that were under way, and says so in their records. Gives the number of the
/// next run, too. Blocks.
fn recover(directory: &Path) -> Result<(BTreeMap<u64, Arc<Run>>, u64)> {
    let (all, work) = (directory.join("runs"), directory.join("checkouts"));
    let (mut runs, mut next) = (BTreeMap::new(), 1);
    fs::create_dir_all(&all).map_err(|e| unusable(&e))?;
    for entry in fs::read_dir(&all).map_err(|e| unusable(&e))? {
        let folder = entry.map_err(|e| unusable(&e))?.path();
        let id = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u64>().ok());
        let Some(id) = id else { continue };
        next = next.max(id.saturating_add(1));
        let mut record = match read::<RunRecord>(&record_path(&folder)) {
            Ok(Some(record)) if record.id == id => record,
            // One damaged record is no reason not to read the others; its folder stays for a person to look at.
            Ok(_) | Err(_) => {
                tracing::warn!(run = id, "the record of a run cannot be read; the run is left out");
                continue;
            }
        };
        if !record.state.is_final() {
            for mark in record.jobs.iter().filter_map(|job| job.process.as_ref()) {
                mark.bury_leftovers()?;
            }
            record.abandon(ENDED);
            replace(&record_path(&folder), &encode(&record)?)?;
        }
        runs.insert(id, Arc::new(Run::new(folder, record)));
    }
    // Nothing writes there any more.
    remove_tree(&work)
        .and_then(|()| fs::create_dir(&work))
        .map_err(|e| fault::disk("clear the work directory", e))?;
    Ok((runs, next))
}

fn unusable(error: &io::Error) -> Error {
    fault::config(format!("path: the directory cannot be used: {}", error.kind()))
}
