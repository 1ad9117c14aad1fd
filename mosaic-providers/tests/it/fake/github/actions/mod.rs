//! GitHub Actions over the runs of the forge.
//!
//! Faithful: workflows by number and by name of file, dispatches that tell of their run when asked to, refuse inputs and keys they
//! do not know, and need the trigger; attempts under the number of the run; 409 and 403 for states that do not allow
//! something; logs and archives behind a redirect to another host, which refuses credentials; archives that are zip files.
//! Definitions are read as JSON, which is YAML too.
//!
//! Left out: other events than `workflow_dispatch`, reviews of environments, caches, secrets, variables, runners; filters
//! by `created` and check suite. [`GitHub::dispatch_silently`] makes dispatches those of an older server,
//! [`GitHub::show_runs_late`] lists those of a busy one.

mod runs;
mod shape;
mod workflows;
mod zip;

use std::sync::PoisonError;

use super::fault::not_found;
use super::{Answer, Cx, GitHub};
use crate::fake::forge::Repo;

impl GitHub {
    /// Answers dispatches with nothing, and refuses to be asked for more, as a server of some years ago.
    pub(crate) fn dispatch_silently(&self) {
        self.silent.store(true, std::sync::atomic::Ordering::Release);
    }

    /// Leaves a new run out of up to so many lists, some of them longer than others, so that a later one shows before.
    pub(crate) fn show_runs_late(&self, lists: u64) {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).0 = lists;
    }

    /// Whether a list shows a run.
    fn shows(&self, run: u64) -> bool {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let most = late.0;
        let left_out = late.1.entry(run).or_default();
        if *left_out >= most.saturating_sub(run % 3) {
            return true;
        }
        *left_out += 1;
        false
    }
}

/// What is below `/repos/{owner}/{repo}/actions`.
pub(super) async fn route(cx: &Cx<'_>, repo: &Repo, rest: &[&str]) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| not_found());
    match (cx.ask.method.as_str(), rest) {
        ("GET", ["workflows"]) => workflows::list(cx, repo).await,
        ("GET", ["workflows", name]) => workflows::get(cx, repo, name).await,
        ("POST", ["workflows", name, "dispatches"]) => workflows::dispatch(cx, repo, name).await,
        ("GET", ["workflows", name, "runs"]) => {
            let workflow = workflows::find(cx, repo, name).await?;
            runs::list(cx, repo, Some(&workflow.path))
        }
        ("GET", ["runs"]) => runs::list(cx, repo, None),
        ("GET", ["runs", run]) => runs::get(cx, repo, number(run)?),
        ("POST", ["runs", run, "cancel"]) => runs::cancel(cx, repo, number(run)?),
        ("POST", ["runs", run, "rerun"]) => runs::rerun(cx, repo, number(run)?, false),
        ("POST", ["runs", run, "rerun-failed-jobs"]) => runs::rerun(cx, repo, number(run)?, true),
        ("GET", ["runs", run, "jobs"]) => runs::jobs(cx, repo, number(run)?),
        ("GET", ["runs", run, "artifacts"]) => runs::artifacts(cx, repo, number(run)?),
        ("GET", ["jobs", job]) => runs::job(cx, repo, number(job)?),
        ("GET", ["jobs", job, "logs"]) => runs::log(cx, repo, number(job)?),
        ("GET", ["artifacts", id, "zip"]) => runs::archive(cx, repo, number(id)?),
        _ => Err(not_found()),
    }
}

/// The other host, where logs and archives are: nobody's credentials are wanted there.
pub(super) fn blob(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    runs::blob(cx, parts)
}

/// A definition of this program in GitHub's language.
pub(crate) use workflows::definition;
