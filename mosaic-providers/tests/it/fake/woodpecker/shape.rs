//! The shapes of Woodpecker's answers, and of a workflow's file.

use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use crate::fake::forge::{JobRun, Repo, Run, User, program_lines};

/// Every word for a state.
pub(super) const WORDS: [&str; 11] = [
    "skipped", "pending", "running", "success", "failure", "killed", "canceled", "error", "blocked",
    "declined", "created",
];

fn seconds(at: Option<Timestamp>) -> i64 {
    at.map_or(0, Timestamp::as_second)
}

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "pending",
        RunState::Running => "running",
        RunState::Succeeded => "success",
        RunState::Failed => "failure",
        RunState::Cancelled => "killed",
        RunState::Blocked => "blocked",
        RunState::Skipped => "skipped",
    }
}

/// A run that was cancelled before anything of it began has a word of its own.
pub(super) fn status(run: &Run) -> &'static str {
    match run.state {
        RunState::Cancelled if run.jobs.iter().all(|job| job.started_at.is_none()) => "canceled",
        state => word(state),
    }
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id, "login": user.login, "email": user.email, "avatar_url": "", "admin": false, "forge_id": 1,
        "forge_remote_id": user.id.to_string(), "org_id": user.id,
    })
}

pub(super) fn repository(repo: &Repo) -> Value {
    json!({
        "id": repo.id, "forge_id": 1, "forge_remote_id": repo.id.to_string(), "org_id": 1, "owner": repo.owner,
        "name": repo.name, "full_name": format!("{}/{}", repo.owner, repo.name), "avatar_url": "",
        "forge_url": format!("https://git.example.org/{}/{}", repo.owner, repo.name),
        "clone_url": format!("https://git.example.org/{}/{}.git", repo.owner, repo.name), "clone_url_ssh": "",
        "default_branch": repo.default_branch, "pr_enabled": true, "timeout": 60,
        "visibility": if repo.private { "private" } else { "public" }, "private": repo.private,
        "trusted": { "network": false, "volumes": false, "security": false }, "require_approval": "forks",
        "active": true, "allow_pr": true, "allow_deploy": false, "config_file": "",
        "cancel_previous_pipeline_events": ["push", "pull_request"], "netrc_trusted": [],
    })
}

/// A run; its workflows are only in the answer about it alone.
pub(super) fn run(run: &Run, whole: bool) -> Value {
    let mut value = json!({
        "id": run.id, "number": run.number, "author": run.actor, "parent": 0, "event": run.event, "event_reason": null,
        "status": status(run), "errors": null, "created": run.created_at.as_second(),
        "updated": run.updated_at.as_second(), "started": seconds(run.started_at), "finished": seconds(run.ended_at),
        "deploy_to": "", "deploy_task": "", "commit": run.commit, "branch": run.reference, "rerun_count": 0,
        "ref": format!("refs/heads/{}", run.reference), "refspec": "", "author_avatar": "",
        "forge_url": format!("https://git.example.org/commit/{}", run.commit), "reviewed_by": "", "reviewed": 0,
        "version": "3.11.0", "title": "", "message": format!("MANUAL PIPELINE @ {}", run.reference),
        "timestamp": run.created_at.as_second(), "sender": "", "author_email": "",
    });
    if !run.inputs.is_empty() {
        value["variables"] = json!(run.inputs);
    }
    if run.state == RunState::Cancelled {
        value["cancel_info"] = json!({ "canceled_by_user": run.actor });
    }
    if whole {
        let workflows = run.jobs.iter().enumerate().map(|(at, job)| workflow_of(run, at, job));
        value["workflows"] = workflows.collect();
    }
    value
}

/// The ids of the steps of a job: the one that clones, and the one that works.
pub(super) fn steps(job: &JobRun) -> [u64; 2] {
    [job.id * 10 + 1, job.id * 10 + 2]
}

fn workflow_of(run: &Run, at: usize, job: &JobRun) -> Value {
    let begun = job.started_at.is_some();
    // What was waiting when the run was cancelled is skipped, and its steps are cancelled.
    let (state, waiting) = match job.state {
        RunState::Cancelled if !begun => ("skipped", "canceled"),
        state => (word(state), word(state)),
    };
    let pid = at + 1;
    let [clone, work] = steps(job);
    let step = |id: u64, pid: usize, name: &str, kind: &str, state: &str| {
        json!({
            "id": id, "uuid": format!("step-{id}"), "pipeline_id": run.id, "pid": pid, "ppid": at + 1, "name": name,
            "state": state, "exit_code": 0, "started": seconds(job.started_at), "finished": seconds(job.ended_at),
            "type": kind,
        })
    };
    let offset = run.jobs.len() + 2 * at;
    let mut children = vec![
        step(clone, offset + 1, "clone", "clone", if begun { "success" } else { waiting }),
        step(work, offset + 2, "work", "commands", if begun { word(job.state) } else { waiting }),
    ];
    children[1]["exit_code"] = json!(job.exit_code.unwrap_or(0));
    json!({
        "id": job.id, "pipeline_id": run.id, "pid": pid, "name": job.name, "state": state,
        "started": seconds(job.started_at), "finished": seconds(job.ended_at), "agent_id": 1, "platform": "linux/amd64",
        "children": children,
    })
}

/// A job in Woodpecker's language, with the lines that the forge follows.
pub(super) fn workflow(job: &JobDraft) -> String {
    let commands: Vec<String> = job
        .steps
        .iter()
        .map(|step| match step {
            Step::Print(text) => format!("echo '{text}'"),
            Step::PrintInput(name) => format!("printf '%s\\n' \"${{{name}}}\""),
            Step::LeaveFile { path, content } => format!("printf %s '{content}' > '{path}'"),
            Step::Exit(status) => format!("exit {status}"),
            Step::WaitForEver => "sleep 86400".to_owned(),
        })
        .collect();
    // JSON is YAML.
    let file = json!({
        "when": [{ "event": "manual" }],
        "depends_on": job.needs,
        "steps": [{ "name": "work", "image": "alpine", "commands": commands }],
    });
    format!("{}{file}\n", program_lines(&Draft::of(job.clone()), "#"))
}
