//! The console of a build, followed while it builds.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
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
    /// Where the next part begins.
    start: u64,
    /// Whether there is no part after the one that is read.
    over: bool,
    /// What is read.
    part: Option<ItemStream<Chunk>>,
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
    let follower = Follower { server, cx, path, start: 0, over: false, part: None, pace };
    Ok(Box::pin(try_unfold(follower, async |mut follower| {
        Ok(follower.next().await?.map(|chunk| (chunk, follower)))
    })))
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(part) = &mut self.part {
                match part.try_next().await? {
                    Some(chunk) if chunk.bytes().is_empty() => {}
                    Some(chunk) => {
                        self.pace.quicken();
                        return Ok(Some(chunk));
                    }
                    None => self.part = None,
                }
                continue;
            }
            if self.over {
                return Ok(None);
            }
            let request = self.server.client.get(self.path.clone()).query("start", self.start);
            let answer = request.accept("text/plain").stream(&self.cx).await?;
            let size = answer.header("x-text-size").and_then(|size| size.parse().ok());
            let end = size.ok_or_else(|| {
                let text = "Jenkins does not say how far its log goes (X-Text-Size)";
                Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
            })?;
            self.over = answer.header("x-more-data") != Some("true");
            // Nothing was printed since the last look.
            if !self.over && end == self.start {
                self.pace.rest().await;
                continue;
            }
            (self.start, self.part) = (end, Some(answer.value));
        }
    }
}
