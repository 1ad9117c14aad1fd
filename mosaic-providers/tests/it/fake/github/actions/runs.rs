//! Runs, their jobs, logs and archives.

use mosaic_core::types::cicd::RunState;
use serde_json::json;

use super::{shape, zip};
use crate::fake::forge::{ArtifactFile, Reason, Repo, Run};
use crate::fake::github::fault::{error, not_found, refused};
use crate::fake::github::{Answer, Cx};
use crate::fake::http::Reply;

pub(super) fn list(cx: &Cx<'_>, repo: &Repo, path: Option<&str>) -> Answer {
    let ask = |name: &str| cx.ask.query(name);
    let (actor, branch, event, sha, word) =
        (ask("actor"), ask("branch"), ask("event"), ask("head_sha"), ask("status"));
    let fits = |run: &Run| {
        let (status, conclusion) = shape::words(run.state);
        path.is_none_or(|path| run.pipeline == path)
            && actor.is_none_or(|actor| run.actor == actor)
            && branch.is_none_or(|branch| run.reference == branch)
            && event.is_none_or(|event| run.event == event)
            && sha.is_none_or(|sha| run.commit == sha)
            && word.is_none_or(|word| status == word || conclusion == Some(word))
    };
    let shown = |run: &Run| fits(run) && cx.hub.shows(run.id);
    let runs: Vec<_> = cx.forge().runs(repo.id).into_iter().filter(shown).collect();
    let cut = cx.page(runs).map(|run| shape::run(cx, repo, &run));
    Ok(shape::counted(cx, "workflow_runs", &cut))
}

fn find(cx: &Cx<'_>, repo: &Repo, id: u64) -> Result<Run, Reply> {
    cx.forge().run(repo.id, id).ok_or_else(not_found)
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    Ok(Reply::json(200, &shape::run(cx, repo, &find(cx, repo, id)?)))
}

pub(super) fn cancel(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.writer(repo)?;
    match cx.forge().cancel_run(repo.id, id) {
        Ok(()) => Ok(Reply::json(202, &json!({}))),
        Err(refusal) if refusal.reason == Reason::State => Err(error(409, &refusal.message)),
        Err(refusal) => Err(refused(refusal)),
    }
}

pub(super) fn rerun(cx: &Cx<'_>, repo: &Repo, id: u64, failed_only: bool) -> Answer {
    cx.writer(repo)?;
    match cx.forge().rerun(repo.id, id, failed_only) {
        Ok(_) => Ok(Reply::json(201, &json!({}))),
        Err(refusal) if refusal.reason == Reason::State => Err(error(403, &refusal.message)),
        Err(refusal) => Err(refused(refusal)),
    }
}

pub(super) fn jobs(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    let run = find(cx, repo, id)?;
    // In no order of time.
    let mut jobs = run.jobs.clone();
    jobs.reverse();
    if cx.ask.query("filter") == Some("all") {
        jobs.extend(run.before.iter().flatten().cloned());
    }
    let cut = cx.page(jobs).map(|job| shape::job(cx, repo, &run, &job));
    Ok(shape::counted(cx, "jobs", &cut))
}

pub(super) fn job(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    let (run, job) = cx.forge().job(repo.id, id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &shape::job(cx, repo, &run, &job)))
}

/// Somewhere else, for a short time.
fn elsewhere(cx: &Cx<'_>, kind: &str, repo: &Repo, id: u64) -> Reply {
    let other = cx.ask.origin().replace("127.0.0.1", "localhost");
    Reply::empty(302).header("location", format!("{other}/blobs/{kind}/{}/{id}?sig=signed", repo.id))
}

pub(super) fn log(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    let (_, job) = cx.forge().job(repo.id, id).ok_or_else(not_found)?;
    match job.state.is_final() && job.started_at.is_some() {
        true => Ok(elsewhere(cx, "log", repo, id)),
        false => Err(not_found()),
    }
}

pub(super) fn artifacts(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    let run = find(cx, repo, id)?;
    let name = cx.ask.query("name");
    let mut files: Vec<&ArtifactFile> =
        run.artifacts.iter().filter(|file| name.is_none_or(|name| file.path == name)).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.id));
    let cut = cx.page(files).map(|file| shape::artifact(cx, repo, &run, file));
    Ok(shape::counted(cx, "artifacts", &cut))
}

pub(super) fn archive(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.me()?;
    let there = cx.forge().runs(repo.id).iter().any(|run| run.artifacts.iter().any(|file| file.id == id));
    if there { Ok(elsewhere(cx, "zip", repo, id)) } else { Err(not_found()) }
}

pub(super) fn blob(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    if cx.ask.header("authorization").is_some() {
        return Err(Reply::bytes(
            401,
            "application/xml",
            "<Error><Code>InvalidAuthenticationInfo</Code></Error>",
        ));
    }
    let gone = || Reply::bytes(404, "application/xml", "<Error><Code>BlobNotFound</Code></Error>");
    let [kind, repo, id] = parts else { return Err(gone()) };
    let (Ok(repo), Ok(id)) = (repo.parse::<u64>(), id.parse::<u64>()) else { return Err(gone()) };
    if cx.ask.query("sig") != Some("signed") {
        return Err(gone());
    }
    match *kind {
        "log" => {
            let (_, job) = cx.forge().job(repo, id).ok_or_else(gone)?;
            let line = |line: &str| format!("2026-01-02T03:04:05.6789012Z {line}\n");
            Ok(Reply::text(200, format!("\u{feff}{}", job.log.lines().map(line).collect::<String>())))
        }
        "zip" => {
            let runs = cx.forge().runs(repo);
            let file =
                runs.iter().flat_map(|run| &run.artifacts).find(|file| file.id == id).ok_or_else(gone)?;
            Ok(Reply::bytes(200, "application/zip", zip::of(file)))
        }
        _ => Err(gone()),
    }
}

/// Whether anything of a job was done.
pub(super) fn began(state: RunState) -> bool {
    !matches!(state, RunState::Queued | RunState::Skipped)
}
