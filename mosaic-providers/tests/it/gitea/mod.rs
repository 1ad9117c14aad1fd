//! Gitea and Forgejo: over a fake of both, against their documents, and with recorded traffic.

mod git;
mod issues;
mod plugin;
mod prism;
mod replay;
mod wiki;

use std::sync::Arc;

use mosaic_providers::gitea::{GiteaConfig, GiteaGit, Product};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::forge::Forge;
use crate::fake::gitea::{BASE, Gitea};
use crate::support::faults::Faults;
use crate::support::serve::Server;

/// A server with Ada and Bob, and the organisation `acme` of both.
pub(crate) struct Tea {
    pub(crate) product: Product,
    pub(crate) tea: Arc<Gitea>,
    pub(crate) server: Server,
    pub(crate) faults: Faults,
}

impl Tea {
    pub(crate) async fn pour(product: Product) -> Self {
        Self::with(product, |router| router).await
    }

    pub(crate) async fn with(product: Product, wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        let tea = Gitea::new(forge, product);
        let faults = Faults::default();
        let server = Server::start(faults.before(wrap(tea.router()))).await;
        Self { product, tea, server, faults }
    }

    /// The configuration of somebody with this token. Nothing is waited for, as this server knows at once what can be merged.
    pub(crate) fn config(&self, token: &str) -> GiteaConfig {
        config(self.product, &format!("{}{BASE}", self.server.url()), token)
    }

    /// The git service as Ada.
    pub(crate) fn git(&self) -> GiteaGit {
        GiteaGit::new(self.config("token-of-ada")).unwrap()
    }
}

pub(crate) fn config(product: Product, base_url: &str, token: &str) -> GiteaConfig {
    GiteaConfig::new(base_url, Auth::token(token))
        .product(product)
        .http(HttpConfig::default().reach(Reach::Loopback))
        .merge_wait_ms(0)
}
