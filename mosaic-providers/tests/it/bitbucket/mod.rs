//! Bitbucket Cloud: over a fake of it, against its document, and with recorded traffic.

mod git;
mod pipelines;
mod plugin;
mod prism;
mod replay;

use std::sync::Arc;

use mosaic_providers::bitbucket::{BitbucketConfig, BitbucketGit, BitbucketPipelines};
use mosaic_providers::http::{Auth, HttpConfig, Reach};

use crate::fake::bitbucket::{BASE, Bitbucket};
use crate::fake::forge::Forge;
use crate::support::faults::Faults;
use crate::support::serve::Server;

/// A server with Ada and Bob, and the workspace `acme` of both.
pub(crate) struct Bucket {
    pub(crate) bucket: Arc<Bitbucket>,
    pub(crate) server: Server,
    pub(crate) faults: Faults,
}

impl Bucket {
    pub(crate) async fn fill() -> Self {
        Self::with(|router| router).await
    }

    pub(crate) async fn with(wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        let bucket = Bitbucket::new(forge);
        let faults = Faults::default();
        let server = Server::start(faults.before(wrap(bucket.router()))).await;
        Self { bucket, server, faults }
    }

    /// The configuration of somebody with this token.
    pub(crate) fn config(&self, token: &str) -> BitbucketConfig {
        config(&format!("{}{BASE}", self.server.url()), token)
    }

    /// The git service as Ada.
    pub(crate) fn git(&self) -> BitbucketGit {
        BitbucketGit::new(self.config("token-of-ada")).unwrap()
    }

    /// The cicd service as Ada.
    pub(crate) fn pipelines(&self) -> BitbucketPipelines {
        BitbucketPipelines::new(self.config("token-of-ada")).unwrap()
    }
}

pub(crate) fn config(base_url: &str, token: &str) -> BitbucketConfig {
    BitbucketConfig::new(Auth::token(token))
        .base_url(base_url)
        .http(HttpConfig::default().reach(Reach::Loopback))
}
