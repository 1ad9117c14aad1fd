//! Runs: asked for and read. CircleCI calls them pipelines, and says of their workflows where they stand.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{GetRun, TriggerRun};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::{RepoRef, Timestamp};
use serde_json::Value;

use super::client::{Server, same_project};
use super::config::ParameterType;
use super::state::{standing, time};
use super::{pipeline, wire};
use crate::http::at;
use crate::object_id::is_object_id;

pub(super) async fn trigger(server: &Server, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    let (branch, tag) = match &op.at {
        None => (None, None),
        Some(at) => place(at)?,
    };
    let mut parameters = op
        .inputs
        .iter()
        .map(|(name, text)| Ok((name.clone(), typed(server, name, text)?)))
        .collect::<Result<BTreeMap<_, _>>>()?;
    if let Some(parameter) = &server.parameter
        && parameters.insert(parameter.clone(), op.pipeline.as_str().into()).is_some()
    {
        let text = format!("inputs: `{parameter}` carries the name of the pipeline");
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    pipeline::check(server, cx, &op.repo, &op.pipeline).await?;
    let request = server.client.post(server.at_project(&op.repo)?.part("pipeline"));
    let begun: wire::Begun = request.json(&wire::Trigger { branch, tag, parameters }).send(cx).await?;
    let slug = server.slug(&op.repo)?;
    let mut run = PipelineRun::new(begun.id, op.repo, RunState::Queued);
    run.pipeline = Some(op.pipeline);
    run.reference = op.at;
    run.created_at = time(begun.created_at.as_deref());
    run.web_url = server.page_of(&slug, begun.number);
    run.vendor_state = Some(begun.state);
    Ok(run)
}

/// The branch or the tag that a reference names.
fn place(at: &str) -> Result<(Option<&str>, Option<&str>)> {
    if let Some(tag) = at.strip_prefix("refs/tags/") {
        return Ok((None, Some(tag)));
    }
    let branch = at.strip_prefix("refs/heads/").unwrap_or(at);
    if branch.starts_with("refs/") || is_object_id(branch) {
        let text = format!("CircleCI runs branches, and tags as `refs/tags/..`, not {at}");
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok((Some(branch), None))
}

/// An input as a parameter of its type.
fn typed(server: &Server, name: &str, text: &str) -> Result<Value> {
    let value = match server.types.get(name) {
        None | Some(ParameterType::String) => Some(Value::from(text)),
        Some(ParameterType::Integer) => text.parse::<i64>().ok().map(Value::from),
        Some(ParameterType::Boolean) => text.parse::<bool>().ok().map(Value::from),
    };
    value.ok_or_else(|| {
        let kind = if server.types.get(name) == Some(&ParameterType::Integer) {
            "a whole number"
        } else {
            "`true` or `false`"
        };
        Error::new(ErrorKind::Invalid, format!("inputs: `{name}` is to be {kind} (parameterTypes)"))
    })
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
    let (pipeline, workflows) = look(server, cx, &op.repo, &op.run).await?;
    Ok(shown(server, op.repo, pipeline, &workflows))
}

/// A run and its workflows.
///
/// # Errors
/// `NotFound` where it is one of another repository; those of reading.
pub(super) async fn look(
    server: &Server,
    cx: &CallContext,
    repo: &RepoRef,
    run: &str,
) -> Result<(wire::Pipeline, Vec<wire::Workflow>)> {
    let project = server.slug(repo)?;
    let pipeline: wire::Pipeline = server.client.get(at!["v2", "pipeline", run]).send(cx).await?;
    if !same_project(&pipeline.project_slug, &project) {
        return Err(elsewhere(run, &project));
    }
    Ok((pipeline, workflows(server, cx, run).await?))
}

async fn workflows(server: &Server, cx: &CallContext, run: &str) -> Result<Vec<wire::Workflow>> {
    server.all(cx, &at!["v2", "pipeline", run, "workflow"]).await
}

/// The workflows of a run alone.
///
/// # Errors
/// As [`look`].
pub(super) async fn workflows_of(
    server: &Server,
    cx: &CallContext,
    repo: &RepoRef,
    run: &str,
) -> Result<Vec<wire::Workflow>> {
    let project = server.slug(repo)?;
    let all = workflows(server, cx, run).await?;
    let project_of = |one: &wire::Workflow| one.project_slug.clone();
    let told: Option<Vec<String>> = all.iter().map(project_of).collect();
    match told {
        Some(told) if !told.is_empty() => {
            let ours = told.iter().all(|told| same_project(told, &project));
            if ours { Ok(all) } else { Err(elsewhere(run, &project)) }
        }
        // Nothing says whose run it is.
        _ => Ok(look(server, cx, repo, run).await?.1),
    }
}

fn elsewhere(run: &str, project: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("{project} has no run {run}")).delivery(Delivery::Answered)
}

/// A run as everybody sees it.
pub(super) fn shown(
    server: &Server,
    repo: RepoRef,
    pipeline: wire::Pipeline,
    workflows: &[wire::Workflow],
) -> PipelineRun {
    let standing = standing(&pipeline, workflows, Timestamp::now());
    let mut run = PipelineRun::new(pipeline.id, repo, standing.state);
    run.pipeline = server.parameter.is_none().then(|| pipeline::WHOLE.to_owned());
    run.web_url = server.page_of(&pipeline.project_slug, pipeline.number);
    let faults: Vec<_> = pipeline.errors.into_iter().map(|fault| fault.message).collect();
    run.reason = (!faults.is_empty()).then(|| faults.join("; "));
    let vcs = pipeline.vcs.unwrap_or_default();
    let tag = vcs.tag.filter(|tag| !tag.is_empty()).map(|tag| format!("refs/tags/{tag}"));
    run.reference = tag.or(vcs.branch.filter(|branch| !branch.is_empty()));
    run.commit = vcs.revision.filter(|revision| !revision.is_empty());
    run.attempt = standing.attempt;
    run.created_at = time(pipeline.created_at.as_deref());
    run.started_at = standing.started_at;
    run.ended_at = standing.ended_at;
    run.vendor_state = Some(standing.word);
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circleci::CircleCiConfig;

    #[test]
    fn references_are_branches_or_tags() {
        assert_eq!(place("main").unwrap(), (Some("main"), None));
        assert_eq!(place("refs/heads/main").unwrap(), (Some("main"), None));
        assert_eq!(place("refs/tags/v1").unwrap(), (None, Some("v1")));
        for bad in ["refs/pull/7/head", "0123456789012345678901234567890123456789"] {
            assert_eq!(place(bad).unwrap_err().kind(), ErrorKind::Unsupported, "{bad}");
        }
    }

    #[test]
    fn inputs_have_the_types_of_their_parameters() {
        let config = CircleCiConfig::default()
            .parameter_type("count", ParameterType::Integer)
            .parameter_type("deploy", ParameterType::Boolean);
        let server = Server::connect(&config).unwrap();
        let typed = |name: &str, text: &str| typed(&server, name, text);
        assert_eq!(typed("count", "-3").unwrap(), Value::from(-3));
        assert_eq!(typed("deploy", "true").unwrap(), Value::from(true));
        assert_eq!(typed("other", "true").unwrap(), Value::from("true"));
        for (name, text) in [("count", "many"), ("deploy", "yes")] {
            assert_eq!(typed(name, text).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
