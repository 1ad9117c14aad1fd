//! Logs of jobs: read to their end, and asked for again while the job runs.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::{Chunk, RepoRef};

use super::super::client::{GitLab, project};
use super::job;
use super::wire::state;

/// The pauses between two looks at a job that runs: each half as long again, as long as nothing comes.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

struct Follow {
    lab: GitLab,
    cx: CallContext,
    op: JobLog,
    /// The log as it came last, and how much of it is still to be left out.
    open: ItemStream<Chunk>,
    skip: usize,
    /// How many bytes were handed on, all in all and since the log was asked for last.
    seen: usize,
    fresh: usize,
    pause: Duration,
    /// Whether the job had ended when the log was asked for last.
    ended: bool,
}

/// GitLab gives a log as a whole and knows no waiting for more. It is asked for again, and what was handed on is left out. A
/// stream that is dropped asks no more.
pub(super) async fn read(lab: &GitLab, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    // Whether the job has ended is asked before the log is: so nothing at its end is lost.
    let ended = has_ended(lab, cx, &op).await?;
    let open = trace(lab, cx, &op.repo, &op.job).await?;
    let follow = Follow {
        lab: lab.clone(),
        cx: cx.clone(),
        op,
        open,
        skip: 0,
        seen: 0,
        fresh: 0,
        pause: SHORTEST,
        ended,
    };
    Ok(Box::pin(stream::try_unfold(follow, |mut follow| async move {
        Ok(follow.next().await?.map(|chunk| (chunk, follow)))
    })))
}

async fn has_ended(lab: &GitLab, cx: &CallContext, op: &JobLog) -> Result<bool> {
    Ok(state(&job::fetch(lab, cx, &op.repo, &op.run, &op.job).await?.status).is_final())
}

async fn trace(lab: &GitLab, cx: &CallContext, repo: &RepoRef, job: &str) -> Result<ItemStream<Chunk>> {
    let request = lab.get(project(repo)?.part("jobs").part(job).part("trace")).accept("text/plain");
    match request.stream(cx).await {
        Ok(answer) => Ok(answer.value),
        // A job that has not begun has no log yet.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Box::pin(stream::empty())),
        Err(error) => Err(error),
    }
}

impl Follow {
    /// The next piece that was not handed on yet; none where the job has ended and everything came.
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            while let Some(chunk) = self.open.next().await {
                let chunk = chunk?;
                let skipped = chunk.bytes().len().min(self.skip);
                self.skip -= skipped;
                if skipped < chunk.bytes().len() {
                    let rest = chunk.bytes().slice(skipped..);
                    self.seen += rest.len();
                    self.fresh += rest.len();
                    return Ok(Some(Chunk::new(rest)));
                }
            }
            if self.ended {
                return Ok(None);
            }
            self.pause = if self.fresh > 0 { SHORTEST } else { (self.pause * 3 / 2).min(LONGEST) };
            tokio::time::sleep(self.pause).await;
            self.ended = has_ended(&self.lab, &self.cx, &self.op).await?;
            self.open = trace(&self.lab, &self.cx, &self.op.repo, &self.op.job).await?;
            (self.skip, self.fresh) = (self.seen, 0);
        }
    }
}
