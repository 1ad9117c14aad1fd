//! What GitHub really sent of runs and jobs, told again as answers: read from the API and from webhooks they are the same.

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CicdService as _, GetRun, ListJobs};
use mosaic_providers::github::GitHubActions;
use mosaic_providers::webhook::{Event, Receiver, Vendor};
use serde_json::{Value, json};

use super::{config, widget};
use crate::support::faults::{Fault, Faults};
use crate::support::serve::Server;
use crate::support::shared;

/// The recorded payloads of an event, and what the webhook room makes of each.
fn recorded(event: &'static str) -> Vec<(String, Value, Event)> {
    let folder = format!("fixtures/octokit-webhooks/github/payload-examples/{event}");
    let Some(folder) = shared::path(&folder) else { return Vec::new() };
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert("x-github-event", http::HeaderValue::from_static(event));
        headers.insert("x-github-delivery", http::HeaderValue::from_static("7f3c"));
        let told = Receiver::unsigned(Vendor::GitHub).receive(&headers, bytes.clone().into()).unwrap();
        all.push((file.display().to_string(), serde_json::from_slice(&bytes).unwrap(), told.event));
    }
    assert!(all.len() >= 4, "only {} payloads of {event}", all.len());
    all
}

async fn told_again(path: &str, answer: &Value) -> (Server, GitHubActions) {
    let faults = Faults::default();
    faults.always_on(path, Fault::json(200, answer.to_string()));
    let server = Server::start(faults.before(axum::Router::new())).await;
    let ci = GitHubActions::new(config(&server.url())).unwrap();
    (server, ci)
}

#[tokio::test]
async fn runs_are_the_same_from_both_sides() {
    for (file, payload, event) in recorded("workflow_run") {
        let Event::Run(told) = event else { panic!("{file}: {event:?}") };
        let answer = &payload["workflow_run"];
        let (_server, ci) = told_again("/repos/acme/widget/actions/runs/", answer).await;
        let run = ci.get_run(&CallContext::new(), GetRun::of(widget(), told.run.id.as_str())).await.unwrap();
        assert_eq!(
            (&run.id, run.state, &run.vendor_state),
            (&told.run.id, told.run.state, &told.run.vendor_state),
            "{file}"
        );
        assert_eq!(
            (&run.reference, &run.commit, run.attempt),
            (&told.run.reference, &told.run.commit, told.run.attempt),
            "{file}"
        );
        assert_eq!(
            (run.created_at, run.ended_at, &run.web_url),
            (told.run.created_at, told.run.ended_at, &told.run.web_url),
            "{file}"
        );
        assert_eq!(run.commit.as_deref(), answer["head_sha"].as_str(), "{file}");
    }
}

#[tokio::test]
async fn jobs_are_the_same_from_both_sides() {
    for (file, payload, event) in recorded("workflow_job") {
        let Event::Job(told) = event else { panic!("{file}: {event:?}") };
        let answer = &payload["workflow_job"];
        let list = json!({ "total_count": 1, "jobs": [answer] });
        let (_server, ci) = told_again("/repos/acme/widget/actions/runs/", &list).await;
        let jobs =
            ci.list_jobs(&CallContext::new(), ListJobs::of(widget(), told.run.as_str())).await.unwrap().items;
        let [job] = &jobs[..] else { panic!("{file}: {jobs:?}") };
        assert_eq!(
            (&job.id, job.state, &job.vendor_state),
            (&told.job.id, told.job.state, &told.job.vendor_state),
            "{file}"
        );
        assert_eq!((&job.name, job.ended_at), (&told.job.name, told.job.ended_at), "{file}");
        let failed =
            answer["steps"].as_array().into_iter().flatten().any(|step| step["conclusion"] == "failure");
        assert_eq!(job.reason.as_ref().is_some_and(|reason| reason.contains("failed")), failed, "{file}");
    }
}
