//! GitHub Actions: over a GitHub that stands in for it, and against the vendor's document.

mod dispatch;
mod hardship;
mod logs;
mod plugin;
mod prism;
#[cfg(feature = "webhook")]
mod replay;

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, Trait, World, lacks_are_needed, run};
use mosaic_core::types::RepoRef;
use mosaic_providers::github::{ActionsConfig, GitHubActions, GitHubConfig};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::document::Watch;
use crate::fake::forge::{Forge, NewRepo, Put};
use crate::fake::github::{GitHub, actions};
use crate::support::serve::Server;

/// A GitHub with `acme/widget`, and a client of it.
struct Ground {
    hub: Arc<GitHub>,
    repo: u64,
    server: Server,
    ci: GitHubActions,
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

fn config(origin: &str) -> GitHubConfig {
    config_of(origin, "token-of-ada")
}

fn config_of(origin: &str, token: &str) -> GitHubConfig {
    GitHubConfig::new(Auth::token(token))
        .base_url(origin)
        .http(HttpConfig::default().reach(Reach::Loopback))
        .actions(ActionsConfig::default().poll_ms(5))
}

impl Ground {
    async fn open() -> Self {
        Self::with(|router| router, |config| config).await
    }

    async fn with(
        wrap: impl FnOnce(axum::Router) -> axum::Router,
        change: impl FnOnce(GitHubConfig) -> GitHubConfig,
    ) -> Self {
        let forge = Forge::open().await;
        forge.add_user("ada", "token-of-ada");
        forge.add_user("bob", "token-of-bob");
        forge.add_org("acme", &["ada", "bob"]);
        let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
        forge.git(repo).put_file(&Put::new("main", "README.md", "hello"), |_| Ok(())).await.unwrap();
        let hub = GitHub::new(forge);
        let server = Server::start(wrap(hub.router())).await;
        let ci = GitHubActions::new(change(config(&server.url()))).unwrap();
        Self { hub, repo, server, ci }
    }

    /// Commits a workflow; its runs show a title where there is one.
    async fn workflow(&self, file: &str, draft: &Draft, title: Option<&str>) {
        let mut text = actions::definition(draft);
        if let Some(title) = title {
            let at = text.rfind("\n{").unwrap() + 2;
            text.insert_str(at, &format!("\"run-name\":{},", serde_json::json!(title)));
        }
        let path = format!(".github/workflows/{file}");
        self.hub.forge().git(self.repo).put_file(&Put::new("main", &path, text), |_| Ok(())).await.unwrap();
    }

    fn world(&self) -> World {
        // Nobody can say of a definition that is no YAML what would start it.
        World::new(widget(), self.ci.info().operations, actions::definition)
            .broken("jobs: [")
            .without(Trait::LiveLogs, "GitHub keeps logs until the job has ended")
            .without(Trait::ArtifactsAsLeft, "artifacts are zip archives")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let watch = Watch::load("github/api.github.com.pruned.json");
    let wrap = |router| match &watch {
        Some(watch) => watch.before(router),
        None => router,
    };
    let ground = Ground::with(wrap, |config| config).await;
    ground.hub.meter().set_remaining(1_000_000);
    run(&ground.ci, &ground.world()).await.unwrap();
    // The log of a job that goes on is waited for in vain.
    let soon = ground.world().wait_at_most(Duration::from_secs(5));
    lacks_are_needed(&ground.ci, &soon).await.unwrap();
}
