//! Runs: asked for, read, cancelled, repeated. Woodpecker calls them pipelines.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, GetRun, ListRuns, RerunRun, TriggerRun};
use mosaic_core::types::cicd::PipelineRun;
use mosaic_core::types::{Page, RepoRef, Timestamp};

use super::client::{Place, Server, number};
use super::{pipeline, wire};
use crate::http::{List, Numbered, Request, at, limit_of, sift};
use crate::object_id::is_object_id;
use crate::run_state::woodpecker::WORDS;

/// The largest page that the server gives.
const PAGE: usize = 50;

/// How many pages of branches are read at most to see whether one is there.
const BRANCH_PAGES: u64 = 20;

pub(super) async fn trigger(server: &Server, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    let branch = op.at.as_deref().map(branch).transpose()?;
    let mut variables: BTreeMap<String, String> = op.inputs.clone();
    if let Some(variable) = &server.variable
        && variables.insert(variable.clone(), op.pipeline.clone()).is_some()
    {
        let text = format!("inputs: `{variable}` carries the name of the pipeline");
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    let (op, variables) = (&op, &variables);
    server
        .within(cx, &op.repo, |place| async move {
            pipeline::check(server, &op.pipeline)?;
            let branch = branch.unwrap_or(&place.default_branch);
            let options = wire::Options { branch, variables };
            let request = server.client.post(at!["repos", place.id, "pipelines"]).json(&options);
            match request.content::<wire::Run>(cx).await {
                Ok(Some(run)) => Ok(read(server, &op.repo, &place, run)),
                Ok(None) => Err(filtered(&op.pipeline, branch)),
                // A branch that is not there is answered by an empty 500.
                Err(error) if error.status_code() == Some(500) => {
                    Err(if lacks(server, cx, &place, branch).await { no_branch(branch) } else { error })
                }
                Err(error) => Err(error),
            }
        })
        .await
}

/// The branch that a reference names.
fn branch(at: &str) -> Result<&str> {
    if at.starts_with("refs/") && !at.starts_with("refs/heads/") {
        let text = format!("Woodpecker runs branches when it is asked to, not {at}");
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(at.strip_prefix("refs/heads/").unwrap_or(at))
}

fn filtered(pipeline: &str, branch: &str) -> Error {
    let text = format!(
        "nothing runs as pipeline `{pipeline}` on {branch}: no workflow there takes the event `manual` with these inputs"
    );
    Error::new(ErrorKind::NotFound, text).status(204).delivery(Delivery::Answered)
}

fn no_branch(branch: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no branch `{branch}`")).delivery(Delivery::Answered)
}

/// Whether the forge lists its branches without this one.
async fn lacks(server: &Server, cx: &CallContext, place: &Place, branch: &str) -> bool {
    for page in 1..=BRANCH_PAGES {
        let request = server.client.get(at!["repos", place.id, "branches"]);
        let read = request.query("page", page).query("perPage", PAGE).send::<Vec<String>>(cx).await;
        match read {
            Ok(names) if names.iter().any(|name| name == branch) => return false,
            // An empty list may be a forge that does not answer.
            Ok(names) if names.len() < PAGE => return page > 1 || !names.is_empty(),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    let number = number(&op.run)?;
    let repo = &op.repo;
    server
        .within(cx, repo, |place| async move {
            let run = server.run(cx, &place, number).await?;
            Ok(read(server, repo, &place, run))
        })
        .await
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let list = List(("cicd.list_runs", &op.repo, &op.pipeline, &op.reference, &op.state));
    let part = Numbered::of(&list, &op.page, PAGE)?;
    if let Some(pipeline) = &op.pipeline {
        pipeline::check(server, pipeline)?;
    }
    let (op, filter, limit) = (&op, &Filter::of(server, &op), limit_of(&op.page, PAGE));
    // Where each page has to be searched, large ones are read.
    let size = if filter.is_exact { part.size } else { PAGE as u64 };
    let found = server
        .within(cx, &op.repo, |place| async move {
            let fetch = async |page| {
                let request = server.client.get(at!["repos", place.id, "pipelines"]);
                let request = request.query("page", page).query("perPage", size);
                let runs: Vec<wire::Run> = filter.ask(request).send(cx).await?;
                let more = runs.len() as u64 >= size;
                Ok((runs, more))
            };
            let keep =
                |run| Some(run).filter(|run| filter.fits(run)).map(|run| read(server, &op.repo, &place, run));
            sift(part.offset, limit, size, fetch, keep).await
        })
        .await?;
    Ok(found.page(&list))
}

/// Which runs are wanted.
struct Filter<'a> {
    server: &'a Server,
    op: &'a ListRuns,
    reference: Reference<'a>,
    word: Option<&'static str>,
    /// Whether the server gives nothing but them.
    is_exact: bool,
}

/// What runs were asked for on.
enum Reference<'a> {
    Any,
    Branch(&'a str),
    Whole(&'a str),
    Commit(&'a str),
}

impl<'a> Filter<'a> {
    fn of(server: &'a Server, op: &'a ListRuns) -> Self {
        let reference = match op.reference.as_deref() {
            None => Reference::Any,
            Some(whole) => match whole.strip_prefix("refs/heads/") {
                Some(branch) => Reference::Branch(branch),
                None if whole.starts_with("refs/") => Reference::Whole(whole),
                None if is_object_id(whole) => Reference::Commit(whole),
                None => Reference::Branch(whole),
            },
        };
        let word = op.state.and_then(|state| WORDS.only(state));
        let is_exact = matches!(reference, Reference::Any | Reference::Branch(_))
            && (op.state.is_none() || word.is_some())
            && (op.pipeline.is_none() || server.variable.is_none());
        Self { server, op, reference, word, is_exact }
    }

    /// What the server can be asked for.
    fn ask<'r>(&self, request: Request<'r>) -> Request<'r> {
        let request = request.maybe("status", self.word);
        match self.reference {
            Reference::Any | Reference::Commit(_) => request,
            Reference::Branch(name) => request.query("branch", name),
            Reference::Whole(name) => request.query("ref", name),
        }
    }

    fn fits(&self, run: &wire::Run) -> bool {
        let reference = match self.reference {
            Reference::Any | Reference::Branch(_) => true,
            // The server looks for it anywhere in the name.
            Reference::Whole(name) => run.reference == name,
            Reference::Commit(commit) => run.commit == commit,
        };
        reference
            && self.op.state.is_none_or(|state| run.state() == state)
            && self.op.pipeline.as_deref().is_none_or(|name| pipeline_of(self.server, run) == Some(name))
    }
}

pub(super) async fn cancel(server: &Server, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let number = number(&op.run)?;
    let repo = &op.repo;
    server
        .within(cx, repo, |place| async move {
            let asked =
                server.client.post(at!["repos", place.id, "pipelines", number, "cancel"]).done(cx).await;
            let refused = match asked {
                Ok(_) => None,
                Err(error) if error.kind() == ErrorKind::Conflict => Some(error),
                Err(error) => return Err(error),
            };
            let run = server.run(cx, &place, number).await.map_err(|error| match refused {
                Some(_) => error,
                None => error.worst(Delivery::Answered, true),
            })?;
            match refused {
                Some(error) if !run.state().is_final() => Err(error),
                _ => Ok(read(server, repo, &place, run)),
            }
        })
        .await
}

pub(super) async fn rerun(server: &Server, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    if op.failed_only {
        return Err(Error::new(ErrorKind::Unsupported, "Woodpecker repeats whole runs only"));
    }
    let number = number(&op.run)?;
    let repo = &op.repo;
    server
        .within(cx, repo, |place| async move {
            // The server repeats runs that go on as well. A run that has ended stays so, and nothing is asked for before.
            let before =
                server.run(&cx.clone().for_attempt(None), &place, number).await.map_err(Error::refused)?;
            if !before.state().is_final() {
                let text = format!("run {number} is {}: only one that has ended is repeated", before.status);
                return Err(Error::new(ErrorKind::Conflict, text));
            }
            let run = server.client.post(at!["repos", place.id, "pipelines", number]).send(cx).await?;
            Ok(read(server, repo, &place, run))
        })
        .await
}

/// The pipeline of a run, where it is known.
fn pipeline_of<'a>(server: &Server, run: &'a wire::Run) -> Option<&'a str> {
    match &server.variable {
        Some(variable) => run.variables.as_ref()?.get(variable).map(String::as_str),
        None => Some(pipeline::WHOLE),
    }
}

/// A run as everybody sees it. What only the whole run has, such as its workflows, counts for nothing, so that lists show the
/// same.
fn read(server: &Server, repo: &RepoRef, place: &Place, wire: wire::Run) -> PipelineRun {
    let mut run = PipelineRun::new(wire.number.to_string(), repo.clone(), wire.state());
    run.pipeline = pipeline_of(server, &wire).map(str::to_owned);
    run.web_url = server.page_of(place, wire.number);
    run.reason = reason(&wire);
    run.reference = reference(&wire);
    run.commit = Some(wire.commit).filter(|commit| !commit.is_empty());
    run.created_at = time(wire.created);
    run.started_at = time(wire.started);
    run.ended_at = time(wire.finished);
    run.vendor_state = Some(wire.status);
    run
}

/// What a run was asked for on: the tag of a tag, else the branch.
fn reference(wire: &wire::Run) -> Option<String> {
    let tag = wire.reference.strip_prefix("refs/tags/");
    let name = tag.filter(|_| wire.event == "tag" || wire.branch.is_empty()).unwrap_or(&wire.branch);
    (!name.is_empty()).then(|| name.to_owned())
}

fn reason(wire: &wire::Run) -> Option<String> {
    let faults = wire.errors.iter().flatten().filter(|fault| !fault.is_warning && !fault.message.is_empty());
    let faults: Vec<_> = faults.map(|fault| fault.message.as_str()).collect();
    if !faults.is_empty() {
        return Some(faults.join("; "));
    }
    let cancel = wire.cancel_info.as_ref()?;
    match cancel {
        wire::Cancel { canceled_by_user: user, .. } if !user.is_empty() => {
            Some(format!("cancelled by {user}"))
        }
        wire::Cancel { canceled_by_step: step, .. } if !step.is_empty() => {
            Some(format!("cancelled by step {step}"))
        }
        wire::Cancel { superseded_by: number @ 1.., .. } => Some(format!("superseded by run {number}")),
        _ => None,
    }
}

/// A time of the server's: seconds since 1970, nothing for 0.
pub(super) fn time(seconds: i64) -> Option<Timestamp> {
    (seconds > 0).then(|| Timestamp::from_second(seconds).ok()).flatten()
}
