//! Runs and jobs of Actions, and what checks say of commits.

use mosaic_core::Result;
use mosaic_core::types::cicd::{Job, PipelineRun};
use mosaic_core::types::git::CommitStatus;
use serde::Deserialize;

use super::{Payload, Repository, User, login};
use crate::run_state::{forgejo, github};
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{Event, JobEvent, RunEvent, StatusEvent, fault, status_state};

#[derive(Deserialize)]
struct RunBody {
    workflow_run: RunWire,
}

#[derive(Deserialize)]
struct RunWire {
    id: Id,
    workflow_id: Option<Id>,
    /// Where the workflow is, and after `@` sometimes the branch or tag: the whole path at GitHub, the file at Gitea.
    path: Option<String>,
    status: String,
    conclusion: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    run_attempt: Option<u64>,
    html_url: Option<String>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    run_started_at: Time,
    #[serde(default)]
    updated_at: Time,
    /// Gitea's names of the two above.
    #[serde(default)]
    started_at: Time,
    #[serde(default)]
    completed_at: Time,
}

/// A run of a workflow.
pub(in crate::webhook) fn run(payload: &Payload<'_>) -> Result<Event> {
    let RunBody { workflow_run: wire } = wire::read(payload.body)?;
    let conclusion = wire::said(wire.conclusion);
    let state = github::read(Some(&wire.status), conclusion.as_deref());
    let mut run = PipelineRun::new(wire.id.to_string(), payload.repo()?, state);
    run.pipeline = wire.path.as_deref().and_then(file).or(wire.workflow_id.map(|id| id.to_string()));
    run.reference = wire::said(wire.head_branch);
    run.commit = wire::said(wire.head_sha);
    run.attempt = wire.run_attempt.filter(|attempt| *attempt > 0);
    run.vendor_state = conclusion.or(Some(wire.status));
    run.web_url = wire.html_url;
    run.created_at = wire.created_at.0;
    run.started_at = wire.run_started_at.0.or(wire.started_at.0);
    run.ended_at = wire.completed_at.0.or(wire.updated_at.0).filter(|_| state.is_final());
    Ok(Event::Run(RunEvent::new(run)))
}

/// What a workflow is triggered by: the name of its file. Those that GitHub brings are no files of the repository.
fn file(path: &str) -> Option<String> {
    let path = path.split_once('@').map_or(path, |(path, _)| path);
    let file = path.strip_prefix(".github/workflows/").unwrap_or(path);
    (!file.is_empty() && !file.contains('/')).then(|| file.to_owned())
}

#[derive(Deserialize)]
struct ForgejoBody {
    run: ForgejoRun,
}

#[derive(Deserialize)]
struct ForgejoRun {
    id: Id,
    repository: Repository,
    trigger_user: Option<User>,
    workflow_id: Option<String>,
    status: String,
    prettyref: Option<String>,
    commit_sha: Option<String>,
    html_url: Option<String>,
    #[serde(default)]
    created: Time,
    #[serde(default)]
    started: Time,
    #[serde(default)]
    stopped: Time,
}

/// A run of a workflow, as Forgejo tells it: with the repository and who began it inside.
pub(in crate::webhook) fn forgejo_run(payload: &mut Payload<'_>) -> Result<Event> {
    let ForgejoBody { run: wire } = wire::read(payload.body)?;
    let repo =
        wire::repo(&wire.repository.full_name).ok_or_else(|| fault::lacking("run.repository.full_name"))?;
    let state = forgejo::WORDS.read(&wire.status, true);
    let mut run = PipelineRun::new(wire.id.to_string(), &repo, state);
    run.pipeline = wire::said(wire.workflow_id);
    run.reference = wire::said(wire.prettyref);
    run.commit = wire::said(wire.commit_sha);
    run.vendor_state = Some(wire.status);
    run.web_url = wire::said(wire.html_url);
    run.created_at = wire.created.0;
    run.started_at = wire.started.0;
    run.ended_at = wire.stopped.0.filter(|_| state.is_final());
    payload.sender = payload.sender.take().or(login(wire.trigger_user));
    payload.repo = Some(repo);
    Ok(Event::Run(RunEvent::new(run)))
}

#[derive(Deserialize)]
struct JobBody {
    workflow_job: JobWire,
}

#[derive(Deserialize)]
struct JobWire {
    id: Id,
    run_id: Id,
    name: String,
    status: String,
    conclusion: Option<String>,
    #[serde(default)]
    started_at: Time,
    #[serde(default)]
    completed_at: Time,
}

/// A job of a run.
pub(in crate::webhook) fn job(payload: &Payload<'_>) -> Result<Event> {
    let JobBody { workflow_job: wire } = wire::read(payload.body)?;
    let conclusion = wire::said(wire.conclusion);
    let state = github::read(Some(&wire.status), conclusion.as_deref());
    let mut job = Job::new(wire.id.to_string(), wire.name, state);
    job.vendor_state = conclusion.or(Some(wire.status));
    job.started_at = wire.started_at.0;
    job.ended_at = wire.completed_at.0;
    Ok(Event::Job(JobEvent::new(wire.run_id.to_string(), job)))
}

#[derive(Deserialize)]
struct StatusBody {
    sha: String,
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    #[serde(default)]
    updated_at: Time,
}

/// What a check says of a commit.
pub(in crate::webhook) fn status(payload: &Payload<'_>) -> Result<Event> {
    let wire: StatusBody = wire::read(payload.body)?;
    let mut status = CommitStatus::new(wire.context, status_state::hub_status(&wire.state));
    status.description = wire::said(wire.description);
    status.target_url = wire::said(wire.target_url);
    status.updated_at = wire.updated_at.0;
    Ok(Event::Status(StatusEvent::new(wire.sha, status).vendor_state(wire.state)))
}

#[derive(Deserialize)]
struct CheckBody {
    check_run: CheckWire,
}

#[derive(Deserialize)]
struct CheckWire {
    head_sha: String,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    output: Option<Output>,
    #[serde(default)]
    started_at: Time,
    #[serde(default)]
    completed_at: Time,
}

#[derive(Deserialize)]
struct Output {
    title: Option<String>,
}

/// The same of GitHub's check runs.
pub(in crate::webhook) fn check_run(payload: &Payload<'_>) -> Result<Event> {
    let CheckBody { check_run: wire } = wire::read(payload.body)?;
    let state = status_state::check(&wire.status, wire.conclusion.as_deref());
    let mut status = CommitStatus::new(wire.name, state);
    status.description = wire.output.and_then(|output| wire::said(output.title));
    status.target_url = wire::said(wire.details_url);
    status.updated_at = wire.completed_at.0.or(wire.started_at.0);
    let word = wire::said(wire.conclusion).unwrap_or(wire.status);
    Ok(Event::Status(StatusEvent::new(wire.head_sha, status).vendor_state(word)))
}
