//! Jobs of a run: those of its workflows, in the order in which they begin.

use std::collections::HashMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::ListJobs;
use mosaic_core::types::cicd::{Job, RunState};
use mosaic_core::types::{Page, RepoRef, Timestamp};

use super::client::Server;
use super::run::workflows_of;
use super::state::{counted, time};
use super::wire;
use crate::http::{List, Numbered, at};

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let list = List(("cicd.list_jobs", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, 100)?;
    let mut all = all(server, cx, &op.repo, &op.run).await?;
    all.sort_by_key(|found| (found.started_at.is_none(), found.started_at, found.depth));
    Ok(part.cut(&list, all.into_iter().map(Found::shown).collect()))
}

/// A job and where it is.
pub(super) struct Found {
    pub(super) workflow: wire::Workflow,
    pub(super) wire: wire::Job,
    pub(super) state: RunState,
    started_at: Option<Timestamp>,
    needs: Vec<String>,
    /// How many others come before it at least.
    depth: usize,
}

/// All jobs of the workflows of a run that count.
///
/// # Errors
/// `NotFound` where the repository has no such run; those of reading.
pub(super) async fn all(server: &Server, cx: &CallContext, repo: &RepoRef, run: &str) -> Result<Vec<Found>> {
    let workflows = workflows_of(server, cx, repo, run).await?;
    let mut all = Vec::new();
    for workflow in counted(&workflows) {
        all.extend(of_workflow(server, cx, workflow).await?);
    }
    Ok(all)
}

/// The jobs of a workflow.
pub(super) async fn of_workflow(
    server: &Server,
    cx: &CallContext,
    workflow: &wire::Workflow,
) -> Result<Vec<Found>> {
    let jobs: Vec<wire::Job> = server.all(cx, &at!["v2", "workflow", &workflow.id, "job"]).await?;
    let over = workflow.state().is_final();
    let depths = depths(&jobs);
    let names: HashMap<_, _> = jobs.iter().map(|job| (job.id.clone(), job.name.clone())).collect();
    let found = |(wire, depth): (wire::Job, usize)| Found {
        workflow: workflow.clone(),
        state: wire.state(over),
        started_at: time(wire.started_at.as_deref()),
        needs: wire.dependencies.iter().filter_map(|id| names.get(id).cloned()).collect(),
        depth,
        wire,
    };
    Ok(jobs.into_iter().zip(depths).map(found).collect())
}

/// The length of the longest way to each job.
fn depths(jobs: &[wire::Job]) -> Vec<usize> {
    let mut depths = vec![0; jobs.len()];
    let places: HashMap<_, _> = jobs.iter().enumerate().map(|(at, job)| (job.id.as_str(), at)).collect();
    // Should they wait for each other in a circle, it ends all the same.
    for _ in 0..jobs.len() {
        let mut changed = false;
        for (at, job) in jobs.iter().enumerate() {
            let needed = job.dependencies.iter().filter_map(|id| places.get(id.as_str()));
            let depth = needed.map(|place| depths[*place] + 1).max().unwrap_or(0);
            changed |= depth != depths[at];
            depths[at] = depth;
        }
        if !changed {
            break;
        }
    }
    depths
}

impl Found {
    fn shown(self) -> Job {
        let mut job = Job::new(self.wire.id, self.wire.name, self.state);
        job.started_at = self.started_at;
        job.ended_at = time(self.wire.stopped_at.as_deref());
        job.vendor_state = Some(self.wire.status);
        job.needs = self.needs;
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn jobs_come_after_what_they_need() {
        let of = |rows: &[(&str, &[&str])]| {
            let job = |(id, needs): &(&str, &[&str])| {
                let job = json!({ "id": id, "name": id, "status": "success", "dependencies": needs });
                serde_json::from_value(job).unwrap()
            };
            depths(&rows.iter().map(job).collect::<Vec<_>>())
        };
        assert_eq!(of(&[("c", &["b"]), ("b", &["a"]), ("a", &[]), ("x", &["gone"])]), [2, 1, 0, 0]);
        assert_eq!(of(&[("a", &["b"]), ("b", &["a"])]).len(), 2);
    }
}
