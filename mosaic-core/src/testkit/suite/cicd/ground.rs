//! The ground a behaviour stands on: pipelines of its own, calls that must succeed, and waiting with a limit.

use std::fmt::Debug;

use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::world::Source;
use super::{Draft, Prepared, Trait, World};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::op::ItemStream;
use crate::op::cicd::{
    CicdService, CreatePipeline, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs, ListRuns,
    TriggerRun,
};
use crate::testkit::suite::{Failure, done, ensure, equal, refused_as};
use crate::types::cicd::{Artifact, Job, PipelineRun, RunState};
use crate::types::{Chunk, Cursor, Page, PageRequest, RepoRef};

pub(super) struct Ground<'a, C> {
    pub(super) ci: &'a C,
    pub(super) cx: &'a CallContext,
    pub(super) world: &'a World,
    behaviour: &'static str,
}

/// Where a state stands on the way of a run: it never goes back.
fn rank(state: RunState) -> u8 {
    match state {
        RunState::Queued => 0,
        RunState::Running | RunState::Blocked => 1,
        _ => 2,
    }
}

impl<'a, C: CicdService> Ground<'a, C> {
    pub(super) fn new(ci: &'a C, world: &'a World, behaviour: &'static str) -> Self {
        Self { ci, cx: world.cx(), world, behaviour }
    }

    pub(super) fn repo(&self) -> &'a RepoRef {
        self.world.repo()
    }

    pub(super) fn done<T>(&self, what: &str, result: Result<T>) -> Result<T, Failure> {
        done(self.behaviour, what, result)
    }

    pub(super) fn refused<T: Debug>(
        &self,
        what: &str,
        result: Result<T>,
        kind: ErrorKind,
    ) -> Result<(), Failure> {
        match kind {
            ErrorKind::NotFound if !self.shows(Trait::SaysNotFound) => {
                refused_as(self.behaviour, what, result, &[kind, ErrorKind::Invalid])
            }
            _ => refused_as(self.behaviour, what, result, &[kind]),
        }
    }

    pub(super) fn equal<T, U>(&self, what: &str, got: &T, expected: &U) -> Result<(), Failure>
    where
        T: PartialEq<U> + Debug + ?Sized,
        U: Debug + ?Sized,
    {
        equal(self.behaviour, what, got, expected)
    }

    pub(super) fn ensure<M: Into<String>>(
        &self,
        condition: bool,
        message: impl FnOnce() -> M,
    ) -> Result<(), Failure> {
        ensure(self.behaviour, condition, message)
    }

    /// Whether the suite may ask for it.
    pub(super) fn shows(&self, asked: Trait) -> bool {
        self.world.shows(asked)
    }

    /// A pipeline of its own that does this; gives what it is triggered by.
    pub(super) async fn pipeline(&self, draft: &Draft) -> Result<Prepared, Failure> {
        let name = self.world.unused();
        match self.world.source() {
            Source::Written(write) => {
                let op = CreatePipeline::of(self.repo(), name, write(draft));
                let made = self.done("create_pipeline", self.ci.create_pipeline(self.cx, op).await)?;
                Ok(Prepared::new(made.id))
            }
            Source::Prepared(prepare) => {
                self.done("the preparation of a pipeline", prepare(name, draft.clone()).await)
            }
        }
    }

    /// What asks for a run of a pipeline.
    pub(super) fn asks_for(&self, pipeline: &Prepared) -> TriggerRun {
        let mut op = TriggerRun::of(self.repo(), pipeline.pipeline.as_str());
        op.at = pipeline.at.clone();
        op
    }

    /// What lists the runs of a pipeline, and of no other of the suite.
    pub(super) fn runs_of(&self, pipeline: &Prepared) -> ListRuns {
        let mut op = ListRuns::of(self.repo());
        if self.shows(Trait::NamedPipelines) {
            op.pipeline = Some(pipeline.pipeline.clone());
        }
        if self.shows(Trait::FiltersByReference) {
            op.reference = pipeline.at.clone();
        }
        op
    }

    /// Whether [`runs_of`](Self::runs_of) tells the runs of a pipeline from those of others.
    pub(super) fn tells_apart(&self, pipeline: &Prepared) -> bool {
        self.shows(Trait::NamedPipelines) || (pipeline.at.is_some() && self.shows(Trait::FiltersByReference))
    }

    /// A run of a pipeline.
    pub(super) async fn trigger(&self, pipeline: &Prepared) -> Result<PipelineRun, Failure> {
        self.done("trigger_run", self.ci.trigger_run(self.cx, self.asks_for(pipeline)).await)
    }

    /// A run of a new pipeline that does this.
    pub(super) async fn run(&self, draft: &Draft) -> Result<PipelineRun, Failure> {
        self.trigger(&self.pipeline(draft).await?).await
    }

    pub(super) async fn get(&self, run: &PipelineRun) -> Result<PipelineRun, Failure> {
        let got = self.ci.get_run(self.cx, GetRun::of(self.repo(), run.id.as_str())).await;
        self.done("get_run", got)
    }

    /// Looks at a run until it has come so far; fails where its state goes back on the way or where it takes too long.
    async fn reached(&self, run: &PipelineRun, goal: u8) -> Result<PipelineRun, Failure> {
        let (begin, mut last) = (Instant::now(), run.state);
        loop {
            let now = self.get(run).await?;
            self.ensure(rank(now.state) >= rank(last), || {
                format!("run {} went back from {last:?} to {:?}", run.id, now.state)
            })?;
            if rank(now.state) >= goal {
                return Ok(now);
            }
            self.ensure(begin.elapsed() < self.world.limit(), || {
                format!("run {} was {:?} when the time for it was over", run.id, now.state)
            })?;
            last = now.state;
            sleep(self.world.pause()).await;
        }
    }

    /// Waits until a run has begun.
    pub(super) async fn begun(&self, run: &PipelineRun) -> Result<PipelineRun, Failure> {
        self.reached(run, 1).await
    }

    /// Waits until a run has ended.
    pub(super) async fn ended(&self, run: &PipelineRun) -> Result<PipelineRun, Failure> {
        self.reached(run, 2).await
    }

    /// Waits for the end of a run, which must be this one.
    pub(super) async fn ends(&self, run: &PipelineRun, expected: RunState) -> Result<PipelineRun, Failure> {
        let ended = self.ended(run).await?;
        self.ensure(ended.state == expected, || {
            let reason = ended.reason.as_deref().unwrap_or("no reason");
            format!("run {}: expected the end {expected:?}, got {:?}: {reason}", run.id, ended.state)
        })?;
        Ok(ended)
    }

    /// The jobs of a run, at most 100.
    pub(super) async fn jobs(&self, run: &PipelineRun) -> Result<Vec<Job>, Failure> {
        let op = ListJobs::of(self.repo(), run.id.as_str()).page(PageRequest::first(100));
        Ok(self.done("list_jobs", self.ci.list_jobs(self.cx, op).await)?.items)
    }

    /// A job of a run by its name, as soon as it is there.
    pub(super) async fn job(&self, run: &PipelineRun, name: &str) -> Result<Job, Failure> {
        let begin = Instant::now();
        loop {
            let named = |job: &Job| job.name == name || !self.shows(Trait::SeveralJobs);
            if let Some(job) = self.jobs(run).await?.into_iter().find(named) {
                return Ok(job);
            }
            self.ensure(begin.elapsed() < self.world.limit(), || {
                format!("run {} has no job {name}", run.id)
            })?;
            sleep(self.world.pause()).await;
        }
    }

    /// The log of a job, from its beginning.
    pub(super) async fn open_log(&self, run: &PipelineRun, job: &str) -> Result<Log<'_, C>, Failure> {
        let job = self.job(run, job).await?;
        let op = JobLog::of(self.repo(), run.id.as_str(), job.id);
        let stream = self.done("job_log", self.ci.job_log(self.cx, op).await)?;
        Ok(Log { ground: self, stream, text: Vec::new() })
    }

    /// The whole log of a job, which must end with the job.
    pub(super) async fn log(&self, run: &PipelineRun, job: &str) -> Result<String, Failure> {
        if !self.shows(Trait::LiveLogs) {
            self.ended(run).await?;
        }
        let mut log = self.open_log(run, job).await?;
        while log.more().await? {}
        Ok(log.text())
    }

    /// The artifacts of a run, at most 100.
    pub(super) async fn artifacts(&self, run: &PipelineRun) -> Result<Vec<Artifact>, Failure> {
        let op = ListArtifacts::of(self.repo(), run.id.as_str()).page(PageRequest::first(100));
        Ok(self.done("list_artifacts", self.ci.list_artifacts(self.cx, op).await)?.items)
    }

    /// What an artifact holds.
    pub(super) async fn download(&self, run: &PipelineRun, file: &str) -> Result<Vec<u8>, Failure> {
        let op = DownloadArtifact::of(self.repo(), run.id.as_str(), file);
        let mut stream = self.done("download_artifact", self.ci.download_artifact(self.cx, op).await)?;
        let mut content = Vec::new();
        while let Some(chunk) = stream.next().await {
            content.extend_from_slice(self.done("a piece of an artifact", chunk)?.bytes());
        }
        Ok(content)
    }

    /// Walks through a list page by page and fails where a page is longer than asked for or the walk does not end.
    pub(super) async fn walk<T, F>(
        &self,
        limit: u32,
        fetch: impl Fn(PageRequest) -> F,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<Page<T>>>,
    {
        let (mut all, mut next) = (Vec::new(), None::<Cursor>);
        for _ in 0..10_000 {
            let request = match next.take() {
                Some(cursor) => PageRequest::first(limit).at(cursor),
                None => PageRequest::first(limit),
            };
            let page = self.done("a page of the list", fetch(request).await)?;
            self.ensure(page.items.len() <= limit as usize, || "a page is longer than its limit")?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::new(self.behaviour, "the list does not end: the cursors go round in circles"))
    }
}

/// A log that is being read.
pub(super) struct Log<'a, C> {
    ground: &'a Ground<'a, C>,
    stream: ItemStream<Chunk>,
    text: Vec<u8>,
}

impl<C: CicdService> Log<'_, C> {
    /// Waits for the next piece; says whether there was one.
    pub(super) async fn more(&mut self) -> Result<bool, Failure> {
        let waited = timeout(self.ground.world.limit(), self.stream.next()).await;
        let late = || Failure::new(self.ground.behaviour, "the log neither went on nor ended in time");
        match waited.map_err(|_| late())? {
            Some(chunk) => {
                self.text.extend_from_slice(self.ground.done("a piece of a log", chunk)?.bytes());
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Reads on until this has come.
    pub(super) async fn until(&mut self, part: &str) -> Result<(), Failure> {
        while !self.text().contains(part) {
            let more = self.more().await?;
            self.ground.ensure(more, || format!("the log ended without {part:?}: {:?}", self.text()))?;
        }
        Ok(())
    }

    /// What was read so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}
