//! The main job on the embedded providers: pinned, failed over, explained, and used again.

use std::sync::Arc;
use std::time::Duration;

use mosaic::engine::breaker::{BreakerConfig, BreakerState};
use mosaic::engine::limit::BackoffConfig;
use mosaic::engine::{ProviderConfig, RetryConfig};
use mosaic::prelude::*;
use mosaic::types::ServiceKind;

fn treated() -> ProviderConfig {
    ProviderConfig {
        breaker: BreakerConfig {
            failures_in_a_row: 3,
            open_for: Duration::from_millis(50),
            ..BreakerConfig::default()
        },
        retry: RetryConfig {
            backoff: BackoffConfig { first: Duration::from_millis(1), ..BackoffConfig::default() },
            ..RetryConfig::default()
        },
        ..ProviderConfig::default()
    }
}

async fn forges(folder: &std::path::Path) -> Mosaic {
    let open = async |name: &str| Arc::new(LocalGit::open(folder.join(name)).await.unwrap());
    Mosaic::builder()
        .provider_with("a", open("a").await, treated())
        .provider_with("b", open("b").await, treated())
        .rule(Rule::new("org:internal-*").to("a"))
        .default_rule(Rule::any().to("b").fallback(["a"]))
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_forge_that_is_gone_is_failed_over_and_a_pinned_call_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mosaic = forges(folder).await;
    let git = mosaic.git();
    let provider = async |org: &str, name: &str| {
        git.create_repository(CreateRepository::new(org, name))
            .await
            .map(|made| made.provider().unwrap().to_string())
    };
    assert_eq!(provider("acme", "one").await.unwrap(), "b");
    assert_eq!(provider("internal-x", "one").await.unwrap(), "a");

    // Forge b is gone: reads and writes go to the declared fallback, and its breaker opens.
    std::fs::rename(folder.join("b"), folder.join("b.away")).unwrap();
    assert_eq!(provider("acme", "two").await.unwrap(), "a");
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    let found = fresh.get_repository(GetRepository::new("acme", "two")).await.unwrap();
    assert_eq!(found.provider().unwrap().as_str(), "a");
    let breakers = |at: usize| mosaic.status().providers[at].breakers[0];
    assert_eq!((breakers(1).0, breakers(1).2), (ServiceKind::Git, 1), "its breaker opened once");
    assert!(!folder.join("b").exists(), "nobody made it anew");

    // Forge a is gone: what is pinned to it is refused, and nothing of it appears on forge b.
    std::fs::rename(folder.join("b.away"), folder.join("b")).unwrap();
    std::fs::rename(folder.join("a"), folder.join("a.away")).unwrap();
    let error = provider("internal-x", "two").await.unwrap_err();
    assert_eq!(error.provider_id().unwrap().as_str(), "a");
    assert_eq!(error.outcome(), mosaic::error::Outcome::NotMade);
    assert!(!folder.join("b").join("internal-x").exists());

    // Both are back and used again.
    std::fs::rename(folder.join("a.away"), folder.join("a")).unwrap();
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while breakers(0).1 != BreakerState::Closed || breakers(1).1 != BreakerState::Closed {
        assert!(tokio::time::Instant::now() < until, "the breakers stay open");
        // Who asks past the cache is a trial.
        let _ = fresh.get_repository(GetRepository::new("internal-x", "one")).await;
        let _ = fresh.get_repository(GetRepository::new("acme", "one")).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(provider("acme", "three").await.unwrap(), "b");
    assert_eq!(provider("internal-x", "three").await.unwrap(), "a");
    mosaic.shutdown().await;
}

#[tokio::test]
async fn code_written_against_a_service_takes_the_orchestra() {
    use mosaic::op::Via;
    async fn first_commit(git: &impl GitService, repo: &RepoRef) -> mosaic::Result<String> {
        let cx = CallContext::new();
        git.create_repository(&cx, CreateRepository::of(repo)).await?;
        let written = git.write_file(&cx, WriteFile::of(repo, "a.txt", "a")).await?;
        Ok(written.commit)
    }
    let folder = tempfile::tempdir().unwrap();
    let mosaic = forges(folder.path()).await;
    let repo = RepoRef::new("acme", "widget");
    let commit = first_commit(&Via(mosaic.clone()), &repo).await.unwrap();
    let commits = mosaic.git().list_commits(ListCommits::of(&repo)).await.unwrap();
    assert_eq!(commits.items[0].id, commit);
}

/// The suites call as persons, too.
struct Everybody;

#[async_trait::async_trait]
impl mosaic::ports::Authorizer for Everybody {
    async fn authorize(
        &self,
        _: &CallContext,
        _: &mosaic::op::OpMeta,
        _: mosaic::types::Subject<'_>,
    ) -> mosaic::Result<()> {
        Ok(())
    }
}

/// What a provider does alone it does behind routing, cache, limits and breakers too: no answer of the cache is older than what
/// the suite just wrote.
#[tokio::test]
async fn the_behaviour_suites_pass_through_the_whole_path() {
    use mosaic::op::{OpSet, Via};
    use mosaic::plugin::Plugin as _;
    use mosaic_core::testkit::suite;
    let folder = tempfile::tempdir().unwrap();
    let forge = LocalGit::open(folder.path().join("forge")).await.unwrap();
    let world = suite::git::World::new("acme", forge.info().operations);
    let mosaic = Mosaic::builder()
        .provider("forge", forge)
        .provider("handbook", LocalDocs::open(folder.path().join("docs")).await.unwrap())
        .provider("tracker", LocalProject::open(folder.path().join("tracker.db")).await.unwrap())
        .authorizer(Everybody)
        .build()
        .await
        .unwrap();
    let orchestra = Via(mosaic.clone());
    suite::git::run(&orchestra, &world).await.unwrap();
    suite::document::run(&orchestra, &suite::document::World::new(OpSet::service(ServiceKind::Docs)))
        .await
        .unwrap();
    suite::project::run(&orchestra, &suite::project::World::new(OpSet::service(ServiceKind::Project)))
        .await
        .unwrap();
    assert!(mosaic.status().operations.iter().any(|figures| figures.cache_hits > 0), "the cache took part");
}
