//! CircleCI, which tells when workflows and jobs have ended.

use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::{Job, PipelineRun};
use serde::Deserialize;

use super::wire::{self, Parsed, Time};
use super::{Event, JobEvent, RunEvent, fault};
use crate::run_state::circleci::WORDS;

/// What is around every event. It must be read from any body, so nothing of it is required.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", default, deserialize_with = "wire::lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    project: Option<Project>,
    #[serde(default, deserialize_with = "wire::lenient")]
    pipeline: Option<Pipeline>,
}

#[derive(Deserialize)]
struct Project {
    slug: String,
}

#[derive(Deserialize)]
struct Pipeline {
    id: String,
    vcs: Option<Vcs>,
    trigger_parameters: Option<Triggered>,
}

#[derive(Default, Deserialize)]
struct Vcs {
    target_repository_url: Option<String>,
    revision: Option<String>,
    branch: Option<String>,
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Triggered {
    git: Option<TriggeredBy>,
    gitlab: Option<TriggeredBy>,
}

/// What pipelines have in place of `vcs` that were not begun by the older connections to GitHub and Bitbucket.
#[derive(Deserialize)]
struct TriggeredBy {
    #[serde(alias = "repo_url")]
    checkout_url: Option<String>,
    checkout_sha: Option<String>,
    branch: Option<String>,
    tag: Option<String>,
}

impl Pipeline {
    fn source(self) -> Vcs {
        let by = self.trigger_parameters.and_then(|by| by.git.or(by.gitlab)).map(|by| Vcs {
            target_repository_url: by.checkout_url,
            revision: by.checkout_sha,
            branch: by.branch,
            tag: by.tag,
        });
        self.vcs
            .filter(|vcs| vcs.target_repository_url.is_some() || vcs.revision.is_some())
            .or(by)
            .unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct WorkflowBody {
    workflow: Workflow,
}

#[derive(Deserialize)]
struct Workflow {
    name: String,
    status: String,
    url: Option<String>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    stopped_at: Time,
}

#[derive(Deserialize)]
struct JobBody {
    job: JobWire,
}

#[derive(Deserialize)]
struct JobWire {
    id: String,
    name: String,
    status: String,
    #[serde(default)]
    started_at: Time,
    #[serde(default)]
    stopped_at: Time,
}

/// The id of a delivery, which is in the body.
pub(super) fn id(body: &[u8]) -> Result<Option<String>> {
    Ok(wire::said(wire::read::<Envelope>(body)?.id))
}

/// Reads an event. Its kind is taken from the body, which is signed, as the header is not.
///
/// # Errors
/// `Invalid` where the body is not JSON, `Protocol` where a known event is not of the documented form.
pub(super) fn parse(body: &[u8]) -> Result<Parsed> {
    let envelope: Envelope = wire::read(body)?;
    let slug = envelope.project.map(|project| project.slug);
    let kind = envelope.kind.unwrap_or_default();
    let (pipeline, source) = match envelope.pipeline {
        Some(pipeline) => (Some(pipeline.id.clone()), pipeline.source()),
        None => (None, Vcs::default()),
    };
    let repo =
        source.target_repository_url.as_deref().and_then(of_address).or_else(|| of_slug(slug.as_deref()?));
    let known = || -> Result<(String, &RepoRef)> {
        let pipeline = pipeline.clone().ok_or_else(|| fault::lacking("pipeline"))?;
        Ok((pipeline, repo.as_ref().ok_or_else(|| fault::lacking("project.slug"))?))
    };
    let event = match kind.as_str() {
        "ping" => Event::Ping,
        "workflow-completed" => {
            let (pipeline, repo) = known()?;
            let WorkflowBody { workflow: wire } = wire::read(body)?;
            let mut run =
                PipelineRun::new(pipeline, repo, WORDS.read(&wire.status, true)).pipeline(wire.name);
            let tag = wire::said(source.tag).map(|tag| format!("refs/tags/{tag}"));
            run.reference = tag.or(wire::said(source.branch));
            run.commit = wire::said(source.revision);
            run.vendor_state = Some(wire.status);
            run.web_url = wire.url;
            run.created_at = wire.created_at.0;
            run.ended_at = wire.stopped_at.0;
            Event::Run(RunEvent::new(run))
        }
        "job-completed" => {
            let (pipeline, _) = known()?;
            let JobBody { job: wire } = wire::read(body)?;
            let mut job = Job::new(wire.id, wire.name, WORDS.read(&wire.status, true));
            job.vendor_state = Some(wire.status);
            job.started_at = wire.started_at.0;
            job.ended_at = wire.stopped_at.0;
            Event::Job(JobEvent::new(pipeline, job))
        }
        _ => Event::Other,
    };
    Ok(Parsed { event, action: None, repo, sender: None })
}

/// The repository at an address such as `https://github.com/acme/widget` or `git@gitlab.com:acme/tools/widget.git`.
fn of_address(address: &str) -> Option<RepoRef> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => address.split_once(':')?.1,
    };
    wire::repo(path.trim_end_matches('/').trim_end_matches(".git"))
}

/// The repository of a slug such as `gh/acme/widget`. The parts of a slug that begins with `circleci` are ids, which name the
/// project all the same.
fn of_slug(slug: &str) -> Option<RepoRef> {
    wire::repo(slug.split_once('/')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_found_in_addresses_and_slugs() {
        let widget = Some(RepoRef::new("acme", "widget"));
        assert_eq!(of_address("https://github.com/acme/widget"), widget);
        assert_eq!(of_address("https://github.com/acme/widget.git"), widget);
        assert_eq!(of_address("git@bitbucket.org:acme/widget.git"), widget);
        assert_eq!(
            of_address("https://gitlab.com/acme/tools/widget"),
            Some(RepoRef::new("acme/tools", "widget"))
        );
        assert_eq!(of_slug("gh/acme/widget"), widget);
        assert_eq!(of_slug("circleci/9Yyt/44n9"), Some(RepoRef::new("9Yyt", "44n9")));
        assert_eq!((of_address("nowhere"), of_slug("nowhere")), (None, None));
    }
}
