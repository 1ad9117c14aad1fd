//! The log of a job: what its steps print, step by step, followed while it runs. The first version of the API has it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::Chunk;

use super::client::Server;
use super::job::{all, of_workflow};
use super::wire;
use crate::http::{Pace, Path, at};

pub(super) async fn open(server: &Arc<Server>, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    let jobs = all(server, cx, &op.repo, &op.run).await?;
    let found = jobs.into_iter().find(|found| found.wire.id == op.job);
    let found = found
        .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("run {} has no job `{}`", op.run, op.job)))?;
    // Its three parts are three segments there.
    let project = at!["v1.1", "project"].parts(&server.slug(&op.repo)?);
    let follower = Follower {
        server: Arc::clone(server),
        cx: cx.clone(),
        project,
        number: found.wire.job_number,
        ended: found.state.is_final(),
        workflow: found.workflow,
        job: op.job,
        told: 0,
        pace: server.pace(),
    };
    Ok(Box::pin(try_unfold(follower, async |mut follower| {
        Ok(follower.next().await?.map(|chunk| (chunk, follower)))
    })))
}

/// Reads a log piece by piece: a piece is what one step printed, once it has ended.
struct Follower {
    server: Arc<Server>,
    cx: CallContext,
    project: Path,
    /// Absent before the job begins.
    number: Option<i64>,
    ended: bool,
    workflow: wire::Workflow,
    job: String,
    /// How many steps were told.
    told: usize,
    pace: Pace,
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            let Some(number) = self.number else {
                if self.ended {
                    return Ok(None);
                }
                self.pace.rest().await;
                self.look().await?;
                continue;
            };
            let path = self.project.clone().part(number);
            let build: wire::Build = self.server.client.get(path).send(&self.cx).await?;
            let over = matches!(build.lifecycle.as_str(), "finished" | "not_run");
            for action in build.steps.iter().flat_map(|step| &step.actions).skip(self.told) {
                if !over && action.end_time.is_none() {
                    break;
                }
                self.told += 1;
                let text = self.read(action).await?;
                if !text.is_empty() {
                    self.pace.quicken();
                    return Ok(Some(Chunk::new(text)));
                }
            }
            if over {
                return Ok(None);
            }
            self.pace.rest().await;
        }
    }

    /// Looks whether the job has begun.
    async fn look(&mut self) -> Result<()> {
        let path = at!["v2", "workflow", &self.workflow.id];
        self.workflow = self.server.client.get(path).send(&self.cx).await?;
        let jobs = of_workflow(&self.server, &self.cx, &self.workflow).await?;
        match jobs.into_iter().find(|found| found.wire.id == self.job) {
            Some(found) => {
                (self.number, self.ended) = (found.wire.job_number, found.state.is_final());
                Ok(())
            }
            None => Err(Error::new(ErrorKind::NotFound, format!("the job `{}` is gone", self.job))),
        }
    }

    /// What a step printed. It lies in a store beside CircleCI, which takes no credentials.
    async fn read(&self, action: &wire::Action) -> Result<Bytes> {
        let Some(address) = action.output_url.as_deref().filter(|_| action.has_output) else {
            return Ok(Bytes::new());
        };
        let pieces: Vec<wire::Output> = self.server.client.fetch(address, false)?.send(&self.cx).await?;
        Ok(pieces.into_iter().map(|piece| piece.message).collect::<String>().into())
    }
}
