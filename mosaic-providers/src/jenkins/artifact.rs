//! Files that builds left behind.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{DownloadArtifact, ListArtifacts};
use mosaic_core::types::cicd::Artifact;
use mosaic_core::types::{Chunk, Page, RepoRef};

use super::client::{RunId, Server};
use super::run::{Found, find};
use super::wire;
use crate::http::{List, Numbered, Path};

/// Where a build is; none while it waits in the queue.
async fn place(server: &Server, cx: &CallContext, repo: &RepoRef, run: &str) -> Result<Option<Path>> {
    let id = RunId::read(run)?;
    Ok(match find(server, cx, repo, &id).await? {
        Found::Build(build) => Some(server.job(repo, &id.pipeline).part(build.number)),
        Found::Waiting(_) => None,
    })
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
    let list = List(("cicd.list_artifacts", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, 100)?;
    let Some(path) = place(server, cx, &op.repo, &op.run).await? else {
        return Ok(part.page(&list, Vec::new(), false));
    };
    let request = server.client.get(path.part("api").part("json")).query("tree", "artifacts[relativePath]");
    let mut files = request.send::<wire::Files>(cx).await?.artifacts;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(part.cut(&list, files.into_iter().map(|file| Artifact::new(file.path)).collect()))
}

pub(super) async fn download(
    server: &Server,
    cx: &CallContext,
    op: DownloadArtifact,
) -> Result<ItemStream<Chunk>> {
    let missing = || Error::new(ErrorKind::NotFound, format!("run {} left no file `{}`", op.run, op.file));
    let path = place(server, cx, &op.repo, &op.run).await?.ok_or_else(missing)?;
    let request = server.client.get(path.part("artifact").parts(&op.file)).accept("*/*");
    Ok(request.stream(cx).await?.value)
}
