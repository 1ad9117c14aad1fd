//! Runs: what Bitbucket calls pipelines.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, GetRun, ListRuns, RerunRun, TriggerRun};
use mosaic_core::types::cicd::PipelineRun;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::cloud::{Cloud, conflict, named, not_found, repo, revision, unclear, unsupported};
use super::super::git::{commit, repository};
use super::super::wire;
use super::definition::{DEFAULT, defined};
use super::wire::{Variable, Wire};
use crate::forge::names::{self, is_object_id};
use crate::http::{List, Numbered, Path, limit_of, sift};

/// The most runs at once.
const MOST: usize = 100;

/// Runs are counted in pages, and no page tells the address of the next one.
#[derive(Debug, Deserialize)]
struct Part {
    #[serde(deserialize_with = "wire::list")]
    values: Vec<Wire>,
    #[serde(default)]
    size: Option<i64>,
}

/// An id in braces, which may be left out.
pub(super) fn braced(id: &str) -> String {
    let plain = id.strip_prefix('{').and_then(|id| id.strip_suffix('}')).unwrap_or(id);
    format!("{{{plain}}}")
}

/// The path of a run.
pub(super) fn place(of: &RepoRef, run: &str) -> Result<Path> {
    Ok(repo(of)?.part("pipelines").part(braced(run)))
}

pub(super) async fn fetch(cloud: &Cloud, cx: &CallContext, of: &RepoRef, run: &str) -> Result<Wire> {
    cloud.client.get(place(of, run)?).send(cx).await
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    Ok(fetch(cloud, cx, &op.repo, &op.run).await?.run(&op.repo))
}

/// What a run is to be made on.
struct Ground {
    target: Value,
    /// Where the definition is read.
    at: String,
}

/// A run is made on a branch or a tag, so it is looked up which of them is meant; a custom one on any commit.
async fn ground(cloud: &Cloud, cx: &CallContext, op: &TriggerRun) -> Result<Ground> {
    let custom = (op.pipeline != DEFAULT).then_some(op.pipeline.as_str());
    let selector = custom.map(|name| json!({ "type": "custom", "pattern": name }));
    let on = |kind: &str, name: &str| {
        named(json!({
            "type": "pipeline_ref_target", "ref_type": kind, "ref_name": name, "selector": selector,
        }))
    };
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let Some(at) = at else {
        let main = repository::main_branch(cloud, cx, &op.repo).await?;
        return Ok(Ground { target: on("branch", &main), at: main });
    };
    if is_object_id(at) {
        if custom.is_none() {
            return Err(unsupported(
                "at: Bitbucket runs only pipelines with a name of their own on a commit",
            ));
        }
        // A commit that is not there is told as another fault.
        commit::resolve(cloud, cx, &op.repo, Some(at)).await?;
        let target = json!({
            "type": "pipeline_commit_target", "commit": { "type": "commit", "hash": at }, "selector": selector,
        });
        return Ok(Ground { target, at: at.to_owned() });
    }
    for (refs, kind) in [("branches", "branch"), ("tags", "tag")] {
        let path = repo(&op.repo)?.part("refs").part(refs).parts(at);
        if cloud.client.get(path).find::<IgnoredAny>(cx).await?.is_some() {
            return Ok(Ground { target: on(kind, at), at: at.to_owned() });
        }
    }
    repository::fetch(cloud, cx, &op.repo).await?;
    Err(not_found(format!("there is no branch or tag {at} in {}", op.repo)))
}

async fn start(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    target: &Value,
    variables: &[Variable],
) -> Result<Wire> {
    let variables = (!variables.is_empty()).then_some(variables);
    let body = named(json!({ "type": "pipeline", "target": target, "variables": variables }));
    cloud.client.post(repo(of)?.part("pipelines")).json(&body).send(cx).await
}

pub(super) async fn trigger(cloud: &Cloud, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    names::line("pipeline", &op.pipeline)?;
    let ground = ground(cloud, cx, &op).await?;
    let variable = |(key, value): (&String, &String)| Variable {
        key: key.clone(),
        value: Some(value.clone()),
        secured: false,
    };
    let variables: Vec<_> = op.inputs.iter().map(variable).collect();
    match start(cloud, cx, &op.repo, &ground.target, &variables).await {
        Ok(wire) => Ok(wire.run(&op.repo)),
        // That there is no such pipeline is told in words only.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            let commit = commit::resolve(cloud, cx, &op.repo, Some(&ground.at)).await?;
            let names = defined(cloud, cx, &op.repo, &commit).await?;
            if names.contains(&op.pipeline) {
                return Err(error);
            }
            let (name, at) = (names::shown(&op.pipeline), &ground.at);
            Err(not_found(format!("there is no pipeline {name} in {} at {at}", op.repo)))
        }
        Err(error) => Err(error),
    }
}

/// The same once more: on the same commit, with the same variables. Bitbucket has no call for it, so a new run is made.
pub(super) async fn again(cloud: &Cloud, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    let before = fetch(cloud, cx, &op.repo, &op.run).await?;
    if op.failed_only {
        return Err(unsupported("Bitbucket repeats single steps only by hand: repeat the whole run"));
    }
    if !before.state().is_final() {
        return Err(conflict(format!("run {} has not ended", op.run)));
    }
    let untold = before.has_variables && before.variables.is_empty();
    if untold || before.variables.iter().any(|variable| variable.secured || variable.value.is_none()) {
        return Err(unsupported("the variables of this run are not told: start another one with them"));
    }
    let target = before.target.as_ref().ok_or_else(|| unclear("it is not told what the run was made on"))?;
    let hash = target.commit.as_ref().map(|commit| commit.hash.as_str()).filter(|hash| !hash.is_empty());
    let hash = hash.ok_or_else(|| unclear("it is not told which commit the run was made on"))?;
    let commit = json!({ "type": "commit", "hash": hash });
    let selector = target.custom().map(|name| json!({ "type": "custom", "pattern": name }));
    let target = match (&target.ref_type, &target.ref_name) {
        (Some(kind), Some(name)) => named(json!({
            "type": "pipeline_ref_target", "ref_type": kind, "ref_name": name, "commit": commit, "selector": selector,
        })),
        _ if selector.is_some() => {
            json!({ "type": "pipeline_commit_target", "commit": commit, "selector": selector })
        }
        _ => return Err(unsupported("a run of a pull request cannot be repeated here")),
    };
    Ok(start(cloud, cx, &op.repo, &target, &before.variables).await?.run(&op.repo))
}

/// One that has ended stays as it ended.
pub(super) async fn cancel(cloud: &Cloud, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let now = fetch(cloud, cx, &op.repo, &op.run).await?;
    if now.state().is_final() {
        return Ok(now.run(&op.repo));
    }
    let stopped = cloud.client.post(place(&op.repo, &op.run)?.part("stopPipeline")).done(cx).await;
    let after = fetch(cloud, cx, &op.repo, &op.run).await;
    match (stopped, after) {
        (Ok(_), after) => Ok(after.map_err(mosaic_core::error::Error::after_a_step)?.run(&op.repo)),
        // It may have ended since the look at it, which is told as a bad request.
        (Err(error), Ok(after)) if error.kind() == ErrorKind::Invalid && after.state().is_final() => {
            Ok(after.run(&op.repo))
        }
        (Err(error), _) => Err(error),
    }
}

/// Newest first. What Bitbucket cannot filter by is left out here.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let reference = op.reference.as_deref().map(|name| revision("reference", name)).transpose()?;
    let list = List(("runs", &op.repo, &op.pipeline, reference, op.state));
    let limit = limit_of(&op.page, MOST);
    let path = repo(&op.repo)?.part("pipelines");
    let custom = op.pipeline.as_deref().filter(|name| *name != DEFAULT);
    let read = async |number: u64, size: u64| {
        let by = if reference.is_some_and(is_object_id) { "target.commit.hash" } else { "target.ref_name" };
        let request = cloud.client.get(path.clone()).query("sort", "-created_on");
        let request = request.query("page", number).query("pagelen", size).maybe(by, reference);
        let request = request.maybe("target.selector.pattern", custom);
        let part: Part = request.maybe("target.selector.type", custom.map(|_| "CUSTOM")).send(cx).await?;
        let more = match part.size {
            Some(total) => number * size < wire::number(total),
            None => part.values.len() as u64 >= size,
        };
        Ok((part.values, more))
    };
    let keep = |wire: &Wire| {
        op.state.is_none_or(|state| wire.state() == state)
            && op.pipeline.as_deref().is_none_or(|name| wire.pipeline() == name)
    };
    if op.state.is_none() && op.pipeline.is_none() {
        let part = Numbered::of(&list, &op.page, MOST)?;
        let (found, more) = read(part.number(), part.size).await?;
        let items = found.into_iter().map(|wire| wire.run(&op.repo)).collect();
        return Ok(part.page(&list, items, more));
    }
    let offset = list.after::<u64>(&op.page)?.unwrap_or(0);
    let fetch = |number: u64| read(number, MOST as u64);
    let keep = |wire: Wire| keep(&wire).then(|| wire.run(&op.repo));
    let found = sift(offset, limit, MOST as u64, fetch, keep).await?;
    Ok(Page::new(found.items, found.next.map(|next| list.cursor(next))))
}
