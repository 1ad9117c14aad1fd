//! Artifacts: one archive for each job that left something.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{DownloadArtifact, ListArtifacts};
use mosaic_core::types::cicd::Artifact;
use mosaic_core::types::{Chunk, Page, RepoRef};

use super::super::client::{GitLab, PAGE, project};
use super::super::wire::number;
use super::job;
use super::wire::WireJob;
use crate::forge::names::{self, FilePath};
use crate::http::{List, Numbered};

/// More pages of jobs than a run has.
const PAGES: u64 = 50;

/// The name of a job's archive: the job's, and the archive's own.
fn name(job: &WireJob) -> Option<String> {
    let file = job.artifacts_file.as_ref()?;
    Some(format!("{}/{}", job.name, file.filename.as_deref().unwrap_or("artifacts.zip")))
}

/// A page of jobs is asked for, so a page may be shorter than it was asked for.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
    let list = List(("artifacts", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, PAGE)?;
    let answer = job::page(lab, cx, &op.repo, &op.run, part.number(), part.size).await?;
    let artifact = |job: &WireJob| {
        let mut artifact = Artifact::new(name(job)?);
        artifact.size = job.artifacts_file.as_ref().and_then(|file| file.size).map(number);
        Some(artifact)
    };
    let items = answer.value.iter().filter_map(artifact).collect();
    Ok(part.linked(&list, items, &answer.headers))
}

/// `JOB/ARCHIVE` is the archive as it is, `JOB/PATH` one file out of it. The job is looked up by its name.
pub(super) async fn download(
    lab: &GitLab,
    cx: &CallContext,
    op: DownloadArtifact,
) -> Result<ItemStream<Chunk>> {
    let (job, inner) = find(lab, cx, &op.repo, &op.run, &op.file).await?;
    let path = project(&op.repo)?.part("jobs").part(job).part("artifacts");
    let path = match inner {
        Some(inner) => path.parts(FilePath::parse(&inner)?.as_str()),
        None => path,
    };
    Ok(lab.get(path).accept("*/*").stream(cx).await?.value)
}

async fn find(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    run: &str,
    file: &str,
) -> Result<(i64, Option<String>)> {
    let mut best: Option<(usize, i64, String)> = None;
    for page in 1..=PAGES {
        let answer = job::page(lab, cx, repo, run, page, PAGE as u64).await?;
        for job in answer.value.iter().filter(|job| job.artifacts_file.is_some()) {
            if name(job).as_deref() == Some(file) {
                return Ok((job.id, None));
            }
            let inner = file.strip_prefix(job.name.as_str()).and_then(|rest| rest.strip_prefix('/'));
            if let Some(inner) =
                inner.filter(|_| best.as_ref().is_none_or(|(length, ..)| job.name.len() > *length))
            {
                best = Some((job.name.len(), job.id, inner.to_owned()));
            }
        }
        if answer.value.len() < PAGE {
            break;
        }
    }
    best.map(|(_, job, inner)| (job, Some(inner))).ok_or_else(|| {
        let text = format!("run {run} left no {}: names begin with the name of the job", names::shown(file));
        Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered)
    })
}
