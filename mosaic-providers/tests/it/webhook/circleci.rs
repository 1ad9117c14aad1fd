//! CircleCI: small payloads of our own making.

use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::webhook::{Delivery, Event, Vendor};
use serde_json::{Value, json};

fn delivery(kind: &str, more: Value) -> Delivery {
    let mut body = json!({
        "id": "e-1",
        "type": kind,
        "happened_at": "2026-01-31T12:00:00.000Z",
        "webhook": {"id": "w-1", "name": "n"},
        "project": {"id": "p-1", "name": "widget", "slug": "gh/acme/widget"},
        "organization": {"id": "o-1", "name": "acme"},
        "pipeline": {"id": "pl-1", "number": 9, "vcs": {"provider_name": "github", "revision": "aa", "branch": "main",
            "target_repository_url": "https://github.com/acme/widget"}},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let delivery = super::delivery(Vendor::CircleCi, kind, &body);
    assert_eq!(delivery.id.as_deref(), Some("e-1"), "the id is in the body");
    delivery
}

#[test]
fn workflows() {
    for (word, state) in [
        ("success", RunState::Succeeded),
        ("failed", RunState::Failed),
        ("error", RunState::Failed),
        ("canceled", RunState::Cancelled),
        ("unauthorized", RunState::Failed),
    ] {
        let workflow = json!({"id": "wf-1", "name": "build", "status": word, "url": "https://app.circleci.com/x",
            "created_at": "2026-01-31T12:00:00Z", "stopped_at": "2026-01-31T12:05:00Z"});
        let delivery = delivery("workflow-completed", json!({"workflow": workflow}));
        assert_eq!(delivery.repo, Some(RepoRef::new("acme", "widget")));
        let Event::Run(of) = delivery.event else { panic!("{word}") };
        assert_eq!(
            (of.run.id.as_str(), of.run.pipeline.as_deref(), of.run.state),
            ("pl-1", Some("build"), state)
        );
        assert_eq!((of.run.commit.as_deref(), of.run.reference.as_deref()), (Some("aa"), Some("main")));
        assert_eq!(of.run.vendor_state.as_deref(), Some(word));
    }
}

#[test]
fn jobs() {
    let job = json!({"id": "j-1", "number": 41, "name": "test", "status": "not_run", "started_at": "2026-01-31T12:00:00Z", "stopped_at": null});
    let Event::Job(of) = delivery("job-completed", json!({"job": job})).event else { panic!() };
    assert_eq!((of.run.as_str(), of.job.id.as_str(), of.job.state), ("pl-1", "j-1", RunState::Skipped));
    let approval = json!({"id": "j-2", "name": "hold", "status": "success"});
    let Event::Job(of) = delivery("job-completed", json!({"job": approval})).event else { panic!() };
    assert_eq!((of.job.id.as_str(), of.job.state), ("j-2", RunState::Succeeded));
}

#[test]
fn tags_are_told_from_branches() {
    let vcs = json!({"revision": "aa", "tag": "v1", "branch": "", "target_repository_url": "https://github.com/acme/widget"});
    let workflow = json!({"name": "build", "status": "success"});
    let told = json!({"pipeline": {"id": "pl-3", "vcs": vcs}, "workflow": workflow});
    let Event::Run(of) = delivery("workflow-completed", told).event else { panic!() };
    assert_eq!(of.run.reference.as_deref(), Some("refs/tags/v1"));
}

#[test]
fn pipelines_that_another_forge_began() {
    let by = |field: &str, address: &str| {
        let mut by = json!({"checkout_sha": "bb", "branch": "lid", "tag": ""});
        by[address] = "git@gitlab.com:acme/tools/widget.git".into();
        let pipeline = json!({"id": "pl-2", "number": 9, "trigger_parameters": {field: by, "circleci": {"trigger_type": "gitlab"}}});
        let workflow = json!({"name": "build", "status": "success"});
        let project = json!({"slug": "circleci/9Yyt/44n9"});
        delivery(
            "workflow-completed",
            json!({"pipeline": pipeline, "project": project, "workflow": workflow}),
        )
    };
    for delivery in [by("git", "checkout_url"), by("gitlab", "repo_url")] {
        assert_eq!(delivery.repo, Some(RepoRef::new("acme/tools", "widget")));
        let Event::Run(of) = delivery.event else { panic!() };
        assert_eq!((of.run.commit.as_deref(), of.run.reference.as_deref()), (Some("bb"), Some("lid")));
    }
}

#[test]
fn ping_and_the_rest() {
    assert_eq!(delivery("ping", json!({})).event, Event::Ping);
    assert_eq!(delivery("something-new", json!({})).event, Event::Other);
    let error = super::receive(Vendor::CircleCi, "job-completed", r#"{"type":"job-completed","id":"e"}"#)
        .unwrap_err();
    assert_eq!(error.status_code(), Some(422));
}
