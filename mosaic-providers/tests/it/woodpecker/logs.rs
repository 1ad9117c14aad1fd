//! Logs of jobs: live, broken off and gone on with, given up.

use axum::http::Method;
use futures_util::StreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{CancelRun, CicdService as _, JobLog, ListJobs};
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::{PipelineRun, RunState};

use super::{Ground, widget};
use crate::support::builds::{give_up, prints, whole};
use crate::support::faults::Fault;

fn cx() -> CallContext {
    CallContext::new()
}

/// Ten lines, one per step, and no end.
fn talker() -> JobDraft {
    (0..10).fold(JobDraft::new("one"), |job, at| job.step(Step::Print(format!("line {at} of it"))))
}

async fn log_of(ground: &Ground, run: &PipelineRun) -> JobLog {
    let jobs = ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str())).await.unwrap().items;
    JobLog::of(widget(), run.id.as_str(), jobs[0].id.as_str())
}

fn expected() -> String {
    let lines = (0..10).map(|at| format!("line {at} of it\n"));
    format!("+ git init\n+ git fetch\n{}", lines.collect::<String>())
}

#[tokio::test]
async fn a_log_that_grows_is_read_as_it_grows_and_no_line_twice() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(talker())).await;
    let mut log = ground.ci.job_log(&cx(), log_of(&ground, &run).await).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = log.next().await {
        pieces.push(String::from_utf8(piece.unwrap().bytes().to_vec()).unwrap());
    }
    assert_eq!(pieces.concat(), expected());
    assert!(pieces.len() > 3, "it came in pieces: {pieces:?}");
    assert!(ground.server.seen().iter().any(|seen| seen.path().starts_with("/api/stream/logs/")));
}

#[tokio::test]
async fn a_live_log_that_breaks_off_goes_on_where_it_was() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(talker())).await;
    let log = log_of(&ground, &run).await;
    for _ in 0..4 {
        ground.faults.next_on(Method::GET, "/api/stream/logs/", Fault::Truncated);
    }
    let text = whole(ground.ci.job_log(&cx(), log.clone()).await.unwrap()).await.unwrap();
    assert_eq!((text, ground.faults.fired()), (expected(), 4));
    // Read again when it has ended, it is the same.
    assert_eq!(whole(ground.ci.job_log(&cx(), log).await.unwrap()).await.unwrap(), expected());
}

#[tokio::test]
async fn a_stored_log_that_breaks_off_is_no_whole_log() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(talker())).await;
    let log = log_of(&ground, &run).await;
    for _ in 0..30 {
        ground.forge.advance_runs();
    }
    ground.faults.next_at(&format!("/api/repos/{}/logs/", ground.repo), Fault::Truncated);
    let cut = whole(ground.ci.job_log(&cx(), log.clone()).await.unwrap()).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Network, "{cut}");
    let odd = Fault::json(200, r#"[{"line":0,"data":"*"}]"#);
    ground.faults.next_at(&format!("/api/repos/{}/logs/", ground.repo), odd);
    let odd = whole(ground.ci.job_log(&cx(), log.clone()).await.unwrap()).await.unwrap_err();
    assert_eq!(odd.kind(), ErrorKind::Protocol, "{odd}");
    // Logs that were deleted leave nothing to read.
    ground.faults.always_on(&format!("/api/repos/{}/logs/", ground.repo), Fault::json(200, "null"));
    assert_eq!(whole(ground.ci.job_log(&cx(), log).await.unwrap()).await.unwrap(), "");
}

#[tokio::test]
async fn a_followed_log_is_given_up_and_ends_with_its_run() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(prints("one", "it has begun").step(Step::WaitForEver))).await;
    let log = log_of(&ground, &run).await;
    let read = give_up(&ground.server, ground.ci.job_log(&cx(), log.clone()).await.unwrap(), 12).await;
    assert!(read.ends_with("it has begun\n"), "{read:?}");
    let follow = ground.ci.job_log(&cx(), log).await.unwrap();
    let cancelled = ground.ci.cancel_run(&cx(), CancelRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
    assert!(whole(follow).await.unwrap().ends_with("it has begun\n"));
}

#[tokio::test]
async fn a_job_that_never_began_has_an_empty_log_and_a_missing_one_none() {
    let ground = Ground::open().await;
    let draft =
        Draft::of(JobDraft::new("one").step(Step::Exit(1))).job(prints("two", "never").needs(["one"]));
    let run = ground.start(&draft).await;
    for _ in 0..30 {
        ground.forge.advance_runs();
    }
    let jobs = ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str())).await.unwrap().items;
    let skipped = jobs.iter().find(|job| job.state == RunState::Skipped).unwrap();
    let log = JobLog::of(widget(), run.id.as_str(), skipped.id.as_str());
    assert_eq!(whole(ground.ci.job_log(&cx(), log).await.unwrap()).await.unwrap(), "");
    for job in ["999999", "one", "-1", ""] {
        let missing = ground.ci.job_log(&cx(), JobLog::of(widget(), run.id.as_str(), job)).await.map(drop);
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound, "{job}");
    }
}
