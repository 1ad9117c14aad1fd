//! The console of a build, followed while it builds.

use std::sync::Arc;

use futures_util::stream::try_unfold;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::Chunk;

use super::client::{RunId, Server};
use super::run::{Found, JOB, find};
use crate::http::{Pace, Path};

struct Follower {
    server: Arc<Server>,
    cx: CallContext,
    path: Path,
    start: u64,
    over: bool,
    pace: Pace,
}

pub(super) async fn open(server: &Arc<Server>, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    let id = RunId::read(&op.run)?;
    let Found::Build(build) = find(server, cx, &op.repo, &id).await? else {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("run {} waits in the queue and has no job yet", op.run),
        ));
    };
    if op.job != JOB {
        return Err(Error::new(ErrorKind::NotFound, format!("run {} has one job, `{JOB}`", op.run)));
    }
    let path = server.job(&op.repo, &id.pipeline).part(build.number).part("logText").part("progressiveText");
    let (server, cx, pace) = (Arc::clone(server), cx.clone(), server.pace());
    let follower = Follower { server, cx, path, start: 0, over: false, pace };
    Ok(Box::pin(try_unfold(follower, async |mut follower| {
        Ok(follower.next().await?.map(|chunk| (chunk, follower)))
    })))
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        while !self.over {
            let request = self.server.client.get(self.path.clone()).query("start", self.start);
            let answer = request.accept("text/plain").raw(&self.cx).await?;
            self.over = answer.header("x-more-data") != Some("true");
            let size = answer.header("x-text-size").and_then(|size| size.parse().ok());
            self.start = size.ok_or_else(|| {
                let text = "Jenkins does not say how far its log goes (X-Text-Size)";
                Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
            })?;
            if !answer.value.is_empty() {
                self.pace.quicken();
                return Ok(Some(Chunk::new(answer.value)));
            }
            if !self.over {
                self.pace.rest().await;
            }
        }
        Ok(None)
    }
}
