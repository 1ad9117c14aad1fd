//! Dispatches: the run that each one made, on servers that say which, and on older ones that do not.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::cicd::{CicdService as _, GetRun, TriggerRun};
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::PipelineRun;
use mosaic_providers::github::{ActionsConfig, GitHubActions};

use super::{Ground, config, widget};
use crate::support::faults::{Fault, Faults};
use crate::support::serve::Server;

fn cx() -> CallContext {
    CallContext::new()
}

/// A ground with a workflow `build.yml` that takes an input `who`.
async fn ground() -> Ground {
    let ground = Ground::open().await;
    let draft = Draft::of(JobDraft::new("one").step(Step::PrintInput("who".into())));
    ground.workflow("build.yml", &draft, None).await;
    ground
}

fn start(who: &str) -> TriggerRun {
    TriggerRun::of(widget(), "build.yml").at("main").inputs([("who".to_owned(), who.to_owned())])
}

/// What the server was given with a run.
fn inputs(ground: &Ground, run: &PipelineRun) -> BTreeMap<String, String> {
    ground.hub.forge().run(ground.repo, run.id.parse().unwrap()).unwrap().inputs
}

#[tokio::test]
async fn a_server_that_tells_is_asked_once() {
    let ground = ground().await;
    let run = ground.ci.trigger_run(&cx(), start("ada")).await.unwrap();
    let seen: Vec<_> = ground.server.seen().iter().map(ToString::to_string).collect();
    let expected = [
        "POST /repos/acme/widget/actions/workflows/build.yml/dispatches".to_owned(),
        format!("GET /repos/acme/widget/actions/runs/{}", run.id),
    ];
    assert_eq!(seen, expected);
    assert_eq!(ground.server.seen()[0].json()["return_run_details"], true);
    assert_eq!(inputs(&ground, &run)["who"], "ada");
}

#[tokio::test]
async fn dispatches_at_once_are_not_mixed_up() {
    for (silent, late) in [(false, 0), (true, 0), (true, 4)] {
        let ground = ground().await;
        if silent {
            ground.hub.dispatch_silently();
        }
        ground.hub.show_runs_late(late);
        let names = ["ada", "bob", "eve", "joe", "kim", "lea"];
        let runs = futures_util::future::join_all(names.map(|who| {
            let ci = &ground.ci;
            async move { ci.trigger_run(&cx(), start(who)).await.unwrap() }
        }));
        for (who, run) in names.iter().zip(runs.await) {
            assert_eq!(inputs(&ground, &run)["who"], *who, "silent: {silent}, late: {late}");
        }
        // What the server cannot be asked for is not asked for twice.
        let refused = ground
            .server
            .seen()
            .iter()
            .filter(|seen| seen.body.windows(18).any(|part| part == b"return_run_details"))
            .count();
        assert_eq!(refused, if silent { 1 } else { names.len() });
    }
}

#[tokio::test]
async fn two_programs_at_once_are_told_apart_by_a_value_of_their_own() {
    let ground = Ground::open().await;
    let draft = Draft::of(
        JobDraft::new("one").step(Step::PrintInput("who".into())).step(Step::PrintInput("call".into())),
    );
    ground.workflow("build.yml", &draft, Some("Build for ${{ inputs.call }}")).await;
    ground.hub.dispatch_silently();
    ground.hub.show_runs_late(3);
    let names = ["ada", "bob", "eve", "joe"];
    let runs = futures_util::future::join_all(names.map(|who| {
        let actions = ActionsConfig::default().poll_ms(5).correlation_input("call");
        let ci = GitHubActions::new(config(&ground.server.url()).actions(actions)).unwrap();
        async move { ci.trigger_run(&cx(), start(who)).await.unwrap() }
    }));
    for (who, run) in names.iter().zip(runs.await) {
        assert_eq!(inputs(&ground, &run)["who"], *who);
    }
}

#[tokio::test]
async fn a_workflow_without_that_input_is_started_without_it() {
    let ground = ground().await;
    ground.hub.dispatch_silently();
    let actions = ActionsConfig::default().poll_ms(5).correlation_input("call");
    let ci = GitHubActions::new(config(&ground.server.url()).actions(actions)).unwrap();
    let run = ci.trigger_run(&cx(), start("ada")).await.unwrap();
    assert_eq!(inputs(&ground, &run), BTreeMap::from([("who".to_owned(), "ada".to_owned())]));
    assert_eq!(ground.hub.forge().runs(ground.repo).len(), 1);
}

#[tokio::test]
async fn between_two_new_runs_nothing_is_guessed() {
    let ground = ground().await;
    ground.hub.dispatch_silently();
    ground.ci.trigger_run(&cx(), start("first")).await.unwrap();
    let other = GitHubActions::new(config(&ground.server.url())).unwrap();
    other.trigger_run(&cx(), start("second")).await.unwrap();
    let cx = cx();
    // Two programs of one person start it, and neither knows of the other.
    let (one, two) =
        tokio::join!(ground.ci.trigger_run(&cx, start("ada")), other.trigger_run(&cx, start("bob")));
    for (who, got) in [("ada", one), ("bob", two)] {
        match got {
            Ok(run) => assert_eq!(inputs(&ground, &run)["who"], who),
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.outcome()),
                    (ErrorKind::Protocol, Outcome::Unknown),
                    "{error}"
                );
                assert!(error.message().contains("actions.correlationInput"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_dispatch_that_was_given_up_leaves_no_run_to_the_next() {
    let ground = ground().await;
    ground.hub.dispatch_silently();
    ground.ci.trigger_run(&cx(), start("first")).await.unwrap();
    ground.hub.show_runs_late(1_000);
    let made = ground.hub.forge().runs(ground.repo).len();
    {
        let cx = cx();
        let mut call = std::pin::pin!(ground.ci.trigger_run(&cx, start("lost")));
        while ground.hub.forge().runs(ground.repo).len() == made {
            tokio::select! {
                biased;
                got = &mut call => panic!("it cannot be found yet: {got:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    // The lost one shows from now on, as the only new run.
    ground.hub.show_runs_late(0);
    let next = ground.ci.trigger_run(&cx(), start("next")).await;
    match next {
        Ok(run) => assert_eq!(inputs(&ground, &run)["who"], "next"),
        Err(error) => {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{error}")
        }
    }
}

#[tokio::test]
async fn a_run_that_was_made_is_told_even_where_it_cannot_be_read() {
    let ground = ground().await;
    let faults = Faults::default();
    let server = Server::start(faults.before(ground.hub.router())).await;
    let ci = GitHubActions::new(config(&server.url())).unwrap();
    faults.always_on("/repos/acme/widget/actions/runs/", Fault::status(500));
    let run = ci.trigger_run(&cx(), start("ada")).await.unwrap();
    assert_eq!((run.pipeline.as_deref(), run.reference.as_deref()), (Some("build.yml"), Some("main")));
    faults.clear();
    assert_eq!(ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap().id, run.id);
    faults.always_on("/repos/acme/widget/actions/workflows/", Fault::json(200, r#"{"workflow_run_id":"x"}"#));
    let error = ci.trigger_run(&cx(), start("ada")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{error}");
}
