//! Woodpecker: over a server that stands in for it, and against the vendor's document.

mod hardship;
mod logs;
mod place;
mod plugin;
mod prism;

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CicdService as _, TriggerRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, Prepared, Trait, World, lacks_are_needed, run};
use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::PipelineRun;
use mosaic_providers::http::{Auth, HttpConfig, Reach};
use mosaic_providers::woodpecker::{Woodpecker, WoodpeckerConfig};

use crate::fake::forge::{Forge, NewRepo, Put};
use crate::fake::http::router;
use crate::fake::woodpecker;
use crate::support::faults::Faults;
use crate::support::serve::Server;

/// A forge with `acme/widget`, a Woodpecker beside it, and a client of that.
struct Ground {
    forge: Arc<Forge>,
    repo: u64,
    faults: Faults,
    server: Server,
    ci: Woodpecker,
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

fn config(origin: &str) -> WoodpeckerConfig {
    config_of(origin, "token-of-ada")
}

fn config_of(origin: &str, token: &str) -> WoodpeckerConfig {
    let http = HttpConfig::default().reach(Reach::Loopback);
    WoodpeckerConfig::new(format!("{origin}/api")).auth(Auth::token(token)).http(http).poll_ms(5)
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
        let faults = Faults::default();
        let server = Server::start(faults.before(router(woodpecker::Woodpecker::new(&forge)))).await;
        let ci = Woodpecker::new(change(config(&server.url()))).unwrap();
        Self { forge, repo, faults, server, ci }
    }

    /// The same plugin with another configuration.
    fn other(&self, change: impl FnOnce(WoodpeckerConfig) -> WoodpeckerConfig) -> Woodpecker {
        Woodpecker::new(change(config(&self.server.url()))).unwrap()
    }

    /// A run of workflows on `main`, as it was asked for.
    async fn start(&self, draft: &Draft) -> PipelineRun {
        self.commit(draft).await;
        self.ci.trigger_run(&CallContext::new(), TriggerRun::of(widget(), "woodpecker")).await.unwrap()
    }

    /// Commits workflows to `main`.
    async fn commit(&self, draft: &Draft) {
        for (path, content) in woodpecker::workflows(draft) {
            self.forge.git(self.repo).put_file(&Put::new("main", &path, content), |_| Ok(())).await.unwrap();
        }
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
    let world =
        World::prepared_by(widget(), ground.ci.info().operations, move |branch: String, draft: Draft| {
            let forge = Arc::clone(&forge);
            async move {
                prepare(&forge, repo, &branch, &draft).await;
                Ok(Prepared::new("woodpecker").at(branch))
            }
        });
    let world = world
        .without(Trait::JobsInOrder, "what began in the same second is listed by file name")
        .without(Trait::RepeatsFailedJobs, "the server repeats whole runs only");
    run(&ground.ci, &world).await.unwrap();
    lacks_are_needed(&ground.ci, &world).await.unwrap();
}
