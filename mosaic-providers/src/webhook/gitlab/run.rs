//! Pipelines and their jobs.

use mosaic_core::Result;
use mosaic_core::types::cicd::{Job, PipelineRun};
use serde::Deserialize;

use super::Payload;
use crate::run_state::gitlab::WORDS;
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{Event, JobEvent, RunEvent};

#[derive(Deserialize)]
struct PipelineBody {
    object_attributes: Pipeline,
}

#[derive(Deserialize)]
struct Pipeline {
    id: Id,
    #[serde(rename = "ref")]
    reference: Option<String>,
    sha: Option<String>,
    status: String,
    url: Option<String>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    finished_at: Time,
}

pub(super) fn pipeline(payload: &Payload<'_>) -> Result<Event> {
    let PipelineBody { object_attributes: wire } = wire::read(payload.body)?;
    let state = WORDS.read(&wire.status, wire.finished_at.0.is_some());
    let mut run = PipelineRun::new(wire.id.to_string(), payload.repo()?, state);
    run.reference = wire::said(wire.reference);
    run.commit = wire::said(wire.sha);
    run.vendor_state = Some(wire.status);
    run.web_url = wire.url;
    run.created_at = wire.created_at.0;
    run.ended_at = wire.finished_at.0;
    Ok(Event::Run(RunEvent::new(run)))
}

#[derive(Deserialize)]
struct JobBody {
    build_id: Id,
    build_name: String,
    build_status: String,
    build_failure_reason: Option<String>,
    pipeline_id: Id,
    #[serde(default)]
    build_started_at: Time,
    #[serde(default)]
    build_finished_at: Time,
}

pub(super) fn job(payload: &Payload<'_>) -> Result<Event> {
    let body: JobBody = wire::read(payload.body)?;
    let state = WORDS.read(&body.build_status, body.build_finished_at.0.is_some());
    let mut job = Job::new(body.build_id.to_string(), body.build_name, state);
    // The reason of what did not fail is a word that says that there is none.
    job.reason = body.build_failure_reason.filter(|_| body.build_status == "failed");
    job.vendor_state = Some(body.build_status);
    job.started_at = body.build_started_at.0;
    job.ended_at = body.build_finished_at.0;
    Ok(Event::Job(JobEvent::new(body.pipeline_id.to_string(), job)))
}
