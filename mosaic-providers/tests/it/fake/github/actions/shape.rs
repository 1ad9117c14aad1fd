//! GitHub's shapes of workflows, runs, jobs and artifacts.

use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::runs::began;
use super::workflows::{Workflow, number};
use super::zip;
use crate::fake::forge::{ArtifactFile, JobRun, Repo, Run};
use crate::fake::github::Cx;
use crate::fake::github::wire::node;
use crate::fake::http::{Cut, Reply, maybe_time, time};

/// A page of a list that is counted.
pub(super) fn counted(cx: &Cx<'_>, name: &str, cut: &Cut<Value>) -> Reply {
    let mut reply = cx.listed(cut);
    reply.body = json!({ "total_count": cut.total, name: cut.items }).to_string().into_bytes();
    reply
}

/// Status and conclusion.
pub(super) fn words(state: RunState) -> (&'static str, Option<&'static str>) {
    match state {
        RunState::Queued => ("queued", None),
        RunState::Running => ("in_progress", None),
        RunState::Blocked => ("waiting", None),
        RunState::Succeeded => ("completed", Some("success")),
        RunState::Failed => ("completed", Some("failure")),
        RunState::Cancelled => ("completed", Some("cancelled")),
        RunState::Skipped => ("completed", Some("skipped")),
    }
}

pub(super) fn workflow(cx: &Cx<'_>, repo: &Repo, workflow: &Workflow) -> Value {
    let url = format!("{}/actions/workflows/{}", cx.repo_url(repo), workflow.id);
    json!({
        "id": workflow.id, "node_id": node("W", workflow.id), "name": workflow.name, "path": workflow.path,
        "state": "active", "created_at": time(repo.created_at), "updated_at": time(repo.created_at), "url": url,
        "html_url": format!("{}/blob/{}/{}", cx.repo_page(repo), repo.default_branch, workflow.path),
        "badge_url": format!("{}/workflows/{}/badge.svg", cx.repo_page(repo), workflow.id),
    })
}

pub(super) fn run(cx: &Cx<'_>, repo: &Repo, run: &Run) -> Value {
    let url = format!("{}/actions/runs/{}", cx.repo_url(repo), run.id);
    let workflow = number(repo, &run.pipeline);
    let (status, conclusion) = words(run.state);
    let title = cx.hub.titles().get(&run.id).cloned();
    let user = cx.login(&run.actor);
    json!({
        "id": run.id, "name": title.as_deref().unwrap_or(&run.pipeline), "node_id": node("WFR", run.id),
        "head_branch": run.reference, "head_sha": run.commit, "path": run.pipeline,
        "display_title": title.as_deref().unwrap_or(&run.pipeline), "run_number": run.number, "event": run.event,
        "status": status, "conclusion": conclusion, "workflow_id": workflow, "check_suite_id": run.id * 3,
        "check_suite_node_id": node("CS", run.id * 3), "url": url,
        "html_url": format!("{}/actions/runs/{}", cx.repo_page(repo), run.id), "pull_requests": [],
        "created_at": time(run.created_at), "updated_at": time(run.updated_at), "actor": user,
        "triggering_actor": user, "run_attempt": run.attempt, "referenced_workflows": [],
        "run_started_at": time(run.started_at.unwrap_or(run.created_at)), "jobs_url": format!("{url}/jobs"),
        "logs_url": format!("{url}/logs"), "check_suite_url": format!("{}/check-suites/{}", cx.repo_url(repo), run.id * 3),
        "artifacts_url": format!("{url}/artifacts"), "cancel_url": format!("{url}/cancel"),
        "rerun_url": format!("{url}/rerun"), "previous_attempt_url": null,
        "workflow_url": format!("{}/actions/workflows/{workflow}", cx.repo_url(repo)),
        "head_commit": {
            "id": run.commit, "tree_id": run.commit, "message": "A commit", "timestamp": time(run.created_at),
            "author": { "name": "nobody", "email": "nobody@example.org" },
            "committer": { "name": "nobody", "email": "nobody@example.org" },
        },
        "repository": cx.repository(repo), "head_repository": cx.repository(repo),
    })
}

pub(super) fn job(cx: &Cx<'_>, repo: &Repo, run: &Run, job: &JobRun) -> Value {
    let url = format!("{}/actions/jobs/{}", cx.repo_url(repo), job.id);
    let (status, conclusion) = words(job.state);
    let (begun, ended) = (began(job.state), maybe_time(job.ended_at));
    let start = time(job.started_at.unwrap_or(run.created_at));
    let step = |number: u64, name: &str, conclusion: Option<&str>| {
        json!({
            "name": name, "number": number, "status": if conclusion.is_some() { "completed" } else { "in_progress" },
            "conclusion": conclusion, "started_at": start, "completed_at": conclusion.and(ended.clone()),
        })
    };
    let steps = match begun {
        true => vec![step(1, "Set up job", Some("success")), step(2, "Run it", conclusion)],
        false => Vec::new(),
    };
    json!({
        "id": job.id, "run_id": run.id, "workflow_name": run.pipeline, "head_branch": run.reference,
        "run_url": format!("{}/actions/runs/{}", cx.repo_url(repo), run.id), "run_attempt": run.attempt,
        "node_id": node("CR", job.id), "head_sha": run.commit, "url": url,
        "html_url": format!("{}/actions/runs/{}/job/{}", cx.repo_page(repo), run.id, job.id), "status": status,
        "conclusion": conclusion, "created_at": time(run.created_at), "started_at": start, "completed_at": ended,
        "name": job.name, "steps": steps, "check_run_url": format!("{}/check-runs/{}", cx.repo_url(repo), job.id),
        "labels": ["ubuntu-latest"], "runner_id": begun.then_some(1), "runner_name": begun.then_some("GitHub Actions 1"),
        "runner_group_id": begun.then_some(0), "runner_group_name": begun.then_some("GitHub Actions"),
    })
}

pub(super) fn artifact(cx: &Cx<'_>, repo: &Repo, run: &Run, file: &ArtifactFile) -> Value {
    let url = format!("{}/actions/artifacts/{}", cx.repo_url(repo), file.id);
    let zip = zip::of(file);
    let digest: String = Sha256::digest(&zip).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "id": file.id, "node_id": node("A", file.id), "name": file.path, "size_in_bytes": zip.len(), "url": url,
        "archive_download_url": format!("{url}/zip"), "expired": false, "created_at": time(file.created_at),
        "updated_at": time(file.created_at), "expires_at": time(file.created_at), "digest": format!("sha256:{digest}"),
        "workflow_run": {
            "id": run.id, "repository_id": repo.id, "head_repository_id": repo.id, "head_branch": run.reference,
            "head_sha": run.commit,
        },
    })
}
