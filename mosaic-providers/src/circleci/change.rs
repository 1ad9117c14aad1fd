//! Runs that are cancelled or repeated: workflow by workflow.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CancelRun, RerunRun};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use serde_json::json;
use tokio::time::Instant;

use super::client::Server;
use super::run::{look, shown};
use super::state::counted;
use super::wire;
use crate::http::at;

pub(super) async fn cancel(server: &Server, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    // Reads: what goes wrong with them has cancelled nothing.
    let reading = &cx.clone().for_attempt(None);
    let (until, mut pace) = (Instant::now() + server.start_wait, server.pace());
    let going = loop {
        let (pipeline, workflows) = look(server, reading, &op.repo, &op.run).await.map_err(Error::refused)?;
        let going: Vec<_> = workflows.iter().filter(|one| !one.state().is_final()).cloned().collect();
        let run = shown(server, op.repo.clone(), pipeline, &workflows);
        if run.state.is_final() {
            return Ok(run);
        }
        if !going.is_empty() {
            break going;
        }
        if Instant::now() >= until {
            let text = format!("run {} has no workflow yet that could be cancelled: ask again soon", op.run);
            return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
        }
        pace.rest().await;
    };
    let (mut made, mut late) = (false, Vec::new());
    let told = |error: Error, made: bool| if made { error.after_a_step() } else { error };
    for workflow in going {
        match server.client.post(at!["v2", "workflow", &workflow.id, "cancel"]).done(cx).await {
            Ok(_) => made = true,
            // One that has just ended cannot be cancelled any more.
            Err(error) if is_late(&error) => late.push((workflow.id, error)),
            Err(error) => return Err(told(error, made)),
        }
    }
    let (pipeline, workflows) = look(server, cx, &op.repo, &op.run).await.map_err(Error::after_a_step)?;
    // Those that were accepted may still be on their way to the end.
    let goes_on = |id: &str| workflows.iter().any(|one| one.id == id && !one.state().is_final());
    match late.into_iter().find(|(id, _)| goes_on(id)) {
        Some((_, error)) => Err(told(error, made)),
        None => Ok(shown(server, op.repo, pipeline, &workflows)),
    }
}

fn is_late(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::NotFound)
}

pub(super) async fn rerun(server: &Server, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    let reading = &cx.clone().for_attempt(None);
    let (pipeline, workflows) = look(server, reading, &op.repo, &op.run).await.map_err(Error::refused)?;
    let run = shown(server, op.repo.clone(), pipeline, &workflows);
    if !run.state.is_final() {
        let word = run.vendor_state.unwrap_or_default();
        return Err(conflict(format!("run {} is {word}: only one that has ended is repeated", op.run)));
    }
    let chosen = chosen(&workflows, op.failed_only);
    if chosen.is_empty() {
        let what = if op.failed_only { "none of its workflows failed" } else { "it has no workflow" };
        return Err(conflict(format!("run {} cannot be repeated: {what}", op.run)));
    }
    let mut fresh = Vec::new();
    for workflow in chosen {
        let request = server.client.post(at!["v2", "workflow", &workflow.id, "rerun"]);
        let asked = request.json(&json!({ "from_failed": op.failed_only })).send(cx).await;
        let repeated: wire::Repeated =
            asked.map_err(|error| if fresh.is_empty() { error } else { error.after_a_step() })?;
        fresh.push(repeated.workflow_id);
    }
    // From here on the run was repeated, whatever reading it says.
    let attempt = run.attempt;
    match look(server, cx, &op.repo, &op.run).await {
        Ok((pipeline, workflows)) if fresh.iter().all(|id| workflows.iter().any(|one| one.id == *id)) => {
            Ok(shown(server, op.repo, pipeline, &workflows))
        }
        _ => {
            let mut run = run;
            run.state = RunState::Queued;
            (run.started_at, run.ended_at, run.vendor_state) = (None, None, None);
            run.attempt = attempt.map(|attempt| attempt + 1);
            Ok(run)
        }
    }
}

/// The workflows that are repeated. One that only makes the definition of others stays as it is where there are others.
fn chosen(workflows: &[wire::Workflow], failed_only: bool) -> Vec<&wire::Workflow> {
    let ended_well = |state| matches!(state, RunState::Succeeded | RunState::Skipped);
    let mut all = counted(workflows);
    if all.iter().any(|workflow| !workflow.prepares()) {
        all.retain(|workflow| !workflow.prepares());
    }
    all.retain(|workflow| !failed_only || !ended_well(workflow.state()));
    all
}

fn conflict(text: String) -> Error {
    Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered).refused()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_chosen() {
        let table = [
            ("build:failed deploy:success", false, "build deploy"),
            ("build:failed deploy:success", true, "build"),
            ("build:canceled deploy:not_run", true, "build"),
            ("build:success", true, ""),
            ("setup!:success build:failed", false, "build"),
            ("setup!:failed", false, "setup!"),
        ];
        for (rows, failed_only, expected) in table {
            let read = |row: &str| {
                let (name, status) = row.split_once(':').unwrap();
                let tag = name.ends_with('!').then_some("setup");
                serde_json::from_value(json!({ "id": name, "name": name, "status": status, "tag": tag }))
            };
            let all: Vec<wire::Workflow> = rows.split(' ').map(|row| read(row).unwrap()).collect();
            let names: Vec<_> = chosen(&all, failed_only).iter().map(|one| one.name.as_str()).collect();
            assert_eq!(names.join(" "), expected, "{rows}");
        }
    }
}
