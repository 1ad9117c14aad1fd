//! Pipelines, their steps and logs, which move on by each look at them. What tells of pages tells no next one here.

use std::collections::BTreeMap;

use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use super::commits::found;
use super::fault::{error, not_found, refused};
use super::wire::{moment, number, uuid};
use super::{Answer, Cx};
use crate::fake::forge::{Git, JobRun, Reason, Repo, Run, Trigger, read_program};
use crate::fake::http::{Paging, Reply};

const FILE: &str = "bitbucket-pipelines.yml";

fn state(state: RunState, what: &str) -> Value {
    let kind = |word: &str| format!("{what}_state_{word}");
    let ended = |result: &str| {
        let kind = kind(&format!("completed_{}", result.to_lowercase()));
        json!({ "name": "COMPLETED", "type": format!("{what}_state_completed"), "result": { "name": result, "type": kind } })
    };
    match state {
        RunState::Queued => json!({ "name": "PENDING", "type": kind("pending") }),
        RunState::Running => {
            json!({ "name": "IN_PROGRESS", "type": kind("in_progress"), "stage": { "name": "RUNNING", "type": kind("in_progress_running") } })
        }
        RunState::Blocked => {
            json!({ "name": "IN_PROGRESS", "type": kind("in_progress"), "stage": { "name": "PAUSED", "type": kind("in_progress_paused") } })
        }
        RunState::Succeeded => ended("SUCCESSFUL"),
        RunState::Failed => ended("FAILED"),
        RunState::Cancelled => ended("STOPPED"),
        RunState::Skipped => ended("NOT_RUN"),
    }
}

async fn shape(cx: &Cx<'_>, repo: &Repo, run: &Run) -> Value {
    let selector = match run.pipeline.as_str() {
        "default" => json!({ "type": "default" }),
        name => json!({ "type": "custom", "pattern": name }),
    };
    let commit = cx.commit_in_short(repo, &run.commit);
    let target = if run.reference.is_empty() {
        json!({ "type": "pipeline_commit_target", "selector": selector, "commit": commit })
    } else {
        let tag = cx.forge().git(repo.id).tip(&run.reference).await.is_none();
        json!({
            "type": "pipeline_ref_target", "ref_type": if tag { "tag" } else { "branch" },
            "ref_name": run.reference, "selector": selector, "commit": commit,
        })
    };
    let variable = |(at, (key, value)): (usize, (&String, &String))| json!({ "type": "pipeline_variable", "uuid": uuid(at as u64), "key": key, "value": value, "secured": false });
    let variables: Vec<_> = run.inputs.iter().enumerate().map(variable).collect();
    let mut shape = json!({
        "type": "pipeline", "uuid": uuid(run.id), "build_number": run.number, "creator": cx.login(&run.actor),
        "repository": cx.repo_in_short(repo), "target": target, "state": state(run.state, "pipeline"),
        "trigger": { "type": "pipeline_trigger_manual", "name": "MANUAL" }, "run_number": run.attempt,
        "has_variables": !variables.is_empty(), "variables": variables, "created_on": moment(run.created_at),
        "build_seconds_used": 0, "links": { "self": { "href": format!("{}/pipelines/{}", cx.repo_url(repo), uuid(run.id)) } },
    });
    if let Some(ended) = run.ended_at {
        shape["completed_on"] = moment(ended).into();
    }
    shape
}

fn find(cx: &Cx<'_>, repo: &Repo, id: &str) -> Result<Run, Reply> {
    number(id).and_then(|id| cx.forge().run(repo.id, id)).ok_or_else(|| not_found("Pipeline not found"))
}

/// The commit that a run is made on, and what it is called.
async fn target(cx: &Cx<'_>, git: &Git<'_>) -> Result<(String, String), Reply> {
    let given = cx.text("/target/commit/hash");
    match cx.text("/target/type") {
        Some("pipeline_commit_target") => {
            let hash = given.ok_or_else(|| error(400, "target.commit is required"))?;
            Ok((found(git, hash).await.map_err(|_| error(400, "No such commit"))?, String::new()))
        }
        Some("pipeline_ref_target") => {
            let name =
                cx.text("/target/ref_name").ok_or_else(|| error(400, "target.ref_name is required"))?;
            let missing = || error(400, "Reference not found");
            let tip = match cx.text("/target/ref_type") {
                Some("branch") => git.tip(name).await.ok_or_else(missing)?,
                Some("tag") => {
                    let tag = git.reference(&format!("refs/tags/{name}")).await.ok_or_else(missing)?;
                    tag.commit.ok_or_else(missing)?
                }
                _ => return Err(error(400, "target.ref_type is required")),
            };
            let commit = match given {
                Some(hash) => found(git, hash).await.map_err(|_| missing())?,
                None => tip,
            };
            Ok((commit, name.to_owned()))
        }
        _ => Err(error(400, "target.type is not known")),
    }
}

pub(super) async fn trigger(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?.login.clone();
    let git = cx.forge().git(repo.id);
    let (commit, reference) = target(cx, &git).await?;
    let definition = git.object(&format!("{commit}:{FILE}")).await;
    let (_, blob) = definition.ok_or_else(|| error(400, "Pipelines definition not found."))?;
    let text = String::from_utf8_lossy(&git.blob(&blob).await.unwrap_or_default()).into_owned();
    let pipeline = match cx.text("/target/selector/type") {
        None | Some("default") => "default",
        _ => cx.text("/target/selector/pattern").ok_or_else(|| error(400, "selector.pattern is required"))?,
    };
    let line = if pipeline == "default" { "  default:".to_owned() } else { format!("    {pipeline}:") };
    if !text.lines().any(|other| other == line) {
        return Err(error(400, "Pipeline definition not found for the given selector."));
    }
    let program = read_program(&text).ok_or_else(|| error(400, "The definition is empty."))?;
    let given = cx.body["variables"].as_array().cloned().unwrap_or_default();
    let field = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let inputs: BTreeMap<_, _> =
        given.iter().filter_map(|one| Some((field(one, "key")?, field(one, "value")?))).collect();
    let run = cx.forge().trigger_run(
        repo.id,
        Trigger {
            pipeline: pipeline.to_owned(),
            reference,
            commit,
            event: "manual".into(),
            actor: me,
            inputs,
            program,
        },
    );
    Ok(Reply::json(201, &shape(cx, repo, &run).await))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    let run = find(cx, repo, id)?;
    Ok(Reply::json(200, &shape(cx, repo, &run).await))
}

fn counted(paging: Paging, total: usize, values: Vec<Value>) -> Reply {
    let body = json!({ "page": paging.page, "pagelen": paging.size, "size": total, "values": values });
    Reply::json(200, &body)
}

/// Oldest first where nothing else is asked for.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let is = |name: &str, value: &str| cx.ask.query(name).is_none_or(|wanted| wanted == value);
    let mut runs = cx.forge().runs(repo.id);
    runs.retain(|run| {
        let custom = run.pipeline != "default";
        is("target.ref_name", &run.reference)
            && is("target.commit.hash", &run.commit)
            && is("target.selector.pattern", &run.pipeline)
            && is("target.selector.type", if custom { "CUSTOM" } else { "DEFAULT" })
    });
    if cx.ask.query("sort") != Some("-created_on") {
        runs.reverse();
    }
    let cut = cx.page(runs, 100);
    let mut shapes = Vec::new();
    for run in &cut.items {
        shapes.push(shape(cx, repo, run).await);
    }
    Ok(counted(cut.paging, cut.total, shapes))
}

pub(super) fn stop(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    cx.writer(repo)?;
    let run = find(cx, repo, id)?;
    cx.forge().cancel_run(repo.id, run.id).map_err(|refusal| match refusal.reason {
        Reason::State => error(400, "The specified pipeline has already completed."),
        _ => refused(refusal),
    })?;
    Ok(Reply::empty(204))
}

fn step(run: &Run, job: &JobRun) -> Value {
    let mut shape = json!({
        "type": "pipeline_step", "uuid": uuid(job.id), "name": job.name, "run_number": run.attempt,
        "pipeline": { "type": "pipeline", "uuid": uuid(run.id) }, "state": state(job.state, "pipeline_step"),
        "script_commands": [], "setup_commands": [], "image": { "name": "rust" },
    });
    for (name, at) in [("started_on", job.started_at), ("completed_on", job.ended_at)] {
        if let Some(at) = at {
            shape[name] = moment(at).into();
        }
    }
    shape
}

pub(super) fn steps(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    let run = find(cx, repo, id)?;
    let cut = cx.page(run.jobs.iter().collect(), 100);
    let values = cut.items.iter().map(|job| step(&run, job)).collect();
    Ok(counted(cut.paging, cut.total, values))
}

fn job(cx: &Cx<'_>, repo: &Repo, run: &str, id: &str) -> Result<(Run, JobRun), Reply> {
    let run = find(cx, repo, run)?;
    let job = run.jobs.iter().find(|job| number(id) == Some(job.id)).cloned();
    job.map(|job| (run, job)).ok_or_else(|| not_found("Step not found"))
}

pub(super) fn get_step(cx: &Cx<'_>, repo: &Repo, run: &str, id: &str) -> Answer {
    let (run, job) = job(cx, repo, run, id)?;
    Ok(Reply::json(200, &step(&run, &job)))
}

/// A part where that is asked for; when the step has ended it lies elsewhere.
pub(super) fn log(cx: &Cx<'_>, repo: &Repo, run: &str, id: &str) -> Answer {
    let (_, job) = job(cx, repo, run, id)?;
    if job.started_at.is_none() {
        return Err(not_found("Log not found"));
    }
    if job.state.is_final() {
        let other = cx.ask.origin().replace("127.0.0.1", "localhost");
        return Ok(
            Reply::empty(307).header("location", format!("{other}/logs/{}/{}?sig=signed", repo.id, job.id))
        );
    }
    Ok(part(cx, job.log.as_bytes()))
}

fn part(cx: &Cx<'_>, log: &[u8]) -> Reply {
    let kind = "application/octet-stream";
    let from = cx
        .ask
        .header("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        None => Reply::bytes(200, kind, log),
        Some(from) if from >= log.len() => error(416, "Range Not Satisfiable"),
        Some(from) => Reply::bytes(206, kind, &log[from..])
            .header("content-range", format!("bytes {from}-{}/{}", log.len() - 1, log.len())),
    }
}

/// Where logs lie in the long run; whoever shows credentials there is sent away.
pub(super) fn elsewhere(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    if cx.ask.header("authorization").is_some() {
        return Err(Reply::text(400, "Only one auth mechanism allowed"));
    }
    let gone = || Reply::text(404, "NoSuchKey");
    let [repo, id] = parts else { return Err(gone()) };
    let (Ok(repo), Ok(id)) = (repo.parse(), id.parse()) else { return Err(gone()) };
    let (_, job) = cx.forge().job(repo, id).ok_or_else(gone)?;
    Ok(part(cx, job.log.as_bytes()))
}
