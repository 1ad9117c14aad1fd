//! Pipelines, jobs, their logs and archives, which move on by each look at them.

use std::collections::BTreeMap;

use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use super::commits::resolve;
use super::wire::{maybe_time, time};
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{JobRun, Repo, Run, Trigger, read_program};
use crate::fake::http::Reply;

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "pending",
        RunState::Running => "running",
        RunState::Succeeded => "success",
        RunState::Failed => "failed",
        RunState::Cancelled => "canceled",
        RunState::Blocked => "manual",
        RunState::Skipped => "skipped",
    }
}

/// As in lists: without begin and end.
fn shape(cx: &Cx<'_>, repo: &Repo, run: &Run) -> Value {
    json!({
        "id": run.id, "iid": run.number, "project_id": repo.id, "sha": run.commit, "ref": run.reference,
        "status": word(run.state), "source": "api", "created_at": time(run.created_at),
        "updated_at": time(run.updated_at), "name": null,
        "web_url": format!("{}/-/pipelines/{}", cx.page_of(repo), run.id),
    })
}

fn whole(cx: &Cx<'_>, repo: &Repo, run: &Run) -> Value {
    let more = json!({
        "before_sha": "0".repeat(40), "tag": false, "yaml_errors": null, "user": cx.person(&run.actor),
        "started_at": maybe_time(run.started_at), "finished_at": maybe_time(run.ended_at), "committed_at": null,
        "duration": null, "queued_duration": null, "coverage": null,
    });
    super::wire::with(shape(cx, repo, run), more)
}

fn find(cx: &Cx<'_>, repo: &Repo, id: &str) -> Result<Run, Reply> {
    id.parse().ok().and_then(|id| cx.forge().run(repo.id, id)).ok_or_else(|| missing(""))
}

pub(super) async fn trigger(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?.login.clone();
    let base = |text: &str| Reply::json(400, &json!({ "message": { "base": [text] } }));
    let at = cx.need("ref")?;
    let git = cx.forge().git(repo.id);
    let named = git.tip(at).await.is_some() || git.reference(&format!("refs/tags/{at}")).await.is_some();
    let commit = resolve(cx, repo, at).await.filter(|_| named).ok_or_else(|| base("Reference not found"))?;
    let definition = git.object(&format!("{commit}:.gitlab-ci.yml")).await;
    let (_, blob) = definition.ok_or_else(|| base("Missing CI config file"))?;
    let text = String::from_utf8_lossy(&git.blob(&blob).await.unwrap_or_default()).into_owned();
    let program =
        read_program(&text).ok_or_else(|| base("jobs config should contain at least one visible job"))?;
    let given = cx.body.get("variables").and_then(Value::as_array).cloned().unwrap_or_default();
    let field = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let inputs: BTreeMap<_, _> = given
        .iter()
        .filter_map(|variable| Some((field(variable, "key")?, expand(&field(variable, "value")?))))
        .collect();
    let run = cx.forge().trigger_run(
        repo.id,
        Trigger {
            pipeline: ".gitlab-ci.yml".to_owned(),
            reference: at.to_owned(),
            commit,
            event: "api".to_owned(),
            actor: me,
            inputs,
            program,
        },
    );
    Ok(Reply::json(201, &whole(cx, repo, &run)))
}

/// What a runner makes of the value of a variable: two dollar signs are one, and unknown names are nothing.
fn expand(value: &str) -> String {
    let (mut out, mut rest) = (String::new(), value);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((_, after)) = rest.strip_prefix('{').and_then(|text| text.split_once('}')) {
            rest = after;
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        }
    }
    out.push_str(rest);
    out
}

pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let fits = |run: &Run| {
        let is = |name: &str, value: &str| cx.ask.query(name).is_none_or(|wanted| wanted == value);
        is("status", word(run.state)) && is("ref", &run.reference) && is("sha", &run.commit)
    };
    let mut runs: Vec<_> = cx.forge().runs(repo.id).into_iter().filter(fits).collect();
    if cx.ask.query("sort") == Some("asc") {
        runs.reverse();
    }
    Ok(cx.listed(&cx.page(runs).map(|run| shape(cx, repo, &run))))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    Ok(Reply::json(200, &whole(cx, repo, &find(cx, repo, id)?)))
}

/// One that has ended cannot be cancelled.
pub(super) fn cancel(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    cx.writer(repo)?;
    let run = find(cx, repo, id)?;
    cx.forge()
        .cancel_run(repo.id, run.id)
        .map_err(|_| message(403, "403 Forbidden - Pipeline is not cancelable"))?;
    Ok(Reply::json(200, &whole(cx, repo, &find(cx, repo, id)?)))
}

/// What failed begins again; a run without such jobs stays as it is.
pub(super) fn retry(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    cx.writer(repo)?;
    let run = find(cx, repo, id)?;
    let run = cx.forge().rerun(repo.id, run.id, true).unwrap_or(run);
    Ok(Reply::json(201, &whole(cx, repo, &run)))
}

pub(super) fn variables(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    let run = find(cx, repo, id)?;
    let variable = |(key, value): (&String, &String)| json!({ "variable_type": "env_var", "key": key, "value": value.replace('$', "$$"), "raw": false });
    Ok(Reply::json(200, &Value::Array(run.inputs.iter().map(variable).collect())))
}

/// Newest first: what begins last comes first.
pub(super) fn jobs(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    let run = find(cx, repo, id)?;
    let mut jobs: Vec<_> = run.jobs.iter().map(|job| job_shape(cx, repo, &run, job)).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job["id"].as_u64()));
    cx.list(jobs)
}

fn job_shape(cx: &Cx<'_>, repo: &Repo, run: &Run, job: &JobRun) -> Value {
    let left: Vec<_> = run.artifacts.iter().filter(|file| file.job == job.id).collect();
    let archive = left
        .first()
        .map(|first| json!({ "filename": format!("{}.zip", first.path), "size": archive(run, job).len() }));
    let files: Vec<_> = archive
        .iter()
        .map(|file| json!({ "file_type": "archive", "size": file["size"], "filename": file["filename"], "file_format": "zip" }))
        .collect();
    json!({
        "id": job.id, "status": word(job.state), "stage": "test", "name": job.name, "ref": run.reference, "tag": false,
        "coverage": null, "allow_failure": false, "created_at": time(run.created_at),
        "started_at": maybe_time(job.started_at), "finished_at": maybe_time(job.ended_at), "erased_at": null,
        "duration": null, "queued_duration": null, "user": cx.person(&run.actor), "commit": null,
        "failure_reason": (job.state == RunState::Failed).then_some("script_failure"),
        "pipeline": shape(cx, repo, run), "web_url": format!("{}/-/jobs/{}", cx.page_of(repo), job.id),
        "artifacts_file": archive, "artifacts": files, "runner": null, "artifacts_expire_at": null, "tag_list": [],
    })
}

/// Not a real zip: what is left, one after the other.
fn archive(run: &Run, job: &JobRun) -> Vec<u8> {
    let mut bytes = b"PK".to_vec();
    for file in run.artifacts.iter().filter(|file| file.job == job.id) {
        bytes.extend_from_slice(&file.content);
    }
    bytes
}

fn find_job(cx: &Cx<'_>, repo: &Repo, id: &str) -> Result<(Run, JobRun), Reply> {
    id.parse().ok().and_then(|id| cx.forge().job(repo.id, id)).ok_or_else(|| missing(""))
}

pub(super) fn job(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    let (run, job) = find_job(cx, repo, id)?;
    Ok(Reply::json(200, &job_shape(cx, repo, &run, &job)))
}

pub(super) fn trace(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    Ok(Reply::text(200, find_job(cx, repo, id)?.1.log))
}

pub(super) fn artifacts(cx: &Cx<'_>, repo: &Repo, id: &str, path: &[&str]) -> Answer {
    let (run, job) = find_job(cx, repo, id)?;
    let left: Vec<_> = run.artifacts.iter().filter(|file| file.job == job.id).collect();
    if left.is_empty() {
        return Err(missing(""));
    }
    let wanted = path.join("/");
    let bytes = match path {
        [] => archive(&run, &job),
        _ => left.iter().find(|file| file.path == wanted).ok_or_else(|| missing(""))?.content.clone(),
    };
    Ok(Reply::bytes(200, "application/octet-stream", bytes))
}

/// A definition is good where the forge can follow it.
pub(super) fn lint(cx: &Cx<'_>) -> Answer {
    let valid = read_program(cx.need("content")?).is_some();
    let errors = if valid { vec![] } else { vec!["jobs config should contain at least one visible job"] };
    Ok(Reply::json(
        200,
        &json!({ "valid": valid, "errors": errors, "warnings": [], "merged_yaml": null, "includes": [], "jobs": [] }),
    ))
}
