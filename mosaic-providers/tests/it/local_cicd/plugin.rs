//! The plugin around it: off by default, factory, configuration, health, honesty, what it says of delivery, one owner.

use std::sync::Arc;

use mosaic_core::ErrorKind;
use mosaic_core::context::{CallContext, Sent};
use mosaic_core::op::cicd::{
    CancelRun, CicdService, CreatePipeline, GetRun, JobLog, ListJobs, ListPipelines, ListRuns, RerunRun,
    TriggerRun, UploadArtifact,
};
use mosaic_core::op::git::{GetFile, GitService};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin as _};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::local::cicd::{LocalCicd, LocalCicdConfig};

use super::{Place, ended, one_job, open_log, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_runs_unless_the_configuration_says_so() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let (old, _, _) = place.script(&ci, "old", "echo hello").await;
    ci.stop().await.unwrap();

    let mut plain = place.config.clone();
    plain.run_commands = LocalCicdConfig::new("a", "b").run_commands;
    let (ci, cx) = (LocalCicd::open(plain).await.unwrap(), &place.cx);
    let trigger = ci.trigger_run(cx, TriggerRun::new("acme", "widget", "old")).await.unwrap_err();
    let rerun = ci.rerun_run(cx, RerunRun::new("acme", "widget", old.id.as_str())).await.unwrap_err();
    for error in [trigger, rerun] {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.message().contains("runCommands: true"), "{error}");
    }
    // What is there can be read, and what runs nothing is done.
    assert_eq!(super::get(&ci, &old).await, old);
    assert_eq!(text(open_log(&ci, &old, "a").await).await, "hello\n");
    assert_eq!(
        ci.list_runs(cx, ListRuns::new("acme", "widget")).await.unwrap().items,
        std::slice::from_ref(&old)
    );
    assert_eq!(
        ci.list_jobs(cx, ListJobs::new("acme", "widget", old.id.as_str())).await.unwrap().items.len(),
        1
    );
    ci.create_pipeline(cx, CreatePipeline::new("acme", "widget", "new", one_job("true"))).await.unwrap();
    ci.upload_artifact(cx, UploadArtifact::new("acme", "widget", old.id.as_str(), "a", "x")).await.unwrap();
    ci.cancel_run(cx, CancelRun::new("acme", "widget", old.id.as_str())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_what_it_declares() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    honesty(Arc::new(place.open(|config| config).await), || 0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_factory_makes_a_plugin_that_answers() {
    let root = tempfile::tempdir().unwrap();
    let factories = mosaic_providers::factories();
    let factory =
        factories.iter().find(|f| (f.provider(), f.service()) == ("local", ServiceKind::Cicd)).unwrap();
    let input = |config: serde_json::Value| FactoryInput::new(ProviderId::new("ci").unwrap(), config);
    let good = serde_json::json!({ "path": root.path().join("deep/ci"), "forge": root.path().join("forge") });
    let plugin = factory.create(input(good.clone())).await.unwrap();
    assert!(!root.path().join("deep").exists(), "nothing is touched before it is initialized");
    assert_eq!(plugin.health().await.status, HealthStatus::Unhealthy);
    plugin.initialize().await.unwrap();
    assert_eq!(plugin.health().await.status, HealthStatus::Healthy);
    assert!(plugin.info().reports_delivery && plugin.info().operations.serves(ServiceKind::Cicd));

    // One owner at a time; after it was stopped, the next.
    let second = factory.create(input(good.clone())).await.unwrap();
    let error = second.initialize().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("another provider or process"), "{error}");
    plugin.stop().await.unwrap();
    second.initialize().await.unwrap();

    for (field, value, part) in [
        ("path", serde_json::json!(""), "path"),
        ("forge", serde_json::json!(3), "forge"),
        ("runCommand", serde_json::json!(true), "runCommand"),
        ("parallelJobs", serde_json::json!(0), "parallelJobs"),
        ("keepRuns", serde_json::json!(0), "keepRuns"),
        ("limits", serde_json::json!({ "cpuSeconds": 0 }), "cpuSeconds"),
        ("limits", serde_json::json!({ "cpu": 1 }), "cpu"),
        ("environment", serde_json::json!(["A B"]), "A B"),
    ] {
        let mut config = good.clone();
        config[field] = value;
        let Err(error) = factory.create(input(config.clone())).await else { panic!("{config} passed") };
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(part), "{error}");
    }
    let schema = serde_json::to_value(factory.config_schema()).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["path", "forge"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_pipeline_is_a_commit_and_never_written_over() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let (ci, cx) = (place.open(|config| config).await, &place.cx);
    let text = format!("name: Build it\n{}", one_job("true"));
    let made =
        ci.create_pipeline(cx, CreatePipeline::new("acme", "widget", "build", text.as_str())).await.unwrap();
    assert_eq!((made.id.as_str(), made.path.as_deref()), ("build", Some(".mosaic/pipelines/build.yml")));
    let file = place
        .forge
        .get_file(cx, GetFile::new("acme", "widget", ".mosaic/pipelines/build.yml"))
        .await
        .unwrap();
    assert_eq!(file.content.as_text(), Some(text.as_str()));
    let other =
        ci.create_pipeline(cx, CreatePipeline::new("acme", "widget", "build", one_job("false"))).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Conflict);
    for (pipeline, definition, kind) in [
        ("../build", one_job("true"), ErrorKind::Invalid),
        ("a/b", one_job("true"), ErrorKind::Invalid),
        ("", one_job("true"), ErrorKind::Invalid),
        ("x", "jobs:\n  a:\n    runs: x\n".into(), ErrorKind::Invalid),
    ] {
        let got = ci.create_pipeline(cx, CreatePipeline::new("acme", "widget", pipeline, definition)).await;
        let error = got.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    // What somebody else wrote into the folder is not all a pipeline.
    place.write(".mosaic/pipelines/notes.txt", "x").await;
    place.write(".mosaic/pipelines/deep/inner.yml", "x").await;
    place.pipeline("broken", "jobs:\n  a:\n    needs: [b]\n    run: x\n").await;
    let listed = ci.list_pipelines(cx, ListPipelines::new("acme", "widget")).await.unwrap().items;
    assert_eq!(listed.iter().map(|pipeline| pipeline.id.as_str()).collect::<Vec<_>>(), ["broken", "build"]);
    let error = ci.trigger_run(cx, TriggerRun::new("acme", "widget", "broken")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("line 3, column 13"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_may_have_changed_something_is_marked_as_sent() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    place.pipeline("quick", &one_job("true")).await;
    let trigger = async |pipeline: &str| {
        let sent = Sent::new();
        let cx = place.cx.clone().for_attempt(Some(sent.clone()));
        let run = ci.trigger_run(&cx, TriggerRun::new("acme", "widget", pipeline)).await;
        (run.ok(), sent.marked())
    };
    assert!(!trigger("missing").await.1);
    assert!(!trigger("../x").await.1);
    let (run, marked) = trigger("quick").await;
    assert!(marked);
    let run = ended(&ci, &run.unwrap()).await;
    let sent = Sent::new();
    let cx = place.cx.clone().for_attempt(Some(sent.clone()));
    ci.cancel_run(&cx, CancelRun::new("acme", "widget", run.id.as_str())).await.unwrap();
    ci.rerun_run(&cx, RerunRun::new("acme", "widget", run.id.as_str()).failed_only(true)).await.unwrap_err();
    assert!(!sent.marked(), "a run that has ended is left alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_leaves_a_run_that_ends() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    place.pipeline("quick", &one_job("true")).await;
    for polls in 0..12 {
        let mut call = std::pin::pin!(ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "quick")));
        for _ in 0..polls {
            if std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx).is_ready())).await {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // Whatever became of those before it, a new one goes its way, and all of them end.
    let (run, _, _) = place.script(&ci, "after", "true").await;
    for run in ci.list_runs(&place.cx, ListRuns::new("acme", "widget")).await.unwrap().items {
        ended(&ci, &run).await;
    }
    assert!(ended(&ci, &run).await.state.is_final());
}

#[tokio::test]
async fn ids_of_other_repositories_and_odd_ids_are_not_found() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let (run, _, _) = place.script(&ci, "quick", "true").await;
    assert_eq!(run.id, "1");
    for (name, id) in
        [("widget", "01"), ("widget", "+1"), ("widget", " 1"), ("widget", "../1"), ("gadget", "1")]
    {
        let error = ci.get_run(&CallContext::new(), GetRun::new("acme", name, id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name} {id}");
    }
    let log = ci.job_log(&place.cx, JobLog::new("acme", "widget", "1", "../../run")).await.map(drop);
    assert_eq!(log.unwrap_err().kind(), ErrorKind::NotFound);
}
