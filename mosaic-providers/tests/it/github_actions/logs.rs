//! Logs and artifacts: waited for, behind a redirect to another host, cut off, kept no longer, given up.

use axum::http::Method;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_core::op::cicd::{
    CancelRun, CicdService as _, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs, TriggerRun,
};
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_providers::github::GitHubActions;

use super::{Ground, config, widget};
use crate::support::builds::{give_up, prints, whole};
use crate::support::faults::{Fault, Faults};
use crate::support::secrets;
use crate::support::serve::Server;

fn cx() -> CallContext {
    CallContext::new()
}

/// A run of one job, which does these steps.
async fn started(ground: &Ground, job: JobDraft) -> (PipelineRun, JobLog) {
    ground.workflow("build.yml", &Draft::of(job), None).await;
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "build.yml")).await.unwrap();
    let jobs = ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str())).await.unwrap().items;
    (run.clone(), JobLog::of(widget(), run.id.as_str(), jobs[0].id.as_str()))
}

async fn ended(ground: &Ground, run: &PipelineRun) {
    while !ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap().state.is_final() {}
}

#[tokio::test]
async fn a_log_is_waited_for_and_read_elsewhere_without_credentials() {
    let ground = Ground::open().await;
    let (_, log) = started(&ground, prints("one", "it has begun")).await;
    let text = whole(ground.ci.job_log(&cx(), log).await.unwrap()).await.unwrap();
    assert!(text.ends_with("it has begun\n"), "{text:?}");
    let last = ground.server.last();
    assert!(last.path().starts_with("/blobs/log/") && last.header("host").starts_with("localhost"), "{last}");
    assert!(!secrets::has_credential(&last.headers), "{:?}", last.headers);
    let looks = ground.server.seen();
    let looks = looks.iter().filter(|seen| seen.path().ends_with("/logs")).count();
    assert_eq!(looks, 1, "it is not asked for before the job has ended");
}

#[tokio::test]
async fn a_followed_log_is_given_up() {
    let ground = Ground::open().await;
    let (run, log) = started(&ground, prints("one", "it has begun").step(Step::WaitForEver)).await;
    let read = give_up(&ground.server, ground.ci.job_log(&cx(), log.clone()).await.unwrap(), 5).await;
    assert_eq!(read, "");
    let follow = ground.ci.job_log(&cx(), log).await.unwrap();
    let cancelled = ground.ci.cancel_run(&cx(), CancelRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
    assert!(whole(follow).await.unwrap().ends_with("it has begun\n"));
}

#[tokio::test]
async fn a_job_that_never_began_has_an_empty_log() {
    let ground = Ground::open().await;
    let draft =
        Draft::of(JobDraft::new("one").step(Step::Exit(1))).job(prints("two", "never").needs(["one"]));
    ground.workflow("build.yml", &draft, None).await;
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "build.yml")).await.unwrap();
    ended(&ground, &run).await;
    let jobs = ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str())).await.unwrap().items;
    let skipped = jobs.iter().find(|job| job.state == RunState::Skipped).unwrap();
    let log =
        ground.ci.job_log(&cx(), JobLog::of(widget(), run.id.as_str(), skipped.id.as_str())).await.unwrap();
    assert_eq!(whole(log).await.unwrap(), "");
}

#[tokio::test]
async fn a_log_that_breaks_off_or_is_gone_is_no_whole_log() {
    let ground = Ground::open().await;
    let (run, log) = started(&ground, prints("one", "it has begun")).await;
    ended(&ground, &run).await;
    let faults = Faults::default();
    let server = Server::start(faults.before(ground.hub.router())).await;
    let ci = GitHubActions::new(config(&server.url())).unwrap();
    let read = async || whole(ci.job_log(&cx(), log.clone()).await?).await;
    faults.next_at("/blobs/", Fault::Truncated);
    let cut = read().await.unwrap_err();
    assert_eq!((cut.kind(), cut.delivered()), (ErrorKind::Network, Delivery::Unknown), "{cut}");
    // It may be there in a moment.
    faults.next_at("/blobs/", Fault::status(404));
    assert!(read().await.unwrap().ends_with("it has begun\n"));
    // Kept no longer: that is told at once, also of a job that was cancelled.
    let mut ends = Vec::new();
    for status in [410, 404] {
        faults.clear();
        let job = format!("/repos/acme/widget/actions/jobs/{}", log.job);
        faults.always_on(&format!("{job}/logs"), Fault::json(status, r#"{"message":"Not here"}"#));
        faults.always_on(
            &job,
            Fault::json(
                200,
                format!(
                    r#"{{"id":{},"run_id":{},"name":"one","status":"completed","conclusion":"cancelled"}}"#,
                    log.job, log.run
                ),
            ),
        );
        server.forget();
        ends.push((read().await, server.count_of(Method::GET, &format!("{job}/logs"))));
    }
    let gone = ends[0].0.as_ref().unwrap_err();
    assert_eq!((gone.kind(), gone.status_code(), ends[0].1), (ErrorKind::NotFound, Some(410), 1), "{gone}");
    // One that was cancelled in the queue has none.
    assert_eq!((ends[1].0.as_deref().unwrap(), ends[1].1), ("", 6));
}

#[tokio::test]
async fn an_archive_is_read_elsewhere_and_an_expired_one_is_not_there() {
    let ground = Ground::open().await;
    let leave = |path: &str| Step::LeaveFile { path: path.to_owned(), content: "of it".to_owned() };
    let (run, _) = started(&ground, JobDraft::new("one").step(leave("app.txt")).step(leave("old.txt"))).await;
    ended(&ground, &run).await;
    let faults = Faults::default();
    let server = Server::start(faults.before(ground.hub.router())).await;
    let ci = GitHubActions::new(config(&server.url())).unwrap();
    let download = async |file: &str| {
        let op = DownloadArtifact::of(widget(), run.id.as_str(), file);
        whole(ci.download_artifact(&cx(), op).await?).await
    };
    assert!(download("app.txt").await.unwrap().contains("of it"));
    let last = server.last();
    assert!(last.path().starts_with("/blobs/zip/") && !secrets::has_credential(&last.headers), "{last}");
    assert_eq!(download("none.txt").await.unwrap_err().kind(), ErrorKind::NotFound);
    let artifacts = format!("/repos/acme/widget/actions/runs/{}/artifacts", run.id);
    let expired = r#"{"total_count":2,"artifacts":[
        {"id":2,"name":"old.txt","size_in_bytes":7,"expired":true,"digest":null},
        {"id":1,"name":"app.txt","size_in_bytes":7,"expired":false}]}"#;
    faults.always_on(&artifacts, Fault::json(200, expired));
    let listed = ci.list_artifacts(&cx(), ListArtifacts::of(widget(), run.id.as_str())).await.unwrap().items;
    assert_eq!(listed.iter().map(|artifact| artifact.name.as_str()).collect::<Vec<_>>(), ["app.txt"]);
    let error = download("old.txt").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    // One that goes between the two requests.
    faults.always_on(
        "/repos/acme/widget/actions/artifacts/",
        Fault::json(410, r#"{"message":"Artifact has expired"}"#),
    );
    let error = download("app.txt").await.unwrap_err();
    assert_eq!((error.kind(), error.status_code()), (ErrorKind::NotFound, Some(410)), "{error}");
}
