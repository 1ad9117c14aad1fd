//! The suite notices a CI that lies: each fault of a double is caught by the behaviour that is about it.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::*;
use mosaic_core::op::{ItemStream, OpSet};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::Failure;
use mosaic_core::testkit::suite::cicd::{self, World};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun, RunState};
use mosaic_core::types::{Chunk, Page, PageRequest, RepoRef, ServiceKind};
use mosaic_providers::local::cicd::LocalCicd;

use super::{Place, write};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    FindsWhatIsMissing,
    WritesOver,
    AcceptsAnything,
    GoesBack,
    ChangesItsMind,
    HidesTheStatus,
    CutsLogs,
    ShowsLogsAtTheEnd,
    MixesLogs,
    DropsInputs,
    TurnsJobsRound,
    SkipsNothing,
    CancelsNothing,
    CancelsWhatEnded,
    RepeatsWhatRuns,
    RepeatsEverything,
    RepeatsSomethingElse,
    IgnoresFilters,
    LosesTheLastOfAPage,
    OldestFirst,
    TakesAnyCursor,
    DamagesArtifacts,
    TakesAnyName,
    HidesArtifacts,
}

/// A good CI with one fault.
struct Faulty {
    ci: LocalCicd,
    fault: Fault,
    seen: Mutex<usize>,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
    /// How often this was asked before.
    fn count(&self) -> usize {
        let mut seen = self.seen.lock().unwrap();
        *seen += 1;
        *seen
    }
}

/// A stream of what is there at once.
fn stream(bytes: Vec<u8>) -> ItemStream<Chunk> {
    Box::pin(futures_util::stream::iter([Ok(Chunk::new(bytes))]))
}

async fn whole(stream: ItemStream<Chunk>) -> Vec<u8> {
    let pieces: Vec<_> = stream.map(|piece| piece.unwrap().bytes().to_vec()).collect().await;
    pieces.concat()
}

impl CicdService for Faulty {
    async fn create_pipeline(&self, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
        let plain = Pipeline::new(op.pipeline.as_str(), op.repo.clone(), op.pipeline.as_str());
        let made = self.ci.create_pipeline(cx, op).await;
        if self.has(Fault::WritesOver) || self.has(Fault::AcceptsAnything) {
            made.or(Ok(plain))
        } else {
            made
        }
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        self.ci.list_pipelines(cx, op).await
    }
    async fn trigger_run(&self, cx: &CallContext, mut op: TriggerRun) -> Result<PipelineRun> {
        if self.has(Fault::DropsInputs) {
            op.inputs.clear();
        }
        let plain = PipelineRun::new("1", op.repo.clone(), RunState::Queued);
        let run = self.ci.trigger_run(cx, op).await;
        if self.has(Fault::AcceptsAnything) { run.or(Ok(plain)) } else { run }
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        let plain = PipelineRun::new(op.run.as_str(), op.repo.clone(), RunState::Succeeded);
        let mut run = match self.ci.get_run(cx, op).await {
            Err(_) if self.has(Fault::FindsWhatIsMissing) => return Ok(plain),
            run => run?,
        };
        if self.has(Fault::GoesBack) && run.state == RunState::Running && self.count().is_multiple_of(2) {
            run.state = RunState::Queued;
        }
        if self.has(Fault::ChangesItsMind) && run.state.is_final() {
            run.reason = Some(format!("reason {}", self.count()));
        }
        Ok(run)
    }
    async fn list_runs(&self, cx: &CallContext, mut op: ListRuns) -> Result<Page<PipelineRun>> {
        if self.has(Fault::IgnoresFilters) {
            op.state = None;
        }
        if self.has(Fault::TakesAnyCursor) {
            op.page = PageRequest::default();
        }
        let mut page = self.ci.list_runs(cx, op).await?;
        if self.has(Fault::LosesTheLastOfAPage) && page.next.is_some() {
            page.items.pop();
        }
        if self.has(Fault::OldestFirst) {
            page.items.reverse();
        }
        Ok(page)
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        if self.has(Fault::CancelsNothing) {
            return self.ci.get_run(cx, GetRun::of(&op.repo, op.run)).await;
        }
        let mut run = self.ci.cancel_run(cx, op).await?;
        if self.has(Fault::CancelsWhatEnded) {
            run.state = RunState::Cancelled;
        }
        Ok(run)
    }
    async fn rerun_run(&self, cx: &CallContext, mut op: RerunRun) -> Result<PipelineRun> {
        let get = GetRun::of(&op.repo, op.run.as_str());
        if self.has(Fault::RepeatsEverything) {
            op.failed_only = false;
        }
        let repo = op.repo.clone();
        match self.ci.rerun_run(cx, op).await {
            Err(_) if self.has(Fault::RepeatsWhatRuns) => self.ci.get_run(cx, get).await,
            Ok(run) if self.has(Fault::RepeatsSomethingElse) => {
                self.ci.trigger_run(cx, TriggerRun::of(&repo, run.pipeline.unwrap())).await
            }
            run => run,
        }
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        let mut page = self.ci.list_jobs(cx, op).await?;
        if self.has(Fault::TurnsJobsRound) {
            page.items.reverse();
        }
        for job in &mut page.items {
            if self.has(Fault::HidesTheStatus) && job.state == RunState::Failed {
                job.exit_code = Some(0);
            }
            if self.has(Fault::SkipsNothing) && job.state == RunState::Skipped {
                job.state = RunState::Succeeded;
            }
        }
        Ok(page)
    }
    async fn job_log(&self, cx: &CallContext, mut op: JobLog) -> Result<ItemStream<Chunk>> {
        if self.has(Fault::MixesLogs) && op.job == "other" {
            op.job = "talker".into();
        }
        let log = self.ci.job_log(cx, op).await?;
        if self.has(Fault::CutsLogs) {
            let mut bytes = whole(log).await;
            bytes.truncate(bytes.len() / 2);
            return Ok(stream(bytes));
        }
        if self.has(Fault::ShowsLogsAtTheEnd) {
            return Ok(Box::pin(futures_util::stream::once(async { Ok(Chunk::new(whole(log).await)) })));
        }
        Ok(log)
    }
    async fn upload_artifact(&self, cx: &CallContext, mut op: UploadArtifact) -> Result<Artifact> {
        if self.has(Fault::TakesAnyName) {
            op.file = op.file.replace(|c: char| !c.is_ascii_alphanumeric(), "x") + "x";
        }
        self.ci.upload_artifact(cx, op).await
    }
    async fn list_artifacts(&self, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
        let mut page = self.ci.list_artifacts(cx, op).await?;
        if self.has(Fault::HidesArtifacts) {
            page.items.pop();
        }
        Ok(page)
    }
    async fn download_artifact(&self, cx: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
        let file = self.ci.download_artifact(cx, op).await?;
        if self.has(Fault::DamagesArtifacts) {
            let mut bytes = whole(file).await;
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            return Ok(stream(bytes));
        }
        Ok(file)
    }
}

/// Runs one behaviour, and says whether it was shown.
macro_rules! check {
    ($ci:expr, $world:expr, $caught:expr; $($fault:ident => $behaviour:ident,)*) => {
        $(
            let mut faulty = Faulty { ci: $ci, fault: Fault::$fault, seen: Mutex::default() };
            let failure: Result<(), Failure> = cicd::$behaviour(&faulty, $world).await;
            $caught.push((faulty.fault, failure.err().map(|failure| failure.behaviour())));
            // The same without the fault: it is the fault that was noticed.
            faulty.fault = Fault::None;
            cicd::$behaviour(&faulty, $world).await.unwrap();
            $ci = faulty.ci;
        )*
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    // What is never cancelled waits for ever, so there is room for more than one of them.
    let mut ci = place.open(|config| config.parallel_jobs(16)).await;
    let repo = RepoRef::new("acme", "widget");
    let world = World::new(repo, OpSet::service(ServiceKind::Cicd), write).broken("jobs:\n  a: {}\n");
    let mut caught = Vec::new();
    check! { ci, &world, caught;
        FindsWhatIsMissing => missing_things_are_not_found,
        WritesOver => pipelines_are_created_and_listed,
        AcceptsAnything => bad_definitions_are_refused,
        ChangesItsMind => a_run_goes_to_its_end,
        HidesTheStatus => a_failing_job_fails_the_run,
        CutsLogs => logs_hold_what_was_printed,
        MixesLogs => logs_hold_what_was_printed,
        DropsInputs => inputs_arrive,
        TurnsJobsRound => jobs_wait_for_what_they_need,
        SkipsNothing => jobs_after_a_failure_are_skipped,
        CancelsWhatEnded => cancelling_what_ended_changes_nothing,
        RepeatsWhatRuns => runs_are_repeated_when_they_have_ended,
        RepeatsSomethingElse => runs_are_repeated_when_they_have_ended,
        RepeatsEverything => failed_jobs_are_repeated_alone,
        IgnoresFilters => runs_are_filtered,
        OldestFirst => runs_are_filtered,
        LosesTheLastOfAPage => run_pages_cover_everything_once,
        TakesAnyCursor => bad_cursors_are_refused,
        HidesArtifacts => artifacts_of_jobs_come_back,
        DamagesArtifacts => uploads_come_back_byte_for_byte,
        TakesAnyName => bad_artifact_names_are_refused,
    }
    // These are noticed by what does not come, so they are given little time.
    let soon = World::new(RepoRef::new("acme", "widget"), OpSet::service(ServiceKind::Cicd), write)
        .wait_at_most(Duration::from_millis(300));
    let faulty = Faulty { ci, fault: Fault::ShowsLogsAtTheEnd, seen: Mutex::default() };
    let failure = cicd::logs_follow_running_jobs(&faulty, &soon).await;
    caught.push((faulty.fault, failure.err().map(|failure| failure.behaviour())));
    let faulty = Faulty { ci: faulty.ci, fault: Fault::CancelsNothing, seen: Mutex::default() };
    let failure = cicd::cancelled_runs_end(&faulty, &soon).await;
    caught.push((faulty.fault, failure.err().map(|failure| failure.behaviour())));
    let missed: Vec<_> = caught.iter().filter(|(_, behaviour)| behaviour.is_none()).collect();
    assert!(missed.is_empty(), "not noticed: {missed:?}");
    faulty.ci.stop().await.unwrap();
}

/// A state that goes back is noticed by whoever waits for the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_goes_back_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let faulty =
        Faulty { ci: place.open(|config| config).await, fault: Fault::GoesBack, seen: Mutex::default() };
    let slow = |draft: &cicd::Draft| write(draft).replace("\":\"", "\"sleep 86400\"");
    let world = World::new(RepoRef::new("acme", "widget"), OpSet::service(ServiceKind::Cicd), slow);
    let failure: Result<(), Failure> = cicd::a_run_goes_to_its_end(&faulty, &world).await;
    let failure = failure.unwrap_err();
    assert!(failure.message().contains("went back from Running to Queued"), "{failure}");
    faulty.ci.stop().await.unwrap();
}
