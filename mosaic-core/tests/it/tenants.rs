//! Identity: nobody but the application may do anything unless somebody says so, and a hit bypasses nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::LinkIssues;
use mosaic_core::op::{CacheState, OpMeta};
use mosaic_core::ports::{Authorizer, UsageStore};
use mosaic_core::testkit::{Double, Fault};
use mosaic_core::types::project::Link;
use mosaic_core::types::{IssueRef, Subject, TenantId};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn without_an_authorizer_only_the_application_may() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    mosaic.git().get_repository(get()).await.unwrap();
    for principal in [Principal::user("ann"), Principal::agent("bot")] {
        let cx = CallContext::new().principal(principal);
        let error = mosaic.with(cx).git().get_repository(get()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(forge.seen(), 1);
}

#[derive(Clone, Default)]
struct Allowed(Arc<Mutex<bool>>);

#[async_trait]
impl Authorizer for Allowed {
    async fn authorize(&self, _: &CallContext, _: &OpMeta, subject: Subject<'_>) -> Result<()> {
        if *self.0.lock().unwrap() && subject.org == Some("acme") {
            return Ok(());
        }
        Err(Error::new(ErrorKind::PermissionDenied, "not yours"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_hit_does_not_bypass_a_permission() {
    let (forge, _) = forge_with_widget();
    let allowed = Allowed::default();
    let mosaic = single(&forge, config()).authorizer(allowed.clone()).build().await.unwrap();
    let ann = mosaic.with(CallContext::new().principal(Principal::user("ann")));
    mosaic.git().get_repository(get()).await.unwrap();
    assert!(ann.git().get_repository(get()).await.is_err());
    *allowed.0.lock().unwrap() = true;
    assert_eq!(ann.git().get_repository(get()).await.unwrap().cache(), CacheState::Hit);
    *allowed.0.lock().unwrap() = false;
    assert!(ann.git().get_repository(get()).await.is_err());
}

#[derive(Clone, Default)]
struct Quota(Arc<AtomicU32>);

#[async_trait]
impl UsageStore for Quota {
    async fn reserve(&self, _: &TenantId, units: u32) -> Result<()> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(units));
        left.map(drop).map_err(|_| Error::new(ErrorKind::QuotaExceeded, "nothing is left"))
    }
    fn give_back(&self, _: &TenantId, units: u32) {
        self.0.fetch_add(units, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hit_does_not_bypass_a_quota_and_what_was_not_done_is_given_back() {
    let (forge, _) = forge_with_widget();
    let quota = Quota(Arc::new(AtomicU32::new(12)));
    let mosaic = single(&forge, config()).usage(quota.clone()).build().await.unwrap();
    let left = || quota.0.load(Ordering::SeqCst);
    mosaic.git().create_repository(create("one")).await.unwrap();
    assert_eq!(left(), 7, "it costs five");
    forge.plan(|_, _| Some(Fault::DisconnectBefore));
    mosaic.git().create_repository(create("two")).await.unwrap_err();
    assert_eq!(left(), 7, "nothing was sent");
    forge.plan(|_, _| Some(Fault::DisconnectAfter));
    mosaic.git().create_repository(create("three")).await.unwrap_err();
    assert_eq!(left(), 2, "it may have been done");
    forge.heal();
    for expected in [CacheState::Miss, CacheState::Hit] {
        assert_eq!(mosaic.git().get_repository(get()).await.unwrap().cache(), expected);
    }
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
}

struct Slow;

#[async_trait]
impl Authorizer for Slow {
    async fn authorize(&self, _: &CallContext, _: &OpMeta, _: Subject<'_>) -> Result<()> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn an_authorizer_has_no_more_time_than_the_call() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).authorizer(Slow).build().await.unwrap();
    let cx =
        CallContext::new().principal(Principal::user("ann")).time_limit(std::time::Duration::from_secs(1));
    let began = tokio::time::Instant::now();
    let error = mosaic.with(cx).git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::DeadlineExceeded, 1));
}

struct OneProject;

#[async_trait]
impl Authorizer for OneProject {
    async fn authorize(&self, _: &CallContext, _: &OpMeta, subject: Subject<'_>) -> Result<()> {
        if subject.name == Some("OPS") {
            return Ok(());
        }
        Err(Error::new(ErrorKind::PermissionDenied, "another project"))
    }
}

#[tokio::test(start_paused = true)]
async fn who_links_two_issues_may_change_both() {
    let tracker =
        Double::new().answer(|op: &LinkIssues| Ok(Link::new(op.issue.clone(), op.kind, op.to.clone())));
    let mosaic = single(&tracker, config()).authorizer(OneProject).build().await.unwrap();
    let ann = mosaic.with(CallContext::new().principal(Principal::user("ann")));
    let (ours, theirs) = (IssueRef::new("OPS", 1_u64), IssueRef::new("WEB", 2_u64));
    for (from, to) in [(&ours, &theirs), (&theirs, &ours)] {
        let denied = ann.project().link_issues(LinkIssues::of(from, to.clone())).await.unwrap_err();
        assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(tracker.seen(), 0);
    ann.project().link_issues(LinkIssues::of(&ours, IssueRef::new("OPS", 3_u64))).await.unwrap();
}
