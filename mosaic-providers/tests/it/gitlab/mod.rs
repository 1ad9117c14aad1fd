//! GitLab's providers: the behaviour suites over a fake of its API, its document, recorded traffic, hardships.

mod suite;

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_providers::gitlab::{GitLabConfig, GitLabGit};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::document::Watch;
use crate::fake::forge::Forge;
use crate::fake::gitlab::GitLab;
use crate::support::serve::Server;

/// A GitLab with Ada, Bob and Eve, and the group `acme` of the first two, with a group `acme/tools` within.
pub(super) struct Bench {
    pub(super) lab: Arc<GitLab>,
    pub(super) server: Server,
    pub(super) cx: CallContext,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(|router| router).await
    }

    /// One whose answers are watched.
    pub(super) async fn watched(watch: Option<&Watch>) -> Self {
        Self::with(|router| match watch {
            Some(watch) => watch.before(router),
            None => router,
        })
        .await
    }

    async fn with(wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob", "eve"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        forge.add_org("acme/tools", &["ada"]);
        let lab = GitLab::new(forge);
        let server = Server::start(wrap(lab.router())).await;
        Self { lab, server, cx: CallContext::new() }
    }

    /// As Ada.
    pub(super) fn config(&self) -> GitLabConfig {
        config(&self.server.url())
    }

    pub(super) fn git(&self) -> GitLabGit {
        GitLabGit::new(self.config()).unwrap()
    }
}

/// A client of this machine, as Ada.
pub(super) fn config(origin: &str) -> GitLabConfig {
    GitLabConfig::new(format!("{origin}/api/v4"))
        .auth(Auth::token("token-of-ada"))
        .http(HttpConfig::default().reach(Reach::Loopback))
}

/// The document's own view of the fake; none without the shared test data.
pub(super) fn document() -> Option<Watch> {
    Some(Watch::load("gitlab/openapi_v2.pruned.json")?)
}
