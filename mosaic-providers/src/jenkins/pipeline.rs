//! What can be run: the jobs in the folder of a repository.

use bytes::Bytes;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{CreatePipeline, ListPipelines};
use mosaic_core::types::Page;
use mosaic_core::types::cicd::Pipeline;

use super::client::Server;
use super::wire;
use crate::http::{List, Numbered};

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    let list = List(("cicd.list_pipelines", &op.repo, &op.at));
    let part = Numbered::of(&list, &op.page, 100)?;
    let path = server.folder(&op.repo).part("api").part("json");
    let request = server.client.get(path).query("tree", "jobs[name,buildable]");
    let mut jobs = request.send::<wire::Folder>(cx).await?.jobs;
    // Folders are no jobs.
    jobs.retain(|job| job.buildable.is_some());
    jobs.sort_by(|a, b| a.name.cmp(&b.name));
    let read = |job: wire::Job| Pipeline::new(job.name.clone(), op.repo.clone(), job.name);
    Ok(part.cut(&list, jobs.into_iter().map(read).collect()))
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
    // A name that no path can hold is refused before anything is sent.
    server.job(&op.repo, &op.pipeline).encoded()?;
    let path = server.folder(&op.repo).part("createItem");
    let definition = Bytes::from(op.definition.into_bytes());
    let make = || {
        let request = server.client.post(path.clone()).query("name", &op.pipeline);
        request.bytes("application/xml", definition.clone())
    };
    server.write(cx, make).await?;
    Ok(Pipeline::new(op.pipeline.clone(), op.repo, op.pipeline))
}
