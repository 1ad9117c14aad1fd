//! GitLab's providers: the behaviour suites over a fake of its API, its document, recorded traffic, hardships.

mod ci;
mod git;
mod issues;
mod plugin;
mod prism;
mod replay;
mod stage;
mod suite;
mod wiki;

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
    let watch = Watch::load("gitlab/openapi_v2.pruned.json")?;
    let watch = [400, 405, 409, 422].into_iter().fold(watch, Watch::usual);
    let beside = ["/api/v4/namespaces/{id}", "/api/v4/version", "/api/v4/user", "/api/v4/users"];
    let watch = beside.into_iter().fold(watch, Watch::beside);
    Some(
        watch
            .beside("/api/v4/issues")
            .beside("/api/v4/projects/{id}/issues")
            .beside("/api/v4/projects/{id}/issues/{issue_iid}")
            .beside("/api/v4/projects/{id}/issues/{issue_iid}/notes")
            .beside("/api/v4/projects/{id}/labels")
            .beside("/api/v4/projects/{id}/labels/{name}")
            .beside("/api/v4/projects/{id}/milestones")
            .beside("/api/v4/projects/{id}/milestones/{milestone_id}")
            .beside("/api/v4/projects/{id}/merge_requests/{merge_request_iid}/notes")
            .beside("/api/v4/projects/{id}/merge_requests/{merge_request_iid}/discussions"),
    )
}

/// What the document says of statuses and GitLab does otherwise: two calls that make something, and one that tells what is gone.
const OTHERWISE: &[&str] = &[
    "POST /api/v4/projects/{id}/repository/commits: the document has no answer 201",
    "POST /api/v4/projects/{id}/statuses/{sha}: the document has no answer 201",
    "DELETE /api/v4/projects/{id}/issues/{issue_iid}/links/{issue_link_id}: the document has no answer 200",
];

/// Fails where the fake answers otherwise than the document says. The document takes most fields for texts and none for null,
/// which the recordings contradict: types are left out.
pub(super) fn assert_faithful(watch: &Watch, least: usize) {
    let known = |violation: &String| {
        violation.contains(" is not of type ") || OTHERWISE.contains(&violation.as_str())
    };
    let wrong: Vec<_> = watch.violations().into_iter().filter(|violation| !known(violation)).collect();
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
    assert!(watch.checked().len() >= least, "only {} kinds of answers were checked", watch.checked().len());
}
