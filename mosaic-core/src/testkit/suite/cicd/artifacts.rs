//! Artifacts: left by jobs, and kept from outside.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::cicd::{CicdService, DownloadArtifact, ListArtifacts, UploadArtifact};
use crate::testkit::suite::Failure;
use crate::types::Body;
use crate::types::cicd::{Artifact, PipelineRun, RunState};

/// A run that has ended and left nothing.
async fn plain_run<C: CicdService>(ground: &Ground<'_, C>) -> Result<PipelineRun, Failure> {
    let run = ground.run(&Draft::of(JobDraft::prints("one", "hello"))).await?;
    ground.ends(&run, RunState::Succeeded).await
}

/// What jobs leave behind is listed with size and digest, and comes back as it was.
///
/// # Errors
/// The failure.
pub async fn artifacts_of_jobs_come_back(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/artifacts_of_jobs_come_back");
    let leave = |path: &str, content: &str| Step::LeaveFile { path: path.into(), content: content.into() };
    let (a, b) = (leave("a.txt", "another file"), leave("b.txt", "the first file"));
    let draft = if ground.shows(Trait::SeveralJobs) {
        Draft::of(JobDraft::new("one").step(b)).job(JobDraft::new("two").step(a))
    } else {
        Draft::of(JobDraft::new("one").step(b).step(a))
    };
    let run = ground.run(&draft).await?;
    ground.ends(&run, RunState::Succeeded).await?;
    let mut artifacts = ground.artifacts(&run).await?;
    if !ground.shows(Trait::ArtifactsByName) {
        artifacts.sort_by(|one, other| one.name.cmp(&other.name));
    }
    if ground.shows(Trait::ArtifactsAsLeft) {
        let names: Vec<_> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        ground.equal("names of the artifacts", &names, &vec!["a.txt", "b.txt"])?;
        for (artifact, content) in artifacts.iter().zip(["another file", "the first file"]) {
            facts_hold(&ground, artifact, content.as_bytes())?;
            let got = ground.download(&run, &artifact.name).await?;
            ground.equal(&artifact.name, &got, &content.as_bytes().to_vec())?;
        }
    } else {
        for file in ["a.txt", "b.txt"] {
            let packed = artifacts.iter().find(|artifact| artifact.name.contains(file));
            let Some(packed) = packed else {
                return ground.ensure(false, || format!("no artifact of {file}: {artifacts:?}"));
            };
            let got = ground.download(&run, &packed.name).await?;
            ground.ensure(!got.is_empty(), || format!("{} is empty", packed.name))?;
            ground.equal("size", &packed.size.unwrap_or(got.len() as u64), &(got.len() as u64))?;
        }
    }
    let missing = DownloadArtifact::of(ground.repo(), run.id.as_str(), "c.txt");
    let got = ci.download_artifact(ground.cx, missing).await.map(drop);
    ground.refused("download_artifact of a missing one", got, ErrorKind::NotFound)
}

/// Fails where size or digest are not those of the content; where they need not be known, what is known must be right.
fn facts_hold<C: CicdService>(
    ground: &Ground<'_, C>,
    artifact: &Artifact,
    content: &[u8],
) -> Result<(), Failure> {
    let body = Body::bytes(content.to_vec());
    let (size, digest) = (Some(body.size()), Some(body.digest().to_string()));
    let excused = !ground.shows(Trait::ArtifactFacts);
    let what = |fact: &str| format!("{fact} of {}", artifact.name);
    if artifact.size.is_some() || !excused {
        ground.equal(&what("size"), &artifact.size, &size)?;
    }
    if artifact.digest.is_some() || !excused {
        ground.equal(&what("digest"), &artifact.digest, &digest)?;
    }
    Ok(())
}

/// What is kept with a run from outside comes back byte for byte; keeping it again under its name replaces it.
///
/// # Errors
/// The failure.
pub async fn uploads_come_back_byte_for_byte(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/uploads_come_back_byte_for_byte");
    let run = plain_run(&ground).await?;
    let all_bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for (name, content) in [
        ("empty", Vec::new()),
        ("bytes.bin", all_bytes),
        ("dir/inner.txt", b"line\r\n".to_vec()),
        ("empty", b"now not".to_vec()),
    ] {
        let op = UploadArtifact::of(ground.repo(), run.id.as_str(), name, Body::bytes(content.clone()));
        let kept = ground.done("upload_artifact", ci.upload_artifact(ground.cx, op).await)?;
        ground.equal("name of what was kept", &kept.name.as_str(), &name)?;
        facts_hold(&ground, &kept, &content)?;
        let got = ground.download(&run, name).await?;
        ground
            .ensure(got == content, || format!("{name} came back with {} bytes, not as it was", got.len()))?;
    }
    let mut names: Vec<_> = ground.artifacts(&run).await?.into_iter().map(|artifact| artifact.name).collect();
    if !ground.shows(Trait::ArtifactsByName) {
        names.sort();
    }
    ground.equal("names of the artifacts", &names, &vec!["bytes.bin", "dir/inner.txt", "empty"])
}

/// Pages of artifacts have each one exactly once, in the order of the names, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn artifact_pages_cover_everything_once(
    ci: &impl CicdService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/artifact_pages_cover_everything_once");
    let run = plain_run(&ground).await?;
    for name in ["c", "a", "e", "b", "d"] {
        let op = UploadArtifact::of(ground.repo(), run.id.as_str(), name, name);
        ground.done("upload_artifact", ci.upload_artifact(ground.cx, op).await)?;
    }
    for limit in 1..=6 {
        let list =
            |page| ci.list_artifacts(ground.cx, ListArtifacts::of(ground.repo(), run.id.as_str()).page(page));
        let mut names: Vec<_> =
            ground.walk(limit, list).await?.into_iter().map(|artifact| artifact.name).collect();
        if !ground.shows(Trait::ArtifactsByName) {
            names.sort();
        }
        ground.equal(&format!("artifacts in pages of {limit}"), &names, &vec!["a", "b", "c", "d", "e"])?;
    }
    Ok(())
}

/// Names that lead out of where artifacts are kept are `Invalid`, and nothing is kept.
///
/// # Errors
/// The failure.
pub async fn bad_artifact_names_are_refused(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/bad_artifact_names_are_refused");
    let run = plain_run(&ground).await?;
    for bad in ["", ".", "..", "../up", "a/../../b", "/etc/name", "a//b", "a/", "./a", "a\nb", "a\0b"] {
        let op = UploadArtifact::of(ground.repo(), run.id.as_str(), bad, "text");
        let got = ci.upload_artifact(ground.cx, op).await;
        ground.refused(&format!("upload_artifact {bad:?}"), got, ErrorKind::Invalid)?;
    }
    ground.equal("number of artifacts", &ground.artifacts(&run).await?.len(), &0)
}
