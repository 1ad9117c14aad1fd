//! Runs: what GitLab calls pipelines.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, GetRun, ListRuns, RerunRun, TriggerRun};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::{Page, RepoRef};
use serde_json::{Value, json};

use super::super::client::{GitLab, PAGE, counted, project, unsupported};
use super::pipeline::definition;
use super::wire::{Variable, WirePipeline};
use crate::forge::names::{self, Revision};
use crate::http::{List, Numbered, Path};

/// The path of a run.
pub(super) fn path(repo: &RepoRef, run: &str) -> Result<Path> {
    Ok(project(repo)?.part("pipelines").part(counted("run", run)?))
}

async fn fetch(lab: &GitLab, cx: &CallContext, repo: &RepoRef, run: &str) -> Result<WirePipeline> {
    lab.get(path(repo, run)?).send(cx).await
}

pub(super) async fn trigger(lab: &GitLab, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    if op.at.as_deref().is_some_and(names::is_object_id) {
        return Err(unsupported("at: GitLab runs pipelines on branches and tags, not on commits"));
    }
    let now = lab.project(cx, &op.repo).await?;
    let known = definition(&now);
    if op.pipeline != known {
        let text = format!("there is no pipeline {}: this project has {known}", names::shown(&op.pipeline));
        return Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered));
    }
    let at = at.map_or_else(|| now.default_branch(), |at| at.to_string());
    let variable = |(key, value): (String, String)| {
        // A dollar sign would begin another variable in it.
        Variable { key, value: value.replace('$', "$$"), variable_type: Some("env_var".to_owned()) }
    };
    start(lab, cx, &op.repo, &at, op.inputs.into_iter().map(variable).collect())
        .await
        .map(|made| made.run(&op.repo))
}

async fn start(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    at: &str,
    variables: Vec<Variable>,
) -> Result<WirePipeline> {
    let mut body = json!({ "ref": at });
    if !variables.is_empty() {
        body["variables"] = json!(variables);
    }
    let made = lab.post(project(repo)?.part("pipeline")).json(&body).send(cx).await;
    lab.told(cx, repo, made).await
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    Ok(fetch(lab, cx, &op.repo, &op.run).await?.run(&op.repo))
}

/// Lists tell no begin and no end of runs. A project has one definition: a filter by another name finds nothing.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let list = List(("runs", &op.repo, &op.pipeline, &op.reference, &op.state));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let path = project(&op.repo)?.part("pipelines");
    let status = match op.state {
        None => None,
        Some(RunState::Queued) => {
            return Err(unsupported(
                "state: GitLab has several words for runs that wait, and filters by one of them",
            ));
        }
        Some(RunState::Running) => Some("running"),
        Some(RunState::Succeeded) => Some("success"),
        Some(RunState::Failed) => Some("failed"),
        Some(RunState::Cancelled) => Some("canceled"),
        Some(RunState::Blocked) => Some("manual"),
        Some(RunState::Skipped) => Some("skipped"),
    };
    if let Some(named) = &op.pipeline
        && *named != definition(&lab.project(cx, &op.repo).await?)
    {
        return Ok(Page::last(Vec::new()));
    }
    let request = lab.get(path).query("page", page.number()).query("per_page", page.size);
    let request = request.query("order_by", "id").query("sort", "desc").maybe("status", status);
    let filter =
        op.reference.as_deref().map(|at| Revision::parse("reference", names::short(at))).transpose()?;
    let by = if op.reference.as_deref().is_some_and(names::is_object_id) { "sha" } else { "ref" };
    let answer = request.maybe(by, filter).full::<Vec<WirePipeline>>(cx).await?;
    let items = answer.value.into_iter().map(|wire| wire.run(&op.repo)).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

pub(super) async fn cancel(lab: &GitLab, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let now = fetch(lab, cx, &op.repo, &op.run).await?;
    if now.has_ended() {
        return Ok(now.run(&op.repo));
    }
    let path = path(&op.repo, &op.run)?.part("cancel");
    match lab.told(cx, &op.repo, lab.post(path).send::<WirePipeline>(cx).await).await {
        Ok(wire) => Ok(wire.run(&op.repo)),
        // It may have ended since the look at it, which GitLab does not let be cancelled.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::Invalid | ErrorKind::Conflict
            ) =>
        {
            let now = fetch(lab, cx, &op.repo, &op.run).await?;
            if now.has_ended() { Ok(now.run(&op.repo)) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}

/// The jobs that did not end well begin again in the run itself. A whole run is begun anew on its branch or tag, with its
/// variables, as long as that stands where it stood.
pub(super) async fn rerun(lab: &GitLab, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    let conflict = |text: String| Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered);
    let before = fetch(lab, cx, &op.repo, &op.run).await?;
    if !before.has_ended() {
        return Err(conflict(format!("run {} has not ended", op.run)));
    }
    let path = path(&op.repo, &op.run)?;
    if op.failed_only {
        if before.status == "success" {
            return Err(conflict(format!("no job of run {} failed", op.run)));
        }
        let again = lab.post(path.part("retry")).send::<WirePipeline>(cx).await;
        return Ok(lab.told(cx, &op.repo, again).await?.run(&op.repo));
    }
    let (Some(at), Some(commit)) = (before.reference, before.sha) else {
        let text = "GitLab does not tell what this run was asked for on";
        return Err(Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered));
    };
    let moved =
        || conflict(format!("{at} is not at {commit} any more, and GitLab runs pipelines on heads only"));
    let head: Value =
        lab.get(project(&op.repo)?.part("repository").part("commits").part(&at)).send(cx).await?;
    if head.get("id").and_then(Value::as_str) != Some(commit.as_str()) {
        return Err(moved());
    }
    let variables: Vec<Variable> = lab.get(path.part("variables")).send(cx).await?;
    let made = start(lab, cx, &op.repo, &at, variables).await?;
    if made.sha.as_deref() != Some(commit.as_str()) {
        let text = format!("{at} moved on meanwhile: run {} was begun on another commit; cancel it", made.id);
        return Err(Error::new(ErrorKind::Conflict, text).worst(Delivery::Answered, true));
    }
    Ok(made.run(&op.repo))
}
