//! Runs of workflows: read, listed, cancelled, repeated.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, GetRun, ListRuns, RerunRun};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::{Page, RepoRef};

use super::hub::{Hub, at_actions, number};
use super::{pipeline, wire};
use crate::github::client::{MOST, at_repo};
use crate::http::{List, Numbered, limit_of, sift};
use crate::object_id::is_object_id;
use crate::run_state::github as state;

/// How often a run is looked at until a new attempt of it shows.
const LOOKS: usize = 8;

pub(super) async fn get(hub: &Hub, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    let run = fetch(hub, cx, &op.repo, number(&op.run)?).await?;
    Ok(read(&op.repo, run))
}

pub(super) async fn fetch(hub: &Hub, cx: &CallContext, repo: &RepoRef, run: u64) -> Result<wire::Run> {
    hub.client.get(at_actions(repo, "runs").part(run)).send(cx).await
}

pub(super) async fn list(hub: &Hub, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let list = List(("cicd.list_runs", &op.repo, &op.pipeline, &op.reference, &op.state));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let word = op.state.and_then(state::word);
    // Where each page has to be searched, large ones are read.
    let size = if op.state.is_some() && word.is_none() { MOST as u64 } else { part.size };
    let fetch = async |page| {
        let path = match &op.pipeline {
            Some(pipeline) => at_actions(&op.repo, "workflows").part(pipeline).part("runs"),
            None => at_actions(&op.repo, "runs"),
        };
        let mut request =
            hub.client.get(path).query("per_page", size).query("page", page).maybe("status", word);
        if let Some(reference) = op.reference.as_deref() {
            let short =
                ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| reference.strip_prefix(prefix));
            request = match is_object_id(reference) {
                true => request.query("head_sha", reference),
                false => request.query("branch", short.unwrap_or(reference)),
            };
        }
        let runs = request.send::<wire::Runs>(cx).await?.workflow_runs;
        let more = runs.len() as u64 >= size;
        Ok((runs, more))
    };
    let keep = |run| Some(read(&op.repo, run)).filter(|run| op.state.is_none_or(|state| run.state == state));
    Ok(sift(part.offset, limit_of(&op.page, MOST), size, fetch, keep).await?.page(&list))
}

pub(super) async fn cancel(hub: &Hub, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let run = number(&op.run)?;
    let asked = hub.client.post(at_actions(&op.repo, "runs").part(run).part("cancel")).done(cx).await;
    let refused = match asked {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::Conflict => Some(error),
        Err(error) => return Err(error),
    };
    let now = fetch(hub, cx, &op.repo, run).await;
    let now =
        read(&op.repo, now.map_err(|error| if refused.is_some() { error } else { error.after_a_step() })?);
    match refused {
        Some(error) if !now.state.is_final() => Err(error),
        _ => Ok(now),
    }
}

pub(super) async fn rerun(hub: &Hub, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    let run = number(&op.run)?;
    // Nothing is asked for before: a run that has ended stays so until it is repeated.
    let before = fetch(hub, &cx.clone().for_attempt(None), &op.repo, run).await.map_err(Error::refused)?;
    let old = read(&op.repo, before);
    if !old.state.is_final() {
        let word = old.vendor_state.as_deref().unwrap_or_default();
        let text = format!("run {run} is {word}: only one that has ended is repeated");
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    let verb = if op.failed_only { "rerun-failed-jobs" } else { "rerun" };
    hub.client.post(at_actions(&op.repo, "runs").part(run).part(verb)).done(cx).await?;
    let (before, mut pace) = (old.attempt.unwrap_or(1), hub.pace());
    for _ in 0..LOOKS {
        // The attempt is asked for; whoever cannot read it now can do so later.
        if let Ok(now) = fetch(hub, cx, &op.repo, run).await {
            let now = read(&op.repo, now);
            if now.attempt.unwrap_or(1) > before {
                return Ok(now);
            }
        }
        pace.rest().await;
    }
    let mut next = PipelineRun::new(old.id, old.repo, RunState::Queued);
    (next.pipeline, next.reference, next.commit, next.web_url) =
        (old.pipeline, old.reference, old.commit, old.web_url);
    next.attempt = Some(before + 1);
    next.created_at = old.created_at;
    Ok(next)
}

/// The branch that is there unless somebody says otherwise.
pub(super) async fn default_branch(hub: &Hub, cx: &CallContext, repo: &RepoRef) -> Result<String> {
    let found: wire::Repository = hub.client.get(at_repo(repo)).send(cx).await?;
    Ok(found.default_branch)
}

/// A run as everybody sees it.
pub(super) fn read(repo: &RepoRef, wire: wire::Run) -> PipelineRun {
    let state = state::read(wire.status.as_deref(), wire.conclusion.as_deref());
    let mut run = PipelineRun::new(wire.id.to_string(), repo.clone(), state);
    run.pipeline = Some(pipeline::id(wire.path.as_deref().unwrap_or_default(), wire.workflow_id));
    run.reference = wire.head_branch;
    run.commit = Some(wire.head_sha).filter(|sha| !sha.is_empty());
    run.attempt = wire.run_attempt.and_then(|attempt| u64::try_from(attempt).ok());
    run.web_url = wire.html_url;
    run.created_at = wire.created_at;
    run.started_at = wire.run_started_at.filter(|_| state != RunState::Queued);
    run.ended_at = wire.updated_at.filter(|_| state.is_final());
    run.reason =
        state::reason(wire.conclusion.as_deref()).filter(|_| state != RunState::Queued).map(str::to_owned);
    run.vendor_state = state::own(wire.status, wire.conclusion);
    run
}
