//! Pipelines: created, listed, refused.

use super::draft::{Draft, JobDraft};
use super::world::Source;
use super::{Ground, World};
use crate::error::ErrorKind;
use crate::op::cicd::{CicdService, CreatePipeline, ListPipelines, TriggerRun};
use crate::testkit::suite::Failure;

/// A pipeline that was created is listed once, in the order of the names, whatever the limit of a page; a second one of its
/// name is a `Conflict`.
///
/// # Errors
/// The failure.
pub async fn pipelines_are_created_and_listed(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/pipelines_are_created_and_listed");
    let (cx, repo) = (ground.cx, ground.repo());
    let Source::Written(write) = world.source() else { return Ok(()) };
    let definition = write(&Draft::of(JobDraft::prints("one", "hello")));
    let mut made = Vec::new();
    for _ in 0..3 {
        let op = CreatePipeline::of(repo, world.unused(), definition.as_str());
        let pipeline = ground.done("create_pipeline", ci.create_pipeline(cx, op).await)?;
        ground.equal("repository of the pipeline", &pipeline.repo, repo)?;
        made.push(pipeline);
    }
    for limit in [1, 2, 100] {
        let list = |page| ci.list_pipelines(cx, ListPipelines::of(repo).page(page));
        let all = ground.walk(limit, list).await?;
        ground.ensure(
            all.is_sorted_by(|a, b| a.name <= b.name),
            || "the list is not in the order of the names",
        )?;
        for pipeline in &made {
            let found = all.iter().filter(|listed| *listed == pipeline).count();
            ground.equal(&format!("how often {} is in the list", pipeline.name), &found, &1)?;
        }
    }
    let twice = CreatePipeline::of(repo, made[0].name.as_str(), definition.as_str());
    ground.refused(
        "create_pipeline for the second time",
        ci.create_pipeline(cx, twice).await,
        ErrorKind::Conflict,
    )
}

/// A definition that means nothing is `Invalid`, when the pipeline is created or at the latest when it is triggered.
///
/// # Errors
/// The failure.
pub async fn bad_definitions_are_refused(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/bad_definitions_are_refused");
    let Some(broken) = world.broken_definition() else { return Ok(()) };
    let op = CreatePipeline::of(ground.repo(), world.unused(), broken);
    match ci.create_pipeline(ground.cx, op).await {
        Err(error) => ground.refused::<()>("create_pipeline", Err(error), ErrorKind::Invalid),
        Ok(pipeline) => {
            let run = ci.trigger_run(ground.cx, TriggerRun::of(ground.repo(), pipeline.id)).await;
            ground.refused("trigger_run", run, ErrorKind::Invalid)
        }
    }
}
