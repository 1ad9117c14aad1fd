//! The log of a job: what its steps print, one step after the other, followed while they run.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::types::Chunk;

use super::client::{Place, Server, number};
use super::wire;
use crate::http::{Events, Pace, at};
use crate::run_state::woodpecker::WORDS;

pub(super) async fn open(server: &Arc<Server>, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
    let number = number(&op.run)?;
    let missing = || Error::new(ErrorKind::NotFound, format!("run {number} has no job `{}`", op.job));
    let (job, missing) = (op.job.parse::<i64>().ok(), &missing);
    let follower = server
        .within(cx, &op.repo, |place| async move {
            let run = server.run(cx, &place, number).await?;
            let there = run.workflows.iter().flatten().find(|workflow| Some(workflow.id) == job);
            let job = there.ok_or_else(missing)?.id;
            Ok(Follower::new(server, cx, place, number, job))
        })
        .await?;
    Ok(Box::pin(try_unfold(follower, async |mut follower| {
        Ok(follower.next().await?.map(|chunk| (chunk, follower)))
    })))
}

/// Reads a log piece by piece. Whatever breaks off is read again from the line that comes next, so a line is given once.
struct Follower {
    server: Arc<Server>,
    cx: CallContext,
    place: Arc<Place>,
    run: u64,
    job: i64,
    /// The steps whose logs are read to their ends.
    done: HashSet<i64>,
    /// The step that is being read.
    step: i64,
    /// The number of its next line.
    line: i64,
    live: Option<Events>,
    pace: Pace,
    looked: bool,
}

impl Follower {
    fn new(server: &Arc<Server>, cx: &CallContext, place: Arc<Place>, run: u64, job: i64) -> Self {
        Self {
            server: Arc::clone(server),
            cx: cx.clone(),
            place,
            run,
            job,
            done: HashSet::new(),
            step: 0,
            line: 0,
            live: None,
            pace: server.pace(),
            looked: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(live) = &mut self.live {
                // The end of the events says only that they ended: the run itself tells what comes now.
                match live.next().await {
                    Some(Ok(event)) if event.name.is_empty() => {
                        let line = serde_json::from_str(&event.data).map_err(unreadable)?;
                        if let Some(chunk) = self.take([line]) {
                            self.pace.quicken();
                            return Ok(Some(chunk));
                        }
                    }
                    _ => self.live = None,
                }
                continue;
            }
            if std::mem::replace(&mut self.looked, true) {
                self.pace.rest().await;
            }
            let run = self.server.run(&self.cx, &self.place, self.run).await?;
            let ended = run.state().is_final();
            let Some(job) = run.workflows.into_iter().flatten().find(|workflow| workflow.id == self.job)
            else {
                return Ok(None);
            };
            let over = ended || job.state().is_final();
            match self.choose(job) {
                Some(step) if over || WORDS.read(&step.state, false).is_final() => {
                    self.begin(step.id);
                    let chunk = self.rest_of(step.id).await?;
                    self.done.insert(step.id);
                    self.looked = false;
                    if chunk.is_some() {
                        return Ok(chunk);
                    }
                }
                Some(step) if step.state == "running" => {
                    self.begin(step.id);
                    let path = at!["stream", "logs", self.place.id, self.run, step.id];
                    self.live = Some(self.server.client.get(path).events(&self.cx).await?);
                }
                None if over => return Ok(None),
                _ => {}
            }
        }
    }

    /// The next step: in the order of the definition, services last, as they end with the job.
    fn choose(&self, job: wire::Workflow) -> Option<wire::Step> {
        let mut steps = job.children.unwrap_or_default();
        steps.retain(|step| !self.done.contains(&step.id) && step.state != "skipped");
        steps.into_iter().min_by_key(|step| (step.kind == "service", step.pid))
    }

    fn begin(&mut self, step: i64) {
        if self.step != step {
            (self.step, self.line) = (step, 0);
        }
    }

    /// What a step that has ended printed and was not given yet.
    async fn rest_of(&mut self, step: i64) -> Result<Option<Chunk>> {
        let path = at!["repos", self.place.id, "logs", self.run, step];
        let read = self.server.client.get(path).find::<Option<Vec<wire::Line>>>(&self.cx).await?;
        Ok(self.take(read.flatten().unwrap_or_default()))
    }

    /// The new ones among these lines.
    fn take(&mut self, lines: impl IntoIterator<Item = wire::Line>) -> Option<Chunk> {
        let mut text = BytesMut::new();
        for line in lines {
            if line.line >= self.line {
                self.line = line.line.saturating_add(1);
                text.extend_from_slice(&line.data);
                text.extend_from_slice(b"\n");
            }
        }
        (!text.is_empty()).then(|| Chunk::new(text.freeze()))
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Protocol, format!("a line of a log of Woodpecker cannot be read: {error}"))
        .delivery(Delivery::Answered)
}
