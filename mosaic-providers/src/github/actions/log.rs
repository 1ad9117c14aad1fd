//! The log of a job. GitHub gives it when the job has ended, so it is waited for until then.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{Chunk, RepoRef};

use super::hub::{Hub, at_actions, number};
use super::wire;
use crate::http::Pace;

/// How often the log of a job that has ended is asked for until it is there.
const LOOKS: usize = 6;

pub(super) async fn open(hub: &Arc<Hub>, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    let run = number(&op.run)?;
    let missing = || Error::new(ErrorKind::NotFound, format!("run {run} has no job `{}`", op.job));
    let id: u64 = op.job.parse().map_err(|_| missing())?;
    let job = look(hub, cx, &op.repo, id).await?;
    if u64::try_from(job.run_id).ok() != Some(run) {
        return Err(missing());
    }
    let reader = Reader {
        hub: Arc::clone(hub),
        cx: cx.clone(),
        repo: op.repo,
        id,
        pace: hub.pace(),
        ended: job.state().is_final().then(|| job.state()),
        log: None,
    };
    Ok(Box::pin(try_unfold(reader, async |mut reader| Ok(reader.next().await?.map(|chunk| (chunk, reader))))))
}

async fn look(hub: &Hub, cx: &CallContext, repo: &RepoRef, job: u64) -> Result<wire::Job> {
    hub.client.get(at_actions(repo, "jobs").part(job)).send(cx).await
}

/// Waits for the end of a job, then reads its log.
struct Reader {
    hub: Arc<Hub>,
    cx: CallContext,
    repo: RepoRef,
    id: u64,
    pace: Pace,
    ended: Option<RunState>,
    log: Option<ItemStream<Chunk>>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        while self.ended.is_none() {
            self.pace.rest().await;
            let job = look(&self.hub, &self.cx, &self.repo, self.id).await?;
            self.ended = job.state().is_final().then(|| job.state());
        }
        if self.log.is_none() {
            match self.begin().await? {
                Some(log) => self.log = Some(log),
                None => return Ok(None),
            }
        }
        match &mut self.log {
            Some(log) => log.next().await.transpose(),
            None => Ok(None),
        }
    }

    /// The log; none of a job that never began.
    async fn begin(&mut self) -> Result<Option<ItemStream<Chunk>>> {
        self.pace.quicken();
        for left in (0..LOOKS).rev() {
            let path = at_actions(&self.repo, "jobs").part(self.id).part("logs");
            match self.hub.client.get(path).stream(&self.cx).await {
                Ok(answer) => return Ok(Some(answer.value)),
                // Logs are kept for a time: of what was there and is gone nothing comes later.
                Err(error) if error.kind() != ErrorKind::NotFound || error.status_code() == Some(410) => {
                    return Err(error);
                }
                Err(_) if self.ended == Some(RunState::Skipped) => return Ok(None),
                // One that was cancelled in the queue has no log, and one that has just ended may get it yet.
                Err(error) if left == 0 => {
                    return if self.ended == Some(RunState::Cancelled) { Ok(None) } else { Err(error) };
                }
                Err(_) => self.pace.rest().await,
            }
        }
        Ok(None)
    }
}
