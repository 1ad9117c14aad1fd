//! GitHub's services: over the fake, against the vendor's document, and with recorded traffic.

mod app;
mod git;
mod hardship;
mod issues;
mod prism;
mod replay;
mod traffic;

pub(crate) use prism::document;

use std::sync::Arc;

use mosaic_providers::github::{GitHubConfig, GitHubGit, GitHubIssues};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::forge::Forge;
use crate::fake::github::GitHub;
use crate::support::serve::Server;

/// A fake with the people that the tests work as.
struct Hub {
    hub: Arc<GitHub>,
    server: Server,
    prefix: &'static str,
}

impl Hub {
    /// Ada, Bob and Eve, and the organisation `acme` of the first two.
    async fn new() -> Self {
        Self::of(GitHub::new, "").await
    }

    /// The same as an Enterprise Server.
    async fn enterprise() -> Self {
        Self::of(GitHub::enterprise, "/api/v3").await
    }

    async fn of(make: impl FnOnce(Arc<Forge>) -> Arc<GitHub>, prefix: &'static str) -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob", "eve"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        let hub = make(forge);
        let server = Server::start(hub.router()).await;
        Self { hub, server, prefix }
    }

    /// The configuration of somebody who speaks to it.
    fn config(&self, login: &str) -> GitHubConfig {
        let url = format!("{}{}", self.server.url(), self.prefix);
        config(&url, Auth::token(format!("token-of-{login}")))
    }

    fn git(&self) -> GitHubGit {
        GitHubGit::new(self.config("ada")).unwrap()
    }

    fn issues(&self) -> GitHubIssues {
        GitHubIssues::new(self.config("ada")).unwrap()
    }
}

/// Nothing but this machine is reached.
fn config(url: &str, auth: Auth) -> GitHubConfig {
    GitHubConfig::new(auth).base_url(url).http(HttpConfig::default().reach(Reach::Loopback))
}
