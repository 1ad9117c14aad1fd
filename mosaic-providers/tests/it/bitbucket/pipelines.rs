//! The cicd service: the behaviour suite, and what is particular to Bitbucket Pipelines.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{CicdService as _, GetRun, ListPipelines, ListRuns, RerunRun, TriggerRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{self, Draft, JobDraft, Prepared, Step, Trait, World};
use mosaic_core::types::RepoRef;
use serde_json::Value;

use super::Bucket;
use crate::fake::forge::{Forge, NewRepo, Put, program_lines};

const FILE: &str = "bitbucket-pipelines.yml";

/// A definition with one custom pipeline, and the lines that the fake follows.
fn definition(name: &str, draft: &Draft) -> String {
    let step = |job: &JobDraft| {
        format!("      - step:\n          name: {}\n          script: [\"true\"]\n", job.name)
    };
    let steps: String = draft.jobs.iter().map(step).collect();
    format!("{}pipelines:\n  default:\n{steps}  custom:\n    {name}:\n{steps}", program_lines(draft, "#"))
}

async fn write(forge: &Forge, repo: u64, branch: &str, name: &str, draft: &Draft) {
    let git = forge.git(repo);
    let tip = git.tip("main").await.unwrap();
    let put = Put::new(branch, FILE, definition(name, draft)).from(tip.as_str());
    git.put_file(&put, |_| Ok(())).await.unwrap();
}

async fn ground() -> (Bucket, Arc<Forge>, u64) {
    let bucket = Bucket::fill().await;
    let forge = Arc::clone(bucket.bucket.forge());
    let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
    forge.git(repo).put_file(&Put::new("main", "README.md", "hello"), |_| Ok(())).await.unwrap();
    (bucket, forge, repo)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cicd_service_behaves() {
    let (bucket, forge, repo) = ground().await;
    let ci = bucket.pipelines();
    let prepare = move |name: String, draft: Draft| {
        let forge = Arc::clone(&forge);
        async move {
            write(&forge, repo, &name, &name, &draft).await;
            Ok(Prepared::new(name.as_str()).at(name.as_str()))
        }
    };
    let world = World::prepared_by(RepoRef::new("acme", "widget"), ci.info().operations, prepare)
        .without(Trait::RepeatsFailedJobs, "single steps are repeated by hand only");
    cicd::run(&ci, &world).await.unwrap();
    cicd::lacks_are_needed(&ci, &world).await.unwrap();
}

fn hello() -> Draft {
    Draft::of(JobDraft::new("one").step(Step::Print("hello".into())))
}

#[tokio::test]
async fn pipelines_are_those_of_the_definition() {
    let (bucket, forge, repo) = ground().await;
    let (ci, cx) = (bucket.pipelines(), CallContext::new());
    let list = async |op: ListPipelines| ci.list_pipelines(&cx, op).await.map(|page| page.items);
    let of = || ListPipelines::new("acme", "widget");
    assert_eq!(list(of()).await.unwrap(), vec![]);
    write(&forge, repo, "next", "deploy", &hello()).await;
    let names: Vec<_> = list(of().at("next")).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["default", "deploy"]);
    assert_eq!(list(of().at("missing")).await.unwrap_err().kind(), ErrorKind::NotFound);
    let bad = Put::new("bad", FILE, "pipelines: [").from(forge.git(repo).tip("main").await.unwrap().as_str());
    forge.git(repo).put_file(&bad, |_| Ok(())).await.unwrap();
    assert_eq!(list(of().at("bad")).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_run_is_made_on_a_branch_a_tag_or_a_commit() {
    let (bucket, forge, repo) = ground().await;
    let (ci, cx) = (bucket.pipelines(), CallContext::new());
    write(&forge, repo, "feature/lid", "deploy", &hello()).await;
    let tip = forge.git(repo).tip("feature/lid").await.unwrap();
    forge.git(repo).create_ref("refs/tags/v1", &tip).await.unwrap();
    let target = || bucket.server.last().json()["target"].clone();
    let trigger =
        |pipeline: &str, at: &str| ci.trigger_run(&cx, TriggerRun::new("acme", "widget", pipeline).at(at));
    let run = trigger("default", "feature/lid").await.unwrap();
    assert_eq!((run.pipeline.as_deref(), run.reference.as_deref()), (Some("default"), Some("feature/lid")));
    assert_eq!((target()["ref_type"].as_str(), &target()["selector"]), (Some("branch"), &Value::Null));
    trigger("deploy", "v1").await.unwrap();
    assert_eq!(target()["ref_type"].as_str(), Some("tag"));
    assert_eq!(target()["selector"]["pattern"].as_str(), Some("deploy"));
    let run = trigger("deploy", &tip).await.unwrap();
    assert_eq!(target()["type"].as_str(), Some("pipeline_commit_target"));
    assert_eq!((run.reference, run.commit.as_deref()), (None, Some(tip.as_str())));
    for (pipeline, at, kind) in [
        ("default", tip.as_str(), ErrorKind::Unsupported),
        ("deploy", "missing", ErrorKind::NotFound),
        ("deploy", "main", ErrorKind::NotFound),
        ("other", "feature/lid", ErrorKind::NotFound),
        ("deploy", "-x", ErrorKind::Invalid),
    ] {
        assert_eq!(trigger(pipeline, at).await.unwrap_err().kind(), kind, "{pipeline} at {at}");
    }
    let on_commit = ListRuns::new("acme", "widget").reference(tip.as_str());
    assert_eq!(ci.list_runs(&cx, on_commit).await.unwrap().items.len(), 3);
    let default = ListRuns::new("acme", "widget").pipeline("default");
    assert_eq!(ci.list_runs(&cx, default).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_repeated_run_stays_on_its_commit() {
    let (bucket, forge, repo) = ground().await;
    let (ci, cx) = (bucket.pipelines(), CallContext::new());
    write(&forge, repo, "lid", "deploy", &hello()).await;
    let op = TriggerRun::new("acme", "widget", "deploy").at("lid");
    let first = ci.trigger_run(&cx, op.inputs([("level".to_owned(), "full".to_owned())])).await.unwrap();
    for _ in 0..8 {
        forge.advance_runs();
    }
    write(&forge, repo, "lid", "other", &hello()).await;
    let again = ci.rerun_run(&cx, RerunRun::new("acme", "widget", first.id.as_str())).await.unwrap();
    assert_eq!(
        (&again.commit, &again.reference, &again.pipeline),
        (&first.commit, &first.reference, &first.pipeline)
    );
    assert_ne!(again.id, first.id);
    assert_eq!(bucket.server.last().json()["variables"][0]["value"].as_str(), Some("full"));
    // Braces may be left out.
    let bare = first.id.trim_matches(['{', '}']);
    let found = ci.get_run(&cx, GetRun::new("acme", "widget", bare)).await.unwrap();
    assert_eq!(found.id, first.id);
}
