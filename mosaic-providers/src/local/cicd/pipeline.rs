//! Pipelines: files of a repository, listed at a commit and made by one.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{CreatePipeline, ListPipelines};
use mosaic_core::op::git::{GitService as _, WriteFile};
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::{Page, RepoRef};

use super::list::page;
use super::root::Root;
use super::{definition, names};

/// Commits the definition to the branch. One that cannot be read is refused.
pub(super) async fn create(root: &Root, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
    let path = names::pipeline_path(&op.pipeline)?;
    let definition = definition::parse(&op.pipeline, &op.definition, root.config.limits.jobs)?;
    let title = definition.name.as_deref().unwrap_or(&op.pipeline);
    let message = format!("Add the pipeline {title}");
    // An empty version stands for "there is none": the branch is moved only where that still holds.
    let mut file = WriteFile::of(&op.repo, path, op.definition).message(message).expected("");
    file.branch = op.branch;
    root.forge.write_file(cx, file).await?;
    noun(&op.repo, &op.pipeline)
}

pub(super) async fn list(root: &Root, op: ListPipelines) -> Result<Page<Pipeline>> {
    let found = root.forge.find_commit(&op.repo, op.at.as_deref()).await?;
    let files = match &found.commit {
        Some(commit) => root.forge.file_names(&op.repo, commit, names::FOLDER).await?,
        None => Vec::new(),
    };
    let mut pipelines: Vec<_> = files.iter().filter_map(|file| names::pipeline_of(file)).collect();
    pipelines.sort_unstable();
    let items = pipelines.into_iter().map(|name| Ok((name.to_owned(), noun(&op.repo, name)?)));
    page("pipelines", items.collect::<Result<Vec<_>>>()?.into_iter(), &op.page)
}

fn noun(repo: &RepoRef, name: &str) -> Result<Pipeline> {
    Ok(Pipeline::new(name, repo.clone(), name).path(names::pipeline_path(name)?))
}
