//! Jobs of a run: Woodpecker's workflows, each with the steps that share its directory.

use std::cmp::Reverse;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::ListJobs;
use mosaic_core::types::Page;
use mosaic_core::types::cicd::{Job, RunState};

use super::client::{Server, number};
use super::run::time;
use super::wire;
use crate::http::{List, Numbered};
use crate::run_state::woodpecker::WORDS;

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let number = number(&op.run)?;
    let list = List(("cicd.list_jobs", &op.repo, number));
    let part = Numbered::of(&list, &op.page, 100)?;
    let list = &list;
    server
        .within(cx, &op.repo, |place| async move {
            let run = server.run(cx, &place, number).await?;
            let mut all = run.workflows.unwrap_or_default();
            // What has not begun comes last.
            all.sort_by_key(|workflow| (Reverse(workflow.started > 0), workflow.started, workflow.pid));
            Ok(part.cut(list, all.into_iter().map(read).collect()))
        })
        .await
}

impl wire::Workflow {
    pub(super) fn state(&self) -> RunState {
        WORDS.read(&self.state, self.finished > 0)
    }
}

fn read(wire: wire::Workflow) -> Job {
    let state = wire.state();
    let mut job = Job::new(wire.id.to_string(), wire.name, state);
    let steps = wire.children.unwrap_or_default();
    let culprit =
        steps.iter().find(|step| step.exit_code != 0 && matches!(step.state.as_str(), "failure" | "error"));
    job.exit_code = match culprit {
        Some(step) => Some(step.exit_code),
        None => (state == RunState::Succeeded).then_some(0),
    };
    let told = steps.iter().find(|step| !step.error.is_empty());
    job.reason = match (wire.error.as_str(), told, culprit) {
        ("", Some(step), _) => Some(format!("step {}: {}", step.name, step.error)),
        ("", None, Some(step)) => Some(format!("step {} ended with {}", step.name, step.exit_code)),
        ("", None, None) => None,
        (error, ..) => Some(error.to_owned()),
    };
    job.started_at = time(wire.started);
    job.ended_at = time(wire.finished);
    job.vendor_state = Some(wire.state);
    job
}
