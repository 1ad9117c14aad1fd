//! Steps of a run, which are its jobs.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::ListJobs;
use mosaic_core::types::cicd::Job;
use mosaic_core::types::{Page, RepoRef};

use super::super::cloud::{Cloud, not_found, unclear};
use super::super::page;
use super::run::{self, braced};
use super::wire::Step;
use crate::forge::names;
use crate::http::{List, Numbered, Path};

/// A run has 100 steps at most.
const PAGES: usize = 10;

/// They are few, so they are read whole; a run that is not there has an empty list, so it is looked for.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let list = List(("jobs", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, page::MOST)?;
    let path = run::place(&op.repo, &op.run)?.part("steps");
    let found = page::all::<Step>(cloud, cx, &path, &[], PAGES).await?;
    let found = found.ok_or_else(|| unclear("the list of steps does not end"))?;
    if found.is_empty() {
        run::fetch(cloud, cx, &op.repo, &op.run).await?;
    }
    Ok(part.cut(&list, found.into_iter().map(Job::from).collect()))
}

/// The path of a step.
pub(super) fn place(of: &RepoRef, run: &str, job: &str) -> Result<Path> {
    Ok(run::place(of, run)?.part("steps").part(braced(job)))
}

pub(super) async fn fetch(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    run: &str,
    job: &str,
) -> Result<Step> {
    let found = cloud.client.get(place(of, run, job)?).find(cx).await?;
    found.ok_or_else(|| {
        let (job, run) = (names::shown(job), names::shown(run));
        not_found(format!("there is no job {job} of run {run} in {of}"))
    })
}
