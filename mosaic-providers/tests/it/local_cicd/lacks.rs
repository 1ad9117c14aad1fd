//! What the suite lets a CI system be without, on one that lacks it; and a system that cannot create pipelines.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CreatePipeline, GetRun, ListRuns};
use mosaic_core::op::git::{CreateBranch, GitService, WriteFile};
use mosaic_core::op::{
    Answer, Caller, Direct, ItemStream, Items, OpSet, Operation, Payload, Reply, StreamOperation, Via, erase,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{self, Prepared, Trait, World};
use mosaic_core::types::cicd::PipelineRun;
use mosaic_core::types::{Chunk, RepoRef, ServiceKind};
use mosaic_providers::local::git::LocalGit;
use serde_json::{Value, json};

use super::{Place, write};

/// A system whose definitions are files that others write: each pipeline of the suite is a branch of its own with one file of one
/// name, so that only the branch tells them apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelines_may_be_prepared() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.parallel_jobs(4)).await;
    let forge = Arc::new(LocalGit::open(root.path().join("forge")).await.unwrap());
    let operations = ci.info().operations.without(CreatePipeline::META);
    let world = World::prepared_by(RepoRef::new("acme", "widget"), operations, move |name, draft| {
        let (forge, cx) = (Arc::clone(&forge), CallContext::new());
        async move {
            forge.create_branch(&cx, CreateBranch::new("acme", "widget", name.as_str())).await?;
            let file = WriteFile::new("acme", "widget", ".mosaic/pipelines/only.yml", write(&draft).as_str());
            forge.write_file(&cx, file.branch(name.as_str())).await?;
            Ok(Prepared::new("only").at(name))
        }
    });
    cicd::run(&ci, &world.clone().without(Trait::NamedPipelines, "the branch names the pipeline"))
        .await
        .unwrap();
    ci.stop().await.unwrap();
}

/// A good system that lacks one trait.
#[derive(Clone)]
struct Poor {
    ci: Arc<Direct>,
    lacks: Trait,
}

impl Poor {
    async fn ask<O: Operation>(&self, cx: &CallContext, params: Value) -> Result<Value> {
        let answer = self.ci.call(cx, serde_json::from_value::<O>(params).unwrap()).await?;
        Ok(serde_json::to_value(&*answer).unwrap())
    }

    async fn run(&self, cx: &CallContext, params: &Value) -> Result<PipelineRun> {
        let run = json!({ "repo": params["repo"], "run": params["run"] });
        Ok(serde_json::from_value(self.ask::<GetRun>(cx, run).await?).unwrap())
    }

    /// What becomes of a call before it is made; an answer where it is not made at all.
    async fn before(&self, cx: &CallContext, name: &str, params: &mut Value) -> Result<Option<Value>> {
        let given = |field: &str| params.get(field).is_some_and(|value| !value.is_null());
        let inputs = params["inputs"].as_object().is_some_and(|inputs| !inputs.is_empty());
        let lacking = match (name, self.lacks) {
            ("cicd.trigger_run", Trait::Inputs) => inputs,
            ("cicd.list_runs", Trait::FiltersByReference) => given("reference"),
            ("cicd.list_runs", Trait::FiltersByState) => given("state"),
            ("cicd.rerun_run", Trait::RepeatsFailedJobs) => params["failed_only"] == true,
            _ => false,
        };
        if lacking {
            return Err(Error::new(ErrorKind::Unsupported, "this system has no such thing"));
        }
        match (name, self.lacks) {
            ("cicd.rerun_run", Trait::RepeatsOnlyWhatEnded) => {
                let run = self.run(cx, params).await?;
                let running = !run.state.is_final();
                Ok(running.then(|| serde_json::to_value(run).unwrap()))
            }
            ("cicd.trigger_run", Trait::QueuesEveryRun) => {
                let runs = json!({ "repo": params["repo"], "pipeline": params["pipeline"] });
                let runs = self.ask::<ListRuns>(cx, runs).await?;
                let mut waiting = runs["items"].as_array().into_iter().flatten();
                let waits = |run: &&serde_json::Value| run["state"] == "queued" || run["state"] == "running";
                Ok(waiting.find(waits).cloned())
            }
            _ => Ok(None),
        }
    }

    /// What becomes of an answer.
    fn after(&self, name: &str, answer: &mut Value) {
        let Some(items) = answer.get_mut("items").and_then(Value::as_array_mut) else { return };
        match (name, self.lacks) {
            ("cicd.list_jobs", Trait::JobsInOrder) | ("cicd.list_artifacts", Trait::ArtifactsByName) => {
                items.reverse();
            }
            ("cicd.list_jobs", Trait::ListsSkippedJobs) => items.retain(|job| job["state"] != "skipped"),
            ("cicd.list_jobs", Trait::JobsBeside) => {
                items
                    .iter_mut()
                    .filter(|job| job["name"] == "beside")
                    .for_each(|job| job["state"] = json!("cancelled"));
            }
            ("cicd.list_jobs", Trait::SeveralJobs) => {
                items.iter_mut().for_each(|job| job["name"] = json!("build"))
            }
            ("cicd.list_artifacts", Trait::ArtifactFacts) => {
                items.iter_mut().for_each(|one| (one["size"], one["digest"]) = (Value::Null, Value::Null));
            }
            ("cicd.list_artifacts", Trait::ArtifactsAsLeft) => items.iter_mut().for_each(|one| {
                (one["name"], one["size"]) =
                    (json!(format!("{}.zip", one["name"].as_str().unwrap())), Value::Null);
            }),
            _ => {}
        }
    }

    fn instead(&self, error: Error) -> Error {
        match (self.lacks, error.kind()) {
            (Trait::SaysNotFound, ErrorKind::NotFound) => {
                Error::new(ErrorKind::Invalid, "no id has this form")
            }
            _ => error,
        }
    }
}

impl Caller for Poor {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.ci.reply(cx, payload).await
    }

    async fn call<O: Operation>(&self, cx: &CallContext, op: O) -> Result<Answer<O::Output>> {
        let (name, mut params) = (O::META.name, serde_json::to_value(op).unwrap());
        let answer = match self.before(cx, name, &mut params).await? {
            Some(answer) => Ok(answer),
            None => self.ask::<O>(cx, params).await,
        };
        let mut answer = answer.map_err(|error| self.instead(error))?;
        self.after(name, &mut answer);
        Answer::new(Reply::value(serde_json::from_value::<O::Output>(answer).unwrap()))
    }

    async fn open<O: StreamOperation>(&self, cx: &CallContext, op: O) -> Result<Items<O::Item>> {
        let (name, mut params) = (O::META.name, serde_json::to_value(&op).unwrap());
        if name == "cicd.job_log"
            && self.lacks == Trait::LiveLogs
            && !self.run(cx, &params).await?.state.is_final()
        {
            return Err(Error::new(ErrorKind::NotFound, "logs are kept at the end"));
        }
        if name == "cicd.download_artifact" && self.lacks == Trait::ArtifactsAsLeft {
            let file = params["file"].as_str().unwrap().to_owned();
            params["file"] = json!(file.strip_suffix(".zip").unwrap_or("no such file"));
            let op: O = serde_json::from_value(params).unwrap();
            drop(self.ci.open(cx, op).await?);
            let packed: ItemStream<Chunk> =
                Box::pin(futures_util::stream::iter([Ok(Chunk::new(b"PK".to_vec()))]));
            return Items::new(Reply::stream(erase(packed)));
        }
        self.ci.open(cx, op).await.map_err(|error| self.instead(error))
    }
}

/// Each line: a trait, and the behaviours that are about it.
macro_rules! lacking {
    ($ci:ident: $($lacked:ident => $($behaviour:ident)*,)*) => {
        let mut wrong = Vec::new();
        $({
            let poor = Via(Poor { ci: Arc::clone(&$ci), lacks: Trait::$lacked });
            let strict = World::new(RepoRef::new("acme", "widget"), OpSet::service(ServiceKind::Cicd), write)
                .wait_at_most(std::time::Duration::from_secs(3));
            let world = strict.clone().without(Trait::$lacked, "this system is made so");
            let (mut needed, what) = (false, stringify!($lacked));
            $(
                if let Err(failure) = cicd::$behaviour(&poor, &world).await {
                    wrong.push(format!("without {what}: {failure}"));
                }
                needed |= cicd::$behaviour(&poor, &strict).await.is_err();
            )*
            if !needed {
                wrong.push(format!("{what} is not asked for"));
            }
        })*
        assert!(wrong.is_empty(), "{wrong:#?}");
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trait_may_be_lacking_and_is_asked_for_otherwise() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = Arc::new(place.open(|config| config.parallel_jobs(16)).await);
    let direct = Arc::new(Direct::new(ci.clone()));
    lacking! { direct:
        SaysNotFound => missing_things_are_not_found,
        QueuesEveryRun => run_pages_cover_everything_once,
        Inputs => inputs_arrive runs_are_repeated_when_they_have_ended,
        SeveralJobs => a_failing_job_fails_the_run logs_hold_what_was_printed cancelled_runs_end
            artifacts_of_jobs_come_back,
        JobsBeside => jobs_after_a_failure_are_skipped,
        ListsSkippedJobs => jobs_after_a_failure_are_skipped failed_jobs_are_repeated_alone,
        JobsInOrder => jobs_wait_for_what_they_need,
        LiveLogs => logs_hold_what_was_printed logs_follow_running_jobs inputs_arrive,
        FiltersByReference => runs_are_filtered,
        FiltersByState => runs_are_filtered,
        RepeatsOnlyWhatEnded => runs_are_repeated_when_they_have_ended,
        RepeatsFailedJobs => failed_jobs_are_repeated_alone,
        ArtifactsByName => artifacts_of_jobs_come_back uploads_come_back_byte_for_byte
            artifact_pages_cover_everything_once,
        ArtifactFacts => artifacts_of_jobs_come_back,
        ArtifactsAsLeft => artifacts_of_jobs_come_back,
    }
    ci.stop().await.unwrap();
}
