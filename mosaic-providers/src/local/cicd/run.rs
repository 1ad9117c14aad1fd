//! A run that is kept: its record, what follows its logs, and how it is told to stop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mosaic_core::error::Result;
use mosaic_core::types::cicd::RunState;
use tokio::sync::watch;

use super::disk::{blocking, encode, replace};
use super::log::Progress;
use super::record::RunRecord;

/// Why a run does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody cancelled it.
    Cancelled,
    /// It took too long.
    TimeLimit(Duration),
    /// The provider is being stopped.
    Closed,
}

/// A run that is kept.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    directory: PathBuf,
    /// What everybody sees: never more than what is on the disk.
    record: Mutex<Arc<RunRecord>>,
    /// One change at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    state: watch::Sender<RunState>,
    stop: watch::Sender<Option<Stop>>,
    logs: BTreeMap<String, watch::Sender<Progress>>,
}

impl Run {
    /// The run of a record that is on the disk, with the size of each log that has ended.
    pub(super) fn new(directory: PathBuf, record: RunRecord) -> Self {
        let logs = record.jobs.iter().map(|job| {
            let path = log_path(&directory, &job.name);
            let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
            (job.name.clone(), watch::Sender::new(Progress { bytes, ended: job.state.is_final() }))
        });
        Self {
            id: record.id,
            logs: logs.collect(),
            state: watch::Sender::new(record.state),
            record: Mutex::new(Arc::new(record)),
            turn: Arc::default(),
            stop: watch::Sender::new(None),
            directory,
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// As it is now.
    pub(super) fn record(&self) -> Arc<RunRecord> {
        Arc::clone(&self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes it: first on the disk, then for everybody. Once begun it is done, also where the future is dropped.
    pub(super) async fn update<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut RunRecord) -> T + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let run = Arc::clone(self);
        blocking(move || {
            let _turn = turn;
            let mut next = RunRecord::clone(&run.record());
            let result = change(&mut next);
            replace(&record_path(&run.directory), &encode(&next)?)?;
            run.publish(next);
            Ok(result)
        })
        .await
    }

    /// Ends it for everybody although the disk does not take that; the next to open the root ends it there.
    pub(super) fn give_up(&self, reason: &str) {
        let mut last = RunRecord::clone(&self.record());
        last.abandon(reason);
        self.publish(last);
    }

    fn publish(&self, next: RunRecord) {
        let state = next.state;
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.state.send_replace(state);
    }

    /// Waits until nothing more will happen.
    pub(super) async fn ended(&self) {
        // The sender is ours: it does not go before this returns.
        let _ = self.state.subscribe().wait_for(|state| state.is_final()).await;
    }

    /// Waits until its first job begins.
    pub(super) async fn begun(&self) {
        let _ = self.state.subscribe().wait_for(|state| *state != RunState::Queued).await;
    }

    /// Tells it to stop; the first reason counts.
    pub(super) fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(why);
            first
        });
    }

    /// Why it is to stop, where it is.
    pub(super) fn stopping(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Waits until it is told to stop.
    pub(super) async fn stopped(&self) -> Stop {
        let mut stop = self.stop.subscribe();
        match stop.wait_for(Option::is_some).await.map(|why| *why) {
            Ok(Some(why)) => why,
            _ => std::future::pending().await,
        }
    }

    /// The log of a job of this run.
    pub(super) fn log(&self, job: &str) -> Option<&watch::Sender<Progress>> {
        self.logs.get(job)
    }

    pub(super) fn log_path(&self, job: &str) -> PathBuf {
        log_path(&self.directory, job)
    }

    /// Says that nothing more comes in the log of a job.
    pub(super) fn end_log(&self, job: &str) {
        if let Some(log) = self.log(job) {
            log.send_modify(|progress| progress.ended = true);
        }
    }

    /// The folder of what its artifacts hold.
    pub(super) fn artifacts_path(&self) -> PathBuf {
        self.directory.join("artifacts")
    }

    /// The text of the pipeline that it runs.
    pub(super) fn definition_path(&self) -> PathBuf {
        definition_path(&self.directory)
    }
}

pub(super) fn record_path(directory: &Path) -> PathBuf {
    directory.join("run.json")
}

pub(super) fn definition_path(directory: &Path) -> PathBuf {
    directory.join("pipeline.yml")
}

fn log_path(directory: &Path, job: &str) -> PathBuf {
    directory.join("logs").join(format!("{job}.log"))
}
