//! Logs of steps: read to their end, and from where they ended while the step runs.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::Chunk;

use super::super::cloud::Cloud;
use super::step;

/// The pauses between two looks at a step that runs: each half as long again, as long as nothing comes.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

struct Follow {
    cloud: Cloud,
    cx: CallContext,
    op: JobLog,
    /// What is being read, and how much of it is still to be left out.
    open: ItemStream<Chunk>,
    skip: u64,
    /// How many bytes were handed on, all in all and since the log was asked for last.
    seen: u64,
    fresh: u64,
    pause: Duration,
    /// Whether the step had ended when the log was asked for last.
    ended: bool,
}

/// A stream that is dropped asks no more.
pub(super) async fn open(cloud: &Cloud, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    let mut follow = Follow {
        cloud: cloud.clone(),
        cx: cx.clone(),
        op,
        open: nothing(),
        skip: 0,
        seen: 0,
        fresh: 0,
        pause: SHORTEST,
        ended: false,
    };
    follow.look().await?;
    Ok(Box::pin(stream::try_unfold(follow, |mut follow| async move {
        Ok(follow.next().await?.map(|chunk| (chunk, follow)))
    })))
}

fn nothing() -> ItemStream<Chunk> {
    Box::pin(stream::empty())
}

impl Follow {
    /// Asks for what came since. Whether the step has ended is asked before, so nothing at the end is lost.
    async fn look(&mut self) -> Result<()> {
        let op = &self.op;
        let step = step::fetch(&self.cloud, &self.cx, &op.repo, &op.run, &op.job).await?;
        self.ended = step.state().is_final();
        let path = step::place(&op.repo, &op.run, &op.job)?.part("log");
        let mut request = self.cloud.client.get(path).accept("application/octet-stream");
        if self.seen > 0 {
            request = request.header("range", &format!("bytes={}-", self.seen));
        }
        (self.open, self.skip) = match request.stream(&self.cx).await {
            // A part was asked for, and the whole may come all the same.
            Ok(answer) if answer.status == StatusCode::PARTIAL_CONTENT => (answer.value, 0),
            Ok(answer) => (answer.value, self.seen),
            // There is nothing yet, or nothing more.
            Err(error) if error.kind() == ErrorKind::NotFound || error.status_code() == Some(416) => {
                (nothing(), 0)
            }
            Err(error) => return Err(error),
        };
        self.fresh = 0;
        Ok(())
    }

    /// The next piece that was not handed on yet; none where the step has ended and everything came.
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            while let Some(chunk) = self.open.next().await {
                let chunk = chunk?;
                let length = chunk.bytes().len();
                let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(length);
                self.skip -= skipped as u64;
                if skipped < length {
                    let rest = chunk.bytes().slice(skipped..);
                    self.seen += rest.len() as u64;
                    self.fresh += rest.len() as u64;
                    return Ok(Some(Chunk::new(rest)));
                }
            }
            if self.ended {
                return Ok(None);
            }
            self.pause = if self.fresh > 0 { SHORTEST } else { (self.pause * 3 / 2).min(LONGEST) };
            tokio::time::sleep(self.pause).await;
            self.look().await?;
        }
    }
}
