//! What the cache may answer, and what it must not.

use std::time::Duration;

use mosaic_core::context::{CacheUse, CallContext, Principal};
use mosaic_core::engine::cache::CacheConfig;
use mosaic_core::engine::route::{Routing, Rule};
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::{CacheState, OpMeta, Operation, git};
use mosaic_core::ports::Notice;
use mosaic_core::testkit::{Fault, Place};
use mosaic_core::types::{Subject, TenantId};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn fresh_answers_are_shared_and_old_ones_are_not() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let ask = || async { mosaic.git().get_repository(get()).await.unwrap() };
    let (first, second) = (ask().await, ask().await);
    assert_eq!((first.cache(), second.cache()), (CacheState::Miss, CacheState::Hit));
    assert_eq!((first.attempts(), second.attempts(), forge.seen()), (1, 0, 1));
    assert!(std::ptr::eq(&*first, &*second), "the value itself is shared");
    assert_eq!(second.provider().map(|id| id.as_str()), Some("a"));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!((ask().await.cache(), forge.seen()), (CacheState::Miss, 2));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_seen_at_once_by_every_tenant() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let tenants = ["red", "blue"].map(|name| mosaic.as_tenant(TenantId::new(name).unwrap()));
    for tenant in &tenants {
        assert_eq!(
            tenant.git().get_repository(get()).await.unwrap().cache(),
            CacheState::Miss,
            "not another's answer"
        );
        assert_eq!(tenant.git().get_repository(get()).await.unwrap().cache(), CacheState::Hit);
    }
    let update = git::UpdateRepository::new("acme", "widget").description("new");
    tenants[0].git().update_repository(update).await.unwrap();
    for tenant in &tenants {
        let answer = tenant.git().get_repository(get()).await.unwrap();
        assert_eq!((answer.cache(), answer.description.as_deref()), (CacheState::Miss, Some("new")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_and_a_dropped_one_make_old_too() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    for dropped in [false, true] {
        mosaic.git().get_repository(get()).await.unwrap();
        forge.fault(Fault::Hang(Place::AfterExecution));
        let text = format!("dropped: {dropped}");
        let cx = CallContext::new().time_limit(Duration::from_millis(500));
        let git = mosaic.with(cx).git();
        let write =
            git.update_repository(git::UpdateRepository::new("acme", "widget").description(text.clone()));
        if dropped {
            assert!(tokio::time::timeout(Duration::from_millis(5), write).await.is_err());
        } else {
            write.await.unwrap_err();
        }
        let answer = mosaic.git().get_repository(get()).await.unwrap();
        assert_eq!(answer.description.as_deref(), Some(text.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_a_write_overtook_is_not_kept() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    // The read is answered before the write and arrives after it.
    forge.fault(Fault::DelayAnswer(Duration::from_millis(100)));
    let git = mosaic.git();
    let read = tokio::spawn(async move { git.get_repository(get()).await.unwrap() });
    tokio::task::yield_now().await;
    mosaic
        .git()
        .update_repository(git::UpdateRepository::new("acme", "widget").description("new"))
        .await
        .unwrap();
    assert_eq!(read.await.unwrap().description, None, "what was true when it was read");
    let answer = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!((answer.cache(), answer.description.as_deref()), (CacheState::Miss, Some("new")));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_comes_after_a_write_does_not_join_a_read_from_before() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::DelayAnswer(Duration::from_millis(100)));
    let git = mosaic.git();
    let before = tokio::spawn(async move { git.get_repository(get()).await.unwrap() });
    tokio::task::yield_now().await;
    mosaic
        .git()
        .update_repository(git::UpdateRepository::new("acme", "widget").description("new"))
        .await
        .unwrap();
    let after = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!((after.cache(), after.description.as_deref()), (CacheState::Miss, Some("new")));
    before.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn region_credential_user_and_rules_keep_answers_apart() {
    let ((a, in_a), (b, in_b)) = (forge_with_widget(), forge_with_widget());
    in_a.lock().unwrap().insert("widget".into(), Some("from a".into()));
    in_b.lock().unwrap().insert("widget".into(), Some("from b".into()));
    let mosaic = pair(&a, &b)
        .rule(Rule::new("org:*").when("region", "eu").to("b"))
        .authorizer(AllowAll)
        .build()
        .await
        .unwrap();
    let ask = |cx: CallContext| {
        let git = mosaic.with(cx).git();
        async move {
            let answer = git.get_repository(get()).await.unwrap();
            (answer.cache(), answer.description.clone().unwrap())
        }
    };
    let (eu, us) =
        (CallContext::new().attribute("region", "eu"), CallContext::new().attribute("region", "us"));
    assert_eq!(ask(us.clone()).await, (CacheState::Miss, "from a".into()));
    assert_eq!(ask(eu.clone()).await, (CacheState::Miss, "from b".into()));
    assert_eq!(ask(us.clone()).await, (CacheState::Hit, "from a".into()));
    assert_eq!(ask(eu.clone().attribute("colour", "red")).await.0, CacheState::Hit, "no rule reads colours");
    let own = CallContext::new().principal(Principal::user("ann").with_credential("ann-token"));
    assert_eq!(ask(own).await.0, CacheState::Miss, "another credential may see another thing");

    mosaic.set_routing(&Routing::new().default_rule(Rule::any().to("b"))).unwrap();
    assert_eq!(ask(us).await, (CacheState::Miss, "from b".into()), "not what the old rules learned");
}

#[tokio::test(start_paused = true)]
async fn what_conditions_read_keeps_answers_apart() {
    let ((a, in_a), (b, in_b)) = (forge_with_widget(), forge_with_widget());
    in_a.lock().unwrap().insert("widget".into(), Some("from a".into()));
    in_b.lock().unwrap().insert("widget".into(), Some("from b".into()));
    let large = Rule::any().condition("build.size > 10GB || user == 'ann' || tenant == 'other'").to("b");
    let mosaic = pair(&a, &b).rule(large).authorizer(AllowAll).build().await.unwrap();
    let ask = |cx: CallContext| {
        let git = mosaic.with(cx).git();
        async move {
            let answer = git.get_repository(get()).await.unwrap();
            (answer.cache(), answer.description.clone().unwrap())
        }
    };
    let sized = |size: &str| CallContext::new().attribute("build.size", size);
    let as_user = |name: &str| CallContext::new().principal(Principal::user(name));
    let tenant = |name: &str| CallContext::new().tenant(TenantId::new(name).unwrap());
    for (cx, from) in [
        (sized("1GB"), "from a"),
        (sized("11GB"), "from b"),
        (CallContext::new().attribute("build.size", 11_000_000_000u64), "from b"),
        (as_user("bob"), "from a"),
        (as_user("ann"), "from b"),
        (tenant("one"), "from a"),
        (tenant("other"), "from b"),
    ] {
        assert_eq!(ask(cx.clone()).await, (CacheState::Miss, from.into()), "{cx:?}");
        assert_eq!(ask(cx.clone()).await, (CacheState::Hit, from.into()), "{cx:?}");
    }
}

struct AllowAll;

#[async_trait::async_trait]
impl mosaic_core::ports::Authorizer for AllowAll {
    async fn authorize(
        &self,
        _: &CallContext,
        _: &mosaic_core::op::OpMeta,
        _: mosaic_core::types::Subject<'_>,
    ) -> mosaic_core::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_at_once_cost_one_attempt() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::Delay(Duration::from_millis(100)));
    let calls = (0..100).map(|_| {
        let git = mosaic.git();
        async move { git.get_repository(get()).await.unwrap().cache() }
    });
    let states = futures_util::future::join_all(calls).await;
    assert_eq!(forge.seen(), 1);
    assert_eq!(states.iter().filter(|state| **state == CacheState::Coalesced).count(), 99);
}

#[tokio::test(start_paused = true)]
async fn who_waits_has_its_own_deadline_and_outlives_the_leader() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::Hang(Place::AfterSending));
    let git = mosaic.with(CallContext::new().time_limit(Duration::from_millis(200))).git();
    let leader = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    let git = mosaic.with(CallContext::new().time_limit(Duration::from_millis(100))).git();
    let hasty = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    let patient = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!(
        (patient.cache(), forge.seen()),
        (CacheState::Miss, 2),
        "it went itself when the leader's time was over"
    );
    assert_eq!(leader.await.unwrap().unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(hasty.await.unwrap().unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_dropped_hands_over() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::Hang(Place::AfterSending));
    let git = mosaic.git();
    let leader = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    let git = mosaic.git();
    let waiter = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    leader.abort();
    assert!(waiter.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_stands_in_while_the_provider_fails() {
    let (forge, _) = forge_with_widget();
    let cache = CacheConfig { stale: Duration::from_secs(100), ..CacheConfig::default() };
    let mosaic = single(&forge, config()).cache(cache).build().await.unwrap();
    let ask = || async { mosaic.git().get_repository(get()).await };
    ask().await.unwrap();
    tokio::time::advance(Duration::from_secs(70)).await;
    forge.plan(|_, _| Some(Fault::error(ErrorKind::Provider)));
    let stale = ask().await.unwrap();
    assert_eq!((stale.cache(), stale.trail().len()), (CacheState::Stale, 3));
    forge.plan(|_, _| Some(Fault::error(ErrorKind::NotFound)));
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::NotFound, "an answer is an answer");
    forge.plan(|_, _| Some(Fault::error(ErrorKind::Provider)));
    assert_eq!(ask().await.unwrap().cache(), CacheState::Stale);
    mosaic.invalidate(git::UpdateRepository::new("acme", "widget"));
    assert!(ask().await.is_err(), "what was written since is known to be wrong");
}

/// A write that somebody else made in `acme/NAME`.
struct Written(&'static str);

impl Notice for Written {
    fn changes(&self, each: &mut dyn FnMut(&'static OpMeta, Subject<'_>)) {
        each(git::UpdateRepository::META, Subject::item("acme", self.0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_learned_of_makes_old_what_it_touches() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let ask = || async { mosaic.git().get_repository(get()).await.unwrap().cache() };
    assert_eq!((ask().await, ask().await), (CacheState::Miss, CacheState::Hit));
    mosaic.observe(&Written("gadget"));
    assert_eq!(ask().await, CacheState::Hit, "another repository");
    mosaic.observe(&Written("Widget"));
    assert_eq!((ask().await, ask().await), (CacheState::Miss, CacheState::Hit));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_refresh_or_bypass() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let ask = |usage| {
        let git = mosaic.with(CallContext::new().cache(usage)).git();
        async move { git.get_repository(get()).await.unwrap().cache() }
    };
    assert_eq!(ask(CacheUse::Bypass).await, CacheState::Bypass);
    assert_eq!(ask(CacheUse::Refresh).await, CacheState::Miss);
    assert_eq!(ask(CacheUse::Normal).await, CacheState::Hit);
    assert_eq!(ask(CacheUse::Refresh).await, CacheState::Miss);
    assert_eq!(forge.seen(), 3);
}

#[tokio::test(start_paused = true)]
async fn errors_are_not_kept() {
    let (forge, kept) = forge();
    let mosaic = single(&forge, config()).build().await.unwrap();
    mosaic.git().get_repository(get()).await.unwrap_err();
    kept.lock().unwrap().insert("widget".into(), None);
    assert!(mosaic.git().get_repository(get()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_by_name_meets_the_same_entry() {
    use mosaic_core::op::Caller as _;
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let typed = mosaic.git().get_repository(get()).await.unwrap();
    let params = serde_json::json!({ "repo": { "name": "widget", "owner": "acme" } });
    let by_name = mosaic.call_json(&CallContext::new(), "git.get_repository", params).await.unwrap();
    assert_eq!((by_name.report.cache, forge.seen()), (CacheState::Hit, 1));
    assert_eq!(by_name.into_value().unwrap(), serde_json::to_value(&*typed).unwrap());
}

/// A typed hit of the application is answered before the call enters the path; by name it goes all the way. Both must say and
/// count the same.
#[tokio::test(start_paused = true)]
async fn both_ways_to_a_hit_say_and_count_the_same() {
    use mosaic_core::op::Caller as _;
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    mosaic.git().get_repository(get()).await.unwrap();
    let figures = || mosaic.status().operations[0];
    let before = figures();
    let typed = mosaic.git().get_repository(get()).await.unwrap().report().clone();
    let between = figures();
    let params = serde_json::to_value(get()).unwrap();
    let by_name = mosaic.call_json(&CallContext::new(), "git.get_repository", params).await.unwrap().report;
    let after = figures();
    assert_eq!(format!("{typed:?}"), format!("{by_name:?}"));
    let gained = |a: mosaic_core::engine::observe::OperationFigures,
                  b: mosaic_core::engine::observe::OperationFigures| {
        (b.calls - a.calls, b.errors - a.errors, b.cache_hits - a.cache_hits)
    };
    assert_eq!(gained(before, between), (1, 0, 1));
    assert_eq!(gained(between, after), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_makes_old_what_follows_from_it_elsewhere() {
    use mosaic_core::op::project::{GetIssue, LinkIssues};
    use mosaic_core::testkit::Double;
    use mosaic_core::types::IssueRef;
    use mosaic_core::types::git::{FileContent, Repository};
    use mosaic_core::types::project::{Issue, IssueState, Link};
    let both = Double::new()
        .answer(|op: &git::GetFile| Ok(FileContent::new(op.path.clone(), "b", "c", "text")))
        .answer(|op: &git::UpdateRepository| Ok(Repository::of(&op.repo, "next")))
        .answer(|op: &GetIssue| Ok(Issue::of(&op.issue, "title", IssueState::Open)))
        .answer(|op: &LinkIssues| Ok(Link::new(op.issue.clone(), op.kind, op.to.clone())));
    let mosaic = single(&both, config()).build().await.unwrap();
    let file =
        || async { mosaic.git().get_file(git::GetFile::new("acme", "widget", "a")).await.unwrap().cache() };
    file().await;
    assert_eq!(file().await, CacheState::Hit);
    let update = git::UpdateRepository::new("acme", "widget").default_branch("next");
    mosaic.git().update_repository(update).await.unwrap();
    assert_eq!(file().await, CacheState::Miss, "without `at` it is read at the default branch");

    let (ours, theirs) = (IssueRef::new("OPS", 1u64), IssueRef::new("WEB", 1u64));
    let issue = || async { mosaic.project().get_issue(GetIssue::of(&theirs)).await.unwrap().cache() };
    issue().await;
    assert_eq!(issue().await, CacheState::Hit);
    mosaic.project().link_issues(LinkIssues::of(&ours, theirs.clone())).await.unwrap();
    assert_eq!(issue().await, CacheState::Miss, "the other end of the link shows it too");
}

#[tokio::test(start_paused = true)]
async fn an_error_lands_for_all_who_wait() {
    let (forge, _) = forge_with_widget();
    let config = ProviderConfig { retry: RetryConfig { attempts: 1, ..config().retry }, ..config() };
    let mosaic = single(&forge, config).build().await.unwrap();
    forge.plan(|_, _| Some(Fault::Hang(Place::AfterSending)));
    let calls = (0..20).map(|n| {
        let git = mosaic.git();
        async move {
            tokio::time::sleep(Duration::from_millis(n)).await;
            git.get_repository(get()).await.unwrap_err().kind()
        }
    });
    let began = tokio::time::Instant::now();
    let kinds = futures_util::future::join_all(calls).await;
    assert!(kinds.iter().all(|kind| *kind == ErrorKind::Timeout), "{kinds:?}");
    assert_eq!(forge.seen(), 1, "they do not go one after the other");
    assert!(began.elapsed() < Duration::from_millis(1100));
}

/// A write that timed out may land later: until then what is read is not kept, and so cannot be old for long.
#[tokio::test(start_paused = true)]
async fn after_a_write_of_unknown_outcome_nothing_is_kept_for_a_while() {
    let (forge, kept) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let ask = || async { mosaic.git().get_repository(get()).await.unwrap() };
    ask().await;
    forge.fault(Fault::Hang(Place::AfterSending));
    let cx = CallContext::new().time_limit(Duration::from_millis(100));
    let update = git::UpdateRepository::new("acme", "widget").description("late");
    mosaic.with(cx).git().update_repository(update).await.unwrap_err();
    ask().await;
    kept.lock().unwrap().insert("widget".into(), Some("late".into()));
    assert_eq!(
        ask().await.description.as_deref(),
        Some("late"),
        "seen although it landed after the answer to the writer"
    );
    tokio::time::advance(Duration::from_secs(61)).await;
    ask().await;
    assert_eq!(ask().await.cache(), CacheState::Hit, "afterwards as ever");
}
