//! The shapes of CircleCI's answers.

use mosaic_core::testkit::suite::cicd::Step;
use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use crate::fake::forge::{JobRun, Repo, Run};

/// The kind of id of the first attempt of a workflow, less one.
pub(super) const WORKFLOW: u64 = 0x1000;

/// An id of a kind: 1 pipelines, 2 jobs, 9 people, from [`WORKFLOW`] on the attempts of a workflow.
pub(super) fn uuid(kind: u64, id: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{id:012x}")
}

pub(super) fn read_uuid(text: &str) -> Option<(u64, u64)> {
    let (kind, rest) = text.split_once("-0000-4000-8000-")?;
    Some((u64::from_str_radix(kind, 16).ok()?, u64::from_str_radix(rest, 16).ok()?))
}

/// A time with the milliseconds that tell one attempt from the next.
fn time(at: Timestamp, attempt: u64) -> String {
    format!("{}.{attempt:03}Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

fn slug(repo: &Repo) -> String {
    format!("gh/{}/{}", repo.owner, repo.name)
}

pub(super) fn project(repo: &Repo) -> Value {
    json!({
        "slug": slug(repo), "name": repo.name, "id": uuid(3, repo.id), "organization_name": repo.owner,
        "organization_slug": format!("gh/{}", repo.owner), "organization_id": uuid(4, 1),
        "vcs_info": {
            "vcs_url": format!("https://github.com/{}/{}", repo.owner, repo.name), "provider": "GitHub",
            "default_branch": repo.default_branch,
        },
    })
}

/// What waits has no workflow yet, and what has no jobs never gets one.
fn state(run: &Run) -> &'static str {
    match run.state {
        _ if run.program.jobs.is_empty() => "errored",
        RunState::Queued if run.attempt == 1 => "pending",
        _ => "created",
    }
}

pub(super) fn begun(run: &Run) -> Value {
    json!({
        "id": uuid(1, run.id), "state": "pending", "number": run.number, "created_at": time(run.created_at, 0),
    })
}

pub(super) fn pipeline(repo: &Repo, run: &Run) -> Value {
    let address = format!("https://github.com/{}/{}", repo.owner, repo.name);
    let mut vcs = json!({
        "provider_name": "GitHub", "target_repository_url": address, "origin_repository_url": address,
        "revision": run.commit,
    });
    match run.reference.strip_prefix("refs/tags/") {
        Some(tag) => vcs["tag"] = tag.into(),
        None => vcs["branch"] = run.reference.as_str().into(),
    }
    let errors = match state(run) {
        "errored" => {
            json!([{ "type": "config-fetch", "message": "No configuration was found in your project." }])
        }
        _ => json!([]),
    };
    json!({
        "id": uuid(1, run.id), "errors": errors, "project_slug": slug(repo), "number": run.number, "state": state(run),
        "created_at": time(run.created_at, 0), "updated_at": time(run.created_at, 0), "vcs": vcs,
        "trigger": {
            "type": "api", "received_at": time(run.created_at, 0),
            "actor": { "login": run.actor, "avatar_url": "https://avatars.example.org/1" },
        },
    })
}

/// The workflows, the newest attempt first.
pub(super) fn workflows(repo: &Repo, run: &Run) -> Vec<Value> {
    if matches!(state(run), "pending" | "errored") {
        return Vec::new();
    }
    (1..=run.attempt).rev().map(|attempt| workflow(repo, run, attempt)).collect()
}

fn of_attempt(run: &Run, attempt: u64) -> &[JobRun] {
    let before = usize::try_from(attempt - 1).unwrap();
    run.before.get(before).unwrap_or(&run.jobs)
}

pub(super) fn workflow(repo: &Repo, run: &Run, attempt: u64) -> Value {
    let jobs = of_attempt(run, attempt);
    let any = |state: RunState| jobs.iter().any(|job| job.state == state);
    let over = jobs.iter().all(|job| job.state.is_final());
    let status = match () {
        () if !over && any(RunState::Failed) => "failing",
        () if !over => "running",
        () if any(RunState::Cancelled) => "canceled",
        () if any(RunState::Failed) => "failed",
        () => "success",
    };
    let ended = jobs.iter().filter_map(|job| job.ended_at).max().filter(|_| over);
    json!({
        "id": uuid(WORKFLOW + attempt, run.id), "pipeline_id": uuid(1, run.id), "name": "main",
        "project_slug": slug(repo), "status": status, "started_by": uuid(9, 1), "pipeline_number": run.number,
        "created_at": time(run.created_at, attempt), "stopped_at": ended.map(|at| time(at, attempt)),
    })
}

pub(super) fn jobs(repo: &Repo, run: &Run, attempt: u64) -> Vec<Value> {
    let jobs = of_attempt(run, attempt);
    let job = |job: &JobRun| {
        let needed = jobs.iter().filter(|other| job.needs.contains(&other.name));
        let dependencies: Vec<_> = needed.map(|other| uuid(2, other.id)).collect();
        let status = match job.state {
            RunState::Queued if dependencies.is_empty() => "queued",
            RunState::Queued => "blocked",
            RunState::Running => "running",
            RunState::Succeeded => "success",
            RunState::Failed => "failed",
            RunState::Cancelled => "canceled",
            RunState::Skipped | RunState::Blocked => "not_run",
        };
        let mut value = json!({
            "id": uuid(2, job.id), "name": job.name, "type": "build", "status": status, "dependencies": dependencies,
            "project_slug": slug(repo), "started_at": job.started_at.map(|at| time(at, 0)),
            "stopped_at": job.ended_at.filter(|_| job.started_at.is_some()).map(|at| time(at, 0)),
        });
        if job.started_at.is_some() {
            value["job_number"] = job.id.into();
        }
        value
    };
    jobs.iter().map(job).collect()
}

pub(super) fn artifacts(run: &Run, job: &JobRun, store: &str) -> Vec<Value> {
    let left = run.artifacts.iter().filter(|file| file.job == job.id);
    let file = |path: &str| json!({ "path": path, "node_index": 0, "url": format!("{store}/artifacts/{}/{}/0/{path}", run.repo, run.id) });
    left.map(|file_| file(&file_.path)).collect()
}

/// What a step printed.
pub(super) fn printed(run: &Run, step: &Step) -> Option<String> {
    match step {
        Step::Print(text) => Some(format!("{text}\n")),
        Step::PrintInput(name) => {
            Some(format!("{}\n", run.inputs.get(name).map(String::as_str).unwrap_or_default()))
        }
        _ => None,
    }
}

/// A job in the first version of the API: each step with its one action, as far as they have begun.
pub(super) fn build(run: &Run, job: &JobRun, store: &str) -> Value {
    let draft = run.program.jobs.iter().find(|draft| draft.name == job.name).unwrap();
    let over = job.state.is_final();
    let begun = draft.steps.iter().enumerate().take(job.done + 1);
    let steps =
        begun.filter(|(at, _)| job.started_at.is_some() && (*at < job.done || !over)).map(|(at, step)| {
            let done = at < job.done;
            let output = printed(run, step).filter(|_| done);
            let address = format!(
                "{store}/output/{}/{}/{at}?X-Amz-Signature=5ecret&X-Amz-Expires=432000",
                run.repo, job.id
            );
            json!({ "name": format!("step {at}"), "actions": [{
            "step": at, "index": 0, "type": "test", "name": format!("step {at}"),
            "status": if done { "success" } else { "running" }, "has_output": output.is_some(),
            "output_url": output.map(|_| address), "start_time": job.started_at.map(|at| time(at, 0)),
            "end_time": done.then(|| time(run.updated_at, 0)),
        }] })
        });
    json!({
        "build_num": job.id, "lifecycle": if over { "finished" } else { "running" }, "vcs_type": "github",
        "steps": steps.collect::<Vec<_>>(),
    })
}
