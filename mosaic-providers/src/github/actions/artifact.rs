//! Artifacts: archives that a run left behind.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{DownloadArtifact, ListArtifacts};
use mosaic_core::types::cicd::Artifact;
use mosaic_core::types::{Chunk, Page, RepoRef};

use super::hub::{Hub, at_actions, number};
use super::wire;
use crate::github::client::MOST;
use crate::http::{List, Numbered};

/// How many pages of artifacts are read at most.
const PAGES: usize = 20;

pub(super) async fn list(hub: &Hub, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
    let run = number(&op.run)?;
    let list = List(("cicd.list_artifacts", &op.repo, run));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let mut all = all(hub, cx, &op.repo, run, None).await?;
    all.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(part.cut(&list, all.into_iter().map(read).collect()))
}

/// The artifacts of a run that are not gone yet.
async fn all(
    hub: &Hub,
    cx: &CallContext,
    repo: &RepoRef,
    run: u64,
    name: Option<&str>,
) -> Result<Vec<wire::Artifact>> {
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let request = hub.client.get(at_actions(repo, "runs").part(run).part("artifacts"));
        let request = request.query("per_page", MOST).query("page", page).maybe("name", name);
        let read: wire::Artifacts = request.send(cx).await?;
        let full = read.artifacts.len() >= MOST;
        all.extend(read.artifacts.into_iter().filter(|artifact| !artifact.expired));
        if !full {
            return Ok(all);
        }
    }
    let text = format!("a run with more than {} artifacts cannot be listed by name", PAGES * MOST);
    Err(Error::new(ErrorKind::Unsupported, text))
}

fn read(wire: wire::Artifact) -> Artifact {
    let mut artifact = Artifact::new(wire.name);
    artifact.size = u64::try_from(wire.size_in_bytes).ok();
    artifact.digest = wire.digest.filter(|digest| digest.starts_with("sha256:"));
    artifact
}

pub(super) async fn download(hub: &Hub, cx: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
    let run = number(&op.run)?;
    let found = all(hub, cx, &op.repo, run, Some(&op.file)).await?;
    // Attempts of a run may each leave one of the name: the newest counts.
    let newest =
        found.into_iter().filter(|artifact| artifact.name == op.file).max_by_key(|artifact| artifact.id);
    let newest = newest.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("run {run} has no artifact `{}`, or it is kept no longer", op.file),
        )
    })?;
    let path = at_actions(&op.repo, "artifacts").part(newest.id).part("zip");
    Ok(hub.client.get(path).stream(cx).await?.value)
}
