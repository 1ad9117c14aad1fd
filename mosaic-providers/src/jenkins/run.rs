//! Runs: read, listed, stopped. Jenkins calls them builds, and queue items before.

use std::cmp::Reverse;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, GetRun, ListJobs, ListRuns};
use mosaic_core::types::cicd::{Job, PipelineRun, RunState};
use mosaic_core::types::{Page, RepoRef, Timestamp};

use super::client::{Place, RunId, Server};
use super::wire::{self, BUILD};
use crate::http::{List, Numbered, at};

/// How many parts of a list are read at most to find one run that a filter lets through.
const PARTS: usize = 10;

/// How far back a build is looked for whose queue item is forgotten.
const LOOKED_BACK: usize = 100;

pub(super) fn name(id: &RunId) -> String {
    match id.place {
        Place::Build(number) => format!("{}/{number}", id.pipeline),
        Place::Queue(item) => format!("{}/q{item}", id.pipeline),
    }
}

pub(super) async fn queued(server: &Server, cx: &CallContext, item: u64) -> Result<wire::Item> {
    let request = server.client.get(at!["queue", "item", item, "api", "json"]);
    request.query("tree", "cancelled,why,executable[number],task[url]").send(cx).await
}

pub(super) async fn build_of(
    server: &Server,
    cx: &CallContext,
    repo: &RepoRef,
    pipeline: &str,
    number: u64,
) -> Result<wire::Build> {
    let path = server.job(repo, pipeline).part(number).part("api").part("json");
    server.client.get(path).query("tree", BUILD).send(cx).await
}

/// What a run is now.
pub(super) enum Found {
    Waiting(wire::Item),
    Build(wire::Build),
}

pub(super) async fn find(server: &Server, cx: &CallContext, repo: &RepoRef, id: &RunId) -> Result<Found> {
    let item = match id.place {
        Place::Build(number) => {
            return build_of(server, cx, repo, &id.pipeline, number).await.map(Found::Build);
        }
        Place::Queue(item) => item,
    };
    match queued(server, cx, item).await {
        // Any job's item is read by its number alone.
        Ok(told) if !server.is_of(&told, repo, &id.pipeline) => {
            let text = format!("job `{}` has no place {item} in the queue", id.pipeline);
            Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered))
        }
        Ok(wire::Item { executable: Some(build), .. }) => {
            build_of(server, cx, repo, &id.pipeline, build.number).await.map(Found::Build)
        }
        Ok(item) => Ok(Found::Waiting(item)),
        // Items are forgotten some minutes after they became builds.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let path = server.job(repo, &id.pipeline).part("api").part("json");
            let tree = format!("allBuilds[{BUILD}]{{0,{LOOKED_BACK}}}");
            let job: wire::Job = server.client.get(path).query("tree", tree).send(cx).await?;
            let mut builds = job.builds.into_iter();
            builds.find(|build| u64::try_from(build.queue_id) == Ok(item)).map(Found::Build).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    read(server, cx, &op.repo, &RunId::read(&op.run)?).await
}

async fn read(server: &Server, cx: &CallContext, repo: &RepoRef, id: &RunId) -> Result<PipelineRun> {
    let mut run = match find(server, cx, repo, id).await? {
        Found::Build(build) => of_build(repo, &id.pipeline, build),
        Found::Waiting(item) => {
            let state = if item.cancelled { RunState::Cancelled } else { RunState::Queued };
            let mut run = PipelineRun::new("", repo.clone(), state);
            (run.pipeline, run.reason) = (Some(id.pipeline.clone()), item.why);
            run
        }
    };
    // It keeps the name that it was asked for by.
    run.id = name(id);
    Ok(run)
}

pub(super) fn of_build(repo: &RepoRef, pipeline: &str, build: wire::Build) -> PipelineRun {
    let state = build.state();
    let mut run = PipelineRun::new(format!("{pipeline}/{}", build.number), repo.clone(), state);
    run.pipeline = Some(pipeline.to_owned());
    run.commit = build.commit();
    run.created_at = time(build.timestamp);
    run.ended_at = ended_at(&build);
    run.vendor_state = build.result;
    run.web_url = build.url;
    run
}

fn ended_at(build: &wire::Build) -> Option<Timestamp> {
    if !build.state().is_final() || build.timestamp <= 0 {
        return None;
    }
    time(build.timestamp.checked_add(build.duration.max(0))?)
}

fn time(milliseconds: i64) -> Option<Timestamp> {
    (milliseconds > 0).then(|| Timestamp::from_millisecond(milliseconds).ok()).flatten()
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let list = List(("cicd.list_runs", &op.repo, &op.pipeline, &op.reference, &op.state));
    let mut part = Numbered::of(&list, &op.page, 100)?;
    if op.reference.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "Jenkins does not list builds by branch or commit"));
    }
    for left in (0..PARTS).rev() {
        let (mut items, more) = window(server, cx, &op, part).await?;
        items.retain(|run| op.state.is_none_or(|state| run.state == state));
        if !items.is_empty() || !more || left == 0 {
            return Ok(part.page(&list, items, more));
        }
        part.offset += part.size;
    }
    Ok(part.page(&list, Vec::new(), false))
}

/// A part of the builds, newest first, and whether there are more.
async fn window(
    server: &Server,
    cx: &CallContext,
    op: &ListRuns,
    part: Numbered,
) -> Result<(Vec<PipelineRun>, bool)> {
    let end = part.offset + part.size + 1;
    let size = usize::try_from(part.size).unwrap_or(usize::MAX);
    let mut builds: Vec<(String, wire::Build)> = Vec::new();
    if let Some(pipeline) = &op.pipeline {
        let path = server.job(&op.repo, pipeline).part("api").part("json");
        let tree = format!("allBuilds[{BUILD}]{{{},{end}}}", part.offset);
        let job: wire::Job = server.client.get(path).query("tree", tree).send(cx).await?;
        builds.extend(job.builds.into_iter().map(|build| (pipeline.clone(), build)));
    } else {
        let path = server.folder(&op.repo).part("api").part("json");
        let tree = format!("jobs[name,allBuilds[{BUILD}]{{0,{end}}}]");
        let folder: wire::Folder = server.client.get(path).query("tree", tree).send(cx).await?;
        for job in folder.jobs {
            builds.extend(job.builds.into_iter().map(|build| (job.name.clone(), build)));
        }
        builds.sort_by(|(a, one), (b, other)| {
            let key = |build: &wire::Build| Reverse((build.timestamp, build.queue_id));
            key(one).cmp(&key(other)).then_with(|| a.cmp(b)).then(other.number.cmp(&one.number))
        });
        builds.drain(..builds.len().min(usize::try_from(part.offset).unwrap_or(usize::MAX)));
    }
    let more = builds.len() > size;
    builds.truncate(size);
    Ok((builds.into_iter().map(|(pipeline, build)| of_build(&op.repo, &pipeline, build)).collect(), more))
}

pub(super) async fn cancel(server: &Server, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let id = RunId::read(&op.run)?;
    let found = find(server, &cx.clone().for_attempt(None), &op.repo, &id).await.map_err(Error::refused)?;
    let job = server.job(&op.repo, &id.pipeline);
    let make = match (found, id.place) {
        (Found::Build(build), _) if !build.state().is_final() => {
            Some((job.part(build.number).part("stop"), None))
        }
        (Found::Waiting(waiting), Place::Queue(item)) if !waiting.cancelled => {
            Some((at!["queue", "cancelItem"], Some(item)))
        }
        _ => None,
    };
    if let Some((path, item)) = make {
        match server.write(cx, || server.client.post(path.clone()).maybe("id", item)).await {
            Ok(_) => {}
            // Done, and a browser is sent back to where it came from.
            Err(error) if error.status_code() == Some(302) => {}
            Err(error) => return Err(error),
        }
    }
    read(server, cx, &op.repo, &id).await.map_err(|error| error.worst(Delivery::Answered, true))
}

pub(super) async fn jobs(server: &Server, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let id = RunId::read(&op.run)?;
    let list = List(("cicd.list_jobs", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, 100)?;
    let items = match find(server, cx, &op.repo, &id).await? {
        Found::Build(build) if part.offset == 0 => {
            let mut job = Job::new(JOB, JOB, build.state());
            (job.started_at, job.ended_at) = (time(build.timestamp), ended_at(&build));
            job.vendor_state = build.result;
            vec![job]
        }
        _ => Vec::new(),
    };
    Ok(part.page(&list, items, false))
}

/// The one job of a build.
pub(super) const JOB: &str = "build";
