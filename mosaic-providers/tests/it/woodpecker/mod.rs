//! Woodpecker: the behaviour suite over a server that stands in for it.

use std::sync::Arc;

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, Prepared, Trait, World, lacks_are_needed, run};
use mosaic_core::types::RepoRef;
use mosaic_providers::http::{Auth, HttpConfig, Reach};
use mosaic_providers::woodpecker::{Woodpecker, WoodpeckerConfig};

use crate::fake::forge::{Forge, NewRepo, Put};
use crate::fake::http::router;
use crate::fake::woodpecker;
use crate::support::serve::Server;

/// A forge with `acme/widget`, a Woodpecker beside it, and a client of that.
struct Ground {
    forge: Arc<Forge>,
    repo: u64,
    _server: Server,
    ci: Woodpecker,
}

fn config(origin: &str) -> WoodpeckerConfig {
    let http = HttpConfig::default().reach(Reach::Loopback);
    WoodpeckerConfig::new(format!("{origin}/api")).auth(Auth::token("token-of-ada")).http(http).poll_ms(5)
}

impl Ground {
    async fn open() -> Self {
        Self::with(|config| config).await
    }

    async fn with(change: impl FnOnce(WoodpeckerConfig) -> WoodpeckerConfig) -> Self {
        let forge = Forge::open().await;
        forge.add_user("ada", "token-of-ada");
        forge.add_org("acme", &["ada"]);
        let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
        forge.git(repo).put_file(&Put::new("main", "README.md", "hello"), |_| Ok(())).await.unwrap();
        let server = Server::start(router(woodpecker::Woodpecker::new(&forge))).await;
        let ci = Woodpecker::new(change(config(&server.url()))).unwrap();
        Self { forge, repo, _server: server, ci }
    }
}

async fn prepare(forge: &Forge, repo: u64, branch: &str, draft: &Draft) {
    let git = forge.git(repo);
    let tip = git.tip("main").await.unwrap();
    for (path, content) in woodpecker::workflows(draft) {
        git.put_file(&Put::new(branch, &path, content).from(tip.as_str()), |_| Ok(())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let ground = Ground::open().await;
    let (forge, repo) = (Arc::clone(&ground.forge), ground.repo);
    let world = World::prepared_by(
        RepoRef::new("acme", "widget"),
        ground.ci.info().operations,
        move |branch: String, draft: Draft| {
            let forge = Arc::clone(&forge);
            async move {
                prepare(&forge, repo, &branch, &draft).await;
                Ok(Prepared::new("woodpecker").at(branch))
            }
        },
    );
    let world = world
        .without(Trait::JobsInOrder, "what began in the same second is listed by file name")
        .without(Trait::RepeatsFailedJobs, "the server repeats whole runs only");
    run(&ground.ci, &world).await.unwrap();
    lacks_are_needed(&ground.ci, &world).await.unwrap();
}
