//! Runs that are asked for, anew or once more, and followed until they have their number.

use std::collections::{BTreeMap, BTreeSet};

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{RerunRun, TriggerRun};
use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::{PipelineRun, RunState};
use tokio::time::Instant;

use super::client::{Place, RunId, Server};
use super::run::{Found, build_of, find, name, of_build, queued};
use super::wire;

pub(super) async fn trigger(server: &Server, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    if op.at.is_some() {
        let text = "a job of Jenkins says itself what it builds: give the branch as one of its inputs";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let known = parameters(server, cx, &op.repo, &op.pipeline).await?;
    if let Some(name) = op.inputs.keys().find(|name| !known.contains(*name)) {
        let text =
            format!("inputs: job `{}` has no parameter `{name}`, and would not be given it", op.pipeline);
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    begin(server, cx, op.repo, op.pipeline, &op.inputs, !known.is_empty()).await
}

/// The parameters that a job has.
async fn parameters(
    server: &Server,
    cx: &CallContext,
    repo: &RepoRef,
    pipeline: &str,
) -> Result<BTreeSet<String>> {
    let read = server.client.get(server.job(repo, pipeline).part("api").part("json"));
    let read = read.query("tree", "buildable,property[parameterDefinitions[name]]");
    // Only a read: what goes wrong here has made no run.
    let job: wire::Job = read.send(&cx.clone().for_attempt(None)).await.map_err(Error::refused)?;
    if job.buildable != Some(true) {
        return Err(conflict(format!("job `{pipeline}` is disabled, or a folder")));
    }
    let all = job.property.into_iter().flat_map(|property| property.parameters);
    Ok(all.map(|parameter| parameter.name).collect())
}

pub(super) async fn rerun(server: &Server, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    if op.failed_only {
        return Err(Error::new(ErrorKind::Unsupported, "a build of Jenkins is one job, repeated whole"));
    }
    let id = RunId::read(&op.run)?;
    let reading = &cx.clone().for_attempt(None);
    let found = find(server, reading, &op.repo, &id).await.map_err(Error::refused)?;
    let number = match found {
        Found::Build(build) if build.state().is_final() => build.number,
        _ => return Err(conflict(format!("run {} has not ended: only one that has is repeated", op.run))),
    };
    let path = server.job(&op.repo, &id.pipeline).part(number).part("api").part("json");
    let request =
        server.client.get(path).query("tree", "actions[parameters[name,value],lastBuiltRevision[SHA1]]");
    let given: wire::Given = request.send(reading).await.map_err(Error::refused)?;
    let inputs = inputs(&op.run, &given)?;
    let known = parameters(server, cx, &op.repo, &id.pipeline).await?;
    if let Some(name) = inputs.keys().find(|name| !known.contains(*name)) {
        let text = format!("job `{}` has lost the parameter `{name}` since run {}", id.pipeline, op.run);
        return Err(conflict(text));
    }
    begin(server, cx, op.repo, id.pipeline, &inputs, !known.is_empty()).await
}

/// What a build was given, where the same is had by giving it once more.
fn inputs(run: &str, given: &wire::Given) -> Result<BTreeMap<String, String>> {
    let unsupported = |text: String| Error::new(ErrorKind::Unsupported, text).delivery(Delivery::NotSent);
    let mut inputs = BTreeMap::new();
    for parameter in given.parameters() {
        let text = match &parameter.value {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => value.to_string(),
            _ => {
                let name = &parameter.name;
                return Err(unsupported(format!(
                    "Jenkins does not tell the parameter `{name}` of run {run}"
                )));
            }
        };
        inputs.insert(parameter.name.clone(), text);
    }
    // A job that finds its commit by itself would find a newer one.
    let revisions = given.revisions();
    match revisions.iter().find(|revision| inputs.values().all(|value| value != *revision)) {
        Some(revision) => Err(unsupported(format!(
            "run {run} built {revision}, and no parameter says so: Jenkins would build what is newest; trigger the job instead"
        ))),
        None => Ok(inputs),
    }
}

fn conflict(text: String) -> Error {
    Error::new(ErrorKind::Conflict, text)
}

/// Asks for a build, and follows it until it has its number.
async fn begin(
    server: &Server,
    cx: &CallContext,
    repo: RepoRef,
    pipeline: String,
    inputs: &BTreeMap<String, String>,
    parameterized: bool,
) -> Result<PipelineRun> {
    let path = server.job(&repo, &pipeline);
    let make = || {
        if parameterized {
            let inputs = inputs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            server.client.post(path.clone().part("buildWithParameters")).form(inputs)
        } else {
            server.client.post(path.clone().part("build"))
        }
    };
    let answer = server.write(cx, make).await?;
    let item = answer.header("location").and_then(item_of).ok_or_else(|| {
        let text = "Jenkins took the build and does not say where it is in the queue";
        Error::new(ErrorKind::Protocol, text).worst(Delivery::Answered, true)
    })?;
    let mut id = RunId { pipeline, place: Place::Queue(item) };
    let (until, mut pace) = (Instant::now() + server.queue_wait, server.pace());
    // Whatever goes wrong from here on, the build was taken: its place in the queue stands for it.
    loop {
        match queued(server, cx, item).await {
            Ok(wire::Item { executable: Some(build), .. }) => {
                id.place = Place::Build(build.number);
                if let Ok(build) = build_of(server, cx, &repo, &id.pipeline, build.number).await {
                    return Ok(of_build(&repo, &id.pipeline, build));
                }
                break;
            }
            Ok(item) if !item.cancelled && Instant::now() < until => pace.rest().await,
            _ => break,
        }
    }
    let mut run = PipelineRun::new(name(&id), repo, RunState::Queued);
    run.pipeline = Some(id.pipeline);
    Ok(run)
}

/// The number at the end of `https://host/queue/item/42/`.
fn item_of(location: &str) -> Option<u64> {
    let (_, rest) = location.rsplit_once("/queue/item/")?;
    rest.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_given_once_more_where_that_is_the_same() {
        let of = |json: &str| inputs("build/1", &serde_json::from_str(json).unwrap());
        let params = |text: &str| format!(r#"{{"actions":[{{"parameters":[{text}]}},{{}},null]}}"#);
        let table = [
            ("{}".to_owned(), Some("")),
            (params(r#"{"name":"a","value":"x"},{"name":"b","value":true},{"name":"c","value":3}"#), Some("a=x b=true c=3")),
            (params(r#"{"name":"password"}"#), None),
            (params(r#"{"name":"file","value":{"name":"x"}}"#), None),
            (r#"{"actions":[{"lastBuiltRevision":{"SHA1":"abc"}}]}"#.to_owned(), None),
            (
                r#"{"actions":[{"lastBuiltRevision":{"SHA1":"abc"}},{"parameters":[{"name":"commit","value":"abc"}]}]}"#
                    .to_owned(),
                Some("commit=abc"),
            ),
        ];
        for (json, expected) in table {
            let got = of(&json);
            let text = got.as_ref().ok().map(|inputs| {
                let pairs: Vec<_> = inputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                pairs.join(" ")
            });
            assert_eq!(text.as_deref(), expected, "{json}");
            assert!(got.err().is_none_or(|error| error.kind() == ErrorKind::Unsupported));
        }
    }

    #[test]
    fn places_in_the_queue_are_read() {
        assert_eq!(item_of("https://ci.example.org/queue/item/42/"), Some(42));
        assert_eq!(item_of("https://ci.example.org/jenkins/queue/item/42"), Some(42));
        assert_eq!((item_of("https://ci.example.org/queue/"), item_of("/queue/item/x/")), (None, None));
    }
}
