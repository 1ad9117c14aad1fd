//! Crumbs: asked for when they are needed, once for all, kept with their session, and renewed when they are refused.

use std::sync::Arc;

use axum::http::Method;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{ErrorKind, Outcome, Result};
use mosaic_core::op::VendorWrite;
use mosaic_core::op::cicd::{CicdService as _, CreatePipeline, TriggerRun};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::vendor::VendorMethod;
use mosaic_providers::http::Auth;
use mosaic_providers::jenkins::JenkinsCi;

use super::{Ground, cx, hello, widget};
use crate::support::faults::{Fault, Faults};

const ISSUER: &str = "/crumbIssuer/api/json";

async fn create(ci: &JenkinsCi, cx: &CallContext, name: &str) -> Result<Pipeline> {
    ci.create_pipeline(cx, CreatePipeline::of(widget(), name, hello())).await
}

fn issued(ground: &Ground) -> usize {
    ground.server.count_of(Method::GET, ISSUER)
}

fn by_password(ground: &Ground) -> JenkinsCi {
    JenkinsCi::new(ground.config("password-of-ada").vendor_calls(true)).unwrap()
}

#[tokio::test]
async fn a_token_needs_none() {
    let ground = Ground::open().await;
    create(&ground.ci(), &cx(), "build").await.unwrap();
    assert_eq!((ground.server.count(), issued(&ground)), (1, 0));
    assert_eq!(ground.server.last().header("jenkins-crumb"), "");
}

#[tokio::test]
async fn a_crumb_is_asked_for_once_and_renewed_when_it_is_refused() {
    let ground = Ground::open().await;
    let ci = by_password(&ground);
    create(&ci, &cx(), "one").await.unwrap();
    let seen: Vec<_> =
        ground.server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path())).collect();
    let item = "POST /job/acme/job/widget/createItem";
    assert_eq!(seen, [item, "GET /crumbIssuer/api/json", item]);
    let last = ground.server.last();
    assert_eq!((last.header("jenkins-crumb"), last.header("cookie")), ("crumb-1", "JSESSIONID.1a2b=node01"));
    assert_eq!(last.body, hello().as_bytes());
    // It is kept, for every kind of write.
    ci.trigger_run(&cx(), TriggerRun::of(widget(), "one")).await.unwrap();
    let path = "/job/acme/job/widget/job/one/build".parse().unwrap();
    let write = VendorWrite::<OfCicd>::new(VendorMethod::Post, path);
    assert_eq!(ci.vendor_write(&cx(), write).await.unwrap().status, 201);
    assert_eq!(issued(&ground), 1);
    ground.jenkins.end_sessions();
    create(&ci, &cx(), "two").await.unwrap();
    assert_eq!((issued(&ground), ground.server.last().header("jenkins-crumb")), (2, "crumb-2"));
}

#[tokio::test]
async fn many_who_need_a_crumb_ask_once() {
    let ground = Ground::open().await;
    let ci = by_password(&ground);
    let contexts: Vec<_> = (0..20).map(|_| cx()).collect();
    let names: Vec<_> = (0..20).map(|at| format!("job-{at}")).collect();
    for round in 1..=2 {
        let calls = contexts.iter().zip(&names).map(|(cx, name)| {
            let (ci, name) = (&ci, format!("{name}-{round}"));
            async move { create(ci, cx, &name).await }
        });
        for made in futures_util::future::join_all(calls).await {
            made.unwrap();
        }
        assert_eq!(issued(&ground), round);
        ground.jenkins.end_sessions();
    }
}

#[tokio::test]
async fn everybody_has_a_crumb_of_their_own() {
    let ground = Ground::open().await;
    ground.forge.grant("password-too", "ada");
    let config = ground.config("password-of-ada").identity("other", Auth::basic("ada", "password-too"));
    let ci = JenkinsCi::new(config).unwrap();
    create(&ci, &cx(), "one").await.unwrap();
    let other = cx().principal(Principal::user("other").with_credential("other"));
    create(&ci, &other, "two").await.unwrap();
    assert_eq!((issued(&ground), ground.server.last().header("jenkins-crumb")), (2, "crumb-2"));
    let eve = cx().principal(Principal::user("eve").with_credential("eve"));
    let sent = ground.server.count();
    assert_eq!(create(&ci, &eve, "three").await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(ground.server.count(), sent);
}

#[tokio::test]
async fn where_none_is_given_the_refusal_stands() {
    let faults = Faults::default();
    let ground = Ground::with(|router| faults.before(router)).await;
    let ci = by_password(&ground);
    for (answer, kind) in [
        (Fault::html(404), ErrorKind::PermissionDenied),
        (Fault::html(502), ErrorKind::Provider),
        (Fault::json(200, r#"{"crumb":"x","crumbRequestField":"Host"}"#), ErrorKind::Protocol),
        (Fault::Closed, ErrorKind::Network),
    ] {
        faults.next_on(Method::GET, ISSUER, answer);
        let error = create(&ci, &cx(), "build").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotMade), "{error}");
        faults.clear();
    }
    // One that is refused at once is not asked for again.
    let before = issued(&ground);
    faults.next_on(
        Method::GET,
        ISSUER,
        Fault::json(200, r#"{"crumb":"x","crumbRequestField":"Jenkins-Crumb"}"#),
    );
    let error = create(&ci, &cx(), "build").await.unwrap_err();
    assert_eq!((error.kind(), issued(&ground)), (ErrorKind::PermissionDenied, before + 1));
    let plugin = format!("{ci:?}");
    assert!(!plugin.contains("crumb-") && !plugin.contains("node0"), "{plugin}");
    drop(Arc::new(ci));
}

#[tokio::test]
async fn a_crumb_and_its_session_are_in_no_error() {
    let faults = Faults::default();
    let ground = Ground::with(|router| faults.before(router)).await;
    let ci = by_password(&ground);
    create(&ci, &cx(), "one").await.unwrap();
    let echo = "bad: crumb-1 of JSESSIONID.1a2b=node01";
    faults.next_on(Method::POST, "/job/acme/job/widget/createItem", Fault::text(400, "text/plain", echo));
    let error = create(&ci, &cx(), "two").await.unwrap_err();
    assert_eq!(error.message(), "Jenkins answers 400: bad: *** of ***");
}
