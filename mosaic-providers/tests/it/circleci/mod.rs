//! CircleCI: the behaviour suite over a service that stands in for it, and what is particular to it.

mod particular;
mod plugin;
mod prism;
mod replay;

use std::sync::Arc;

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{
    Draft, JobDraft, Prepared, Step, Trait, World, lacks_are_needed, run,
};
use mosaic_core::types::RepoRef;
use mosaic_providers::circleci::{CircleCi, CircleCiConfig};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::circleci::{self, Store, config_yml};
use crate::fake::document::Watch;
use crate::fake::forge::{Forge, NewRepo, Put};
use crate::fake::http::router;
use crate::support::serve::Server;

/// A forge with `acme/widget`, a CircleCI beside it with its store, and a client of that.
struct Ground {
    forge: Arc<Forge>,
    repo: u64,
    server: Server,
    store: Server,
    ci: CircleCi,
}

fn config(origin: &str, token: &str) -> CircleCiConfig {
    CircleCiConfig::new(Auth::token(token))
        .base_url(format!("{origin}/api"))
        .http(HttpConfig::default().reach(Reach::Loopback))
        .artifact_hosts(["127.0.0.1"])
        .poll_ms(5)
}

impl Ground {
    async fn open() -> Self {
        Self::with(|router| router, |config| config).await
    }

    async fn with(
        wrap: impl FnOnce(axum::Router) -> axum::Router,
        change: impl FnOnce(CircleCiConfig) -> CircleCiConfig,
    ) -> Self {
        let forge = Forge::open().await;
        forge.add_user("ada", "token-of-ada");
        forge.add_org("acme", &["ada"]);
        let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
        forge.git(repo).put_file(&Put::new("main", "README.md", "hello"), |_| Ok(())).await.unwrap();
        let circle = circleci::CircleCi::new(&forge);
        let server = Server::start(wrap(router(Arc::clone(&circle)))).await;
        let store = Server::start(router(Store::new(&forge))).await;
        circle.keeps_at(store.url());
        let ci = CircleCi::new(change(config(&server.url(), "token-of-ada"))).unwrap();
        Self { forge, repo, server, store, ci }
    }
}

async fn prepare(forge: &Forge, repo: u64, branch: &str, draft: &Draft) {
    let git = forge.git(repo);
    let tip = git.tip("main").await.unwrap();
    let put = Put::new(branch, ".circleci/config.yml", config_yml(draft)).from(tip.as_str());
    git.put_file(&put, |_| Ok(())).await.unwrap();
}

/// A job that says hello.
fn hello() -> JobDraft {
    JobDraft::new("one").step(Step::Print("hello".into()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let watch = Watch::load("circleci/openapi.v2.json").map(|watch| watch.below("/api/v2"));
    let wrap = |router| match &watch {
        Some(watch) => watch.before(router),
        None => router,
    };
    let ground = Ground::with(wrap, |config| config).await;
    let (forge, repo) = (Arc::clone(&ground.forge), ground.repo);
    let world = World::prepared_by(
        RepoRef::new("acme", "widget"),
        ground.ci.info().operations,
        move |branch: String, draft: Draft| {
            let forge = Arc::clone(&forge);
            async move {
                prepare(&forge, repo, &branch, &draft).await;
                Ok(Prepared::new("circleci").at(branch))
            }
        },
    );
    let world = world.without(Trait::ArtifactFacts, "sizes are not told");
    run(&ground.ci, &world).await.unwrap();
    lacks_are_needed(&ground.ci, &world).await.unwrap();
    if let Some(watch) = watch {
        // What has not begun or ended has a null there, and so has the last page, which the document leaves out.
        let nulls = ["/started_at: null", "/stopped_at: null", "/next_page_token: null"];
        let known = |line: &String| nulls.iter().any(|null| line.contains(null));
        let wrong: Vec<_> = watch.violations().into_iter().filter(|line| !known(line)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(watch.checked().len() >= 9, "{:?}", watch.checked());
    }
}
