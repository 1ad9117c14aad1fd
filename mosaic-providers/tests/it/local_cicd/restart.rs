//! Everything is there after the provider was closed and opened again; what it could not finish says so.

use mosaic_core::op::cicd::{CicdService, DownloadArtifact, ListArtifacts, ListJobs, ListRuns, RerunRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;

use super::{Place, ended, one_job, open_log, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_survives_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let (ci, cx) = (place.open(|config| config).await, &place.cx);
    let build =
        "jobs:\n  a: { run: 'echo built; echo x > x', artifacts: [x] }\n  b: { needs: [a], run: exit 2 }\n";
    let run = ended(&ci, &place.trigger(&ci, "build", build).await).await;
    let jobs = ci.list_jobs(cx, ListJobs::new("acme", "widget", run.id.as_str())).await.unwrap();
    let artifacts =
        ci.list_artifacts(cx, ListArtifacts::new("acme", "widget", run.id.as_str())).await.unwrap();
    ci.stop().await.unwrap();

    let ci = place.open(|config| config).await;
    assert_eq!(super::get(&ci, &run).await, run);
    assert_eq!(ci.list_jobs(cx, ListJobs::new("acme", "widget", run.id.as_str())).await.unwrap(), jobs);
    let again = ci.list_artifacts(cx, ListArtifacts::new("acme", "widget", run.id.as_str())).await.unwrap();
    assert_eq!(again, artifacts);
    assert_eq!(text(open_log(&ci, &run, "a").await).await, "built\n");
    let file = DownloadArtifact::new("acme", "widget", run.id.as_str(), "x");
    assert_eq!(text(ci.download_artifact(cx, file).await.unwrap()).await, "x\n");
    // The same commit, also where the branch has moved and the pipeline is another one.
    place.pipeline("build", &one_job("echo other")).await;
    let again = ci.rerun_run(cx, RerunRun::new("acme", "widget", run.id.as_str())).await.unwrap();
    let again = ended(&ci, &again).await;
    assert_eq!((again.id.as_str(), &again.commit, again.state), ("2", &run.commit, RunState::Failed));
    assert_eq!(ci.list_runs(cx, ListRuns::new("acme", "widget")).await.unwrap().items, [again, run]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_record_leaves_the_others_readable() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let (first, _, _) = place.script(&ci, "one", "true").await;
    let (second, _, _) = place.script(&ci, "two", "true").await;
    ci.stop().await.unwrap();
    let record = root.path().join("ci/runs").join(&second.id).join("run.json");
    std::fs::write(&record, "{").unwrap();
    let ci = place.open(|config| config).await;
    let runs = ci.list_runs(&place.cx, ListRuns::new("acme", "widget")).await.unwrap().items;
    assert_eq!(runs, [first]);
    assert!(record.exists(), "it stays for a person to look at");
    // Its number is not used for another run.
    let (third, _, _) = place.script(&ci, "three", "true").await;
    assert_eq!(third.id, "3");
}
