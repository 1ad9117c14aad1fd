//! Repositories by the server's numbers: looked up once, remembered, and looked up again when they are gone.

use axum::http::Method;
use futures_util::future::join_all;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::cicd::{CancelRun, CicdService as _, GetRun, ListRuns, TriggerRun};
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_providers::http::Auth;

use super::{Ground, widget};
use crate::fake::forge::{NewRepo, Put};
use crate::fake::woodpecker;
use crate::support::builds::prints;
use crate::support::faults::Fault;

const LOOK_UP: &str = "/api/repos/lookup/acme%2Fwidget";

fn cx() -> CallContext {
    CallContext::new()
}

/// How often the repository was looked up.
fn looks(ground: &Ground) -> usize {
    ground.server.count_of(Method::GET, LOOK_UP)
}

#[tokio::test]
async fn a_repository_is_looked_up_once_however_many_ask() {
    let ground = Ground::open().await;
    let calls =
        join_all((0..8).map(|_| async { ground.ci.list_runs(&cx(), ListRuns::of(widget())).await.unwrap() }));
    calls.await;
    assert_eq!((looks(&ground), ground.server.count()), (1, 9));
    ground.ci.list_runs(&cx(), ListRuns::of(widget())).await.unwrap();
    assert_eq!(looks(&ground), 1);
}

#[tokio::test]
async fn a_look_up_that_failed_or_was_given_up_is_made_again() {
    let ground = Ground::open().await;
    ground.faults.next_at(LOOK_UP, Fault::status(502));
    let call = || async { ground.ci.list_runs(&cx(), ListRuns::of(widget())).await };
    // Whoever waits for the same answer gets the same error.
    for got in join_all((0..3).map(|_| call())).await {
        assert_eq!(got.unwrap_err().status_code(), Some(502));
    }
    assert_eq!(looks(&ground), 1);
    ground.faults.next_at(LOOK_UP, Fault::Hang);
    {
        let mut first = std::pin::pin!(call());
        tokio::select! {
            got = &mut first => panic!("it has no answer: {got:?}"),
            () = ground.faults.silent() => {}
        }
    }
    call().await.unwrap();
    assert_eq!(looks(&ground), 3);
}

#[tokio::test]
async fn a_repository_that_was_made_anew_is_found_under_its_new_number() {
    let ground = Ground::open().await;
    let old = ground.start(&Draft::of(prints("one", "hello"))).await;
    ground.forge.delete_repo(ground.repo).await.unwrap();
    let new = ground.forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
    assert_ne!(new, ground.repo);
    for (path, content) in woodpecker::workflows(&Draft::of(prints("one", "hello"))) {
        ground.forge.git(new).put_file(&Put::new("main", &path, content), |_| Ok(())).await.unwrap();
    }
    let missing = ground.ci.get_run(&cx(), GetRun::of(widget(), old.id.as_str())).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    ground.server.forget();
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "woodpecker")).await.unwrap();
    assert!(run.web_url.unwrap().contains(&format!("/repos/{new}/")));
    assert_eq!(looks(&ground), 0, "it was found by the call before");
}

#[tokio::test]
async fn a_write_on_a_number_that_is_gone_is_made_once_at_the_new_one() {
    let ground = Ground::open().await;
    ground.start(&Draft::of(prints("one", "hello"))).await;
    ground.forge.delete_repo(ground.repo).await.unwrap();
    let new = ground.forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
    for (path, content) in woodpecker::workflows(&Draft::of(prints("one", "hello"))) {
        ground.forge.git(new).put_file(&Put::new("main", &path, content), |_| Ok(())).await.unwrap();
    }
    ground.server.forget();
    ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "woodpecker").at("main")).await.unwrap();
    let seen: Vec<_> = ground.server.seen().iter().map(ToString::to_string).collect();
    let expected = [
        format!("POST /api/repos/{}/pipelines", ground.repo),
        format!("GET {LOOK_UP}"),
        format!("POST /api/repos/{new}/pipelines"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(ground.forge.runs(new).len(), 1);
}

#[tokio::test]
async fn what_was_done_before_a_404_is_not_done_at_another_place() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(JobDraft::new("one").step(Step::WaitForEver))).await;
    let path = format!("/api/repos/{}/pipelines/{}", ground.repo, run.id);
    ground.server.forget();
    ground.faults.next_on(Method::GET, &path, Fault::status(404));
    let error = ground.ci.cancel_run(&cx(), CancelRun::of(widget(), run.id.as_str())).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Unknown), "{error}");
    let seen: Vec<_> = ground.server.seen().iter().map(ToString::to_string).collect();
    assert_eq!(seen, [format!("POST {path}/cancel"), format!("GET {path}")]);
}

#[tokio::test]
async fn what_the_server_does_not_know_is_not_there_and_nothing_was_made() {
    let ground = Ground::open().await;
    let error =
        ground.ci.trigger_run(&cx(), TriggerRun::new("acme", "gadget", "woodpecker")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::NotMade), "{error}");
    assert!(error.message().contains("acme/gadget"), "{error}");
    // Neither is what cannot be looked up.
    ground.faults.next_at(LOOK_UP, Fault::status(500));
    let error = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "woodpecker")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Provider, Outcome::NotMade), "{error}");
}

#[tokio::test]
async fn what_one_may_not_see_is_not_remembered_for_another() {
    let ground = Ground::open().await;
    let ci = ground.other(|config| config.identity("eve", Auth::token("unknown")));
    let eve = cx().principal(Principal::user("eve").with_credential("eve"));
    let (refused, seen) = tokio::join!(ci.list_runs(&eve, ListRuns::of(widget())), async {
        ci.list_runs(&cx(), ListRuns::of(widget())).await
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthenticated);
    seen.unwrap();
}
