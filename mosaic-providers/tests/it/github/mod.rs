//! GitHub's services: over the fake, against the vendor's document, and with recorded traffic.

mod git;

use std::sync::Arc;

use mosaic_providers::github::{GitHubConfig, GitHubGit};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::forge::Forge;
use crate::fake::github::GitHub;
use crate::support::serve::Server;

/// A fake with the people that the tests work as.
struct Hub {
    hub: Arc<GitHub>,
    server: Server,
}

impl Hub {
    /// Ada, Bob and Eve, and the organisation `acme` of the first two.
    async fn new() -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob", "eve"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        let hub = GitHub::new(forge);
        let server = Server::start(hub.router()).await;
        Self { hub, server }
    }

    /// The configuration of somebody who speaks to it.
    fn config(&self, login: &str) -> GitHubConfig {
        config(&self.server.url(), Auth::token(format!("token-of-{login}")))
    }

    fn git(&self) -> GitHubGit {
        GitHubGit::new(self.config("ada")).unwrap()
    }
}

/// Nothing but this machine is reached.
fn config(url: &str, auth: Auth) -> GitHubConfig {
    GitHubConfig::new(auth).base_url(url).http(HttpConfig::default().reach(Reach::Loopback))
}
