//! Jobs of a run, the newest attempt of each.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::ListJobs;
use mosaic_core::types::cicd::Job;
use mosaic_core::types::{Page, RepoRef};

use super::super::client::{GitLab, PAGE, counted, project};
use super::super::wire::number;
use super::run;
use super::wire::WireJob;
use crate::forge::names;
use crate::http::{Answer, List, Numbered};

/// A page of the jobs of a run, as GitLab tells them.
pub(super) async fn page(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    run: &str,
    number: u64,
    size: u64,
) -> Result<Answer<Vec<WireJob>>> {
    let request = lab.get(run::path(repo, run)?.part("jobs"));
    request.query("page", number).query("per_page", size).query("include_retried", false).full(cx).await
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let list = List(("jobs", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, PAGE)?;
    let answer = page(lab, cx, &op.repo, &op.run, part.number(), part.size).await?;
    let items = answer.value.into_iter().map(Job::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}

/// A job of this run.
pub(super) async fn fetch(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    run: &str,
    job: &str,
) -> Result<WireJob> {
    let path = project(repo)?.part("jobs").part(counted("job", job)?);
    counted("run", run)?;
    let found: WireJob = lab.get(path).send(cx).await?;
    match &found.pipeline {
        Some(pipeline) if number(pipeline.id).to_string() == run => Ok(found),
        _ => {
            let text = format!("there is no job {} of run {}", names::shown(job), names::shown(run));
            Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered))
        }
    }
}
