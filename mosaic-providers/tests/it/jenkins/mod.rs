//! Jenkins: the behaviour suite over a server that stands in for it, its document, and what is particular to it.

mod crumb;
mod plugin;
mod prism;
mod replay;
mod rerun;

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_core::op::cicd::{CancelRun, CicdService as _, CreatePipeline, GetRun, JobLog, TriggerRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step, Trait, World, lacks_are_needed, run};
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{Chunk, RepoRef};
use mosaic_providers::http::{Auth, HttpConfig, Reach};
use mosaic_providers::jenkins::{JenkinsCi, JenkinsConfig};

use crate::fake::forge::{Forge, NewRepo};
use crate::fake::http::router;
use crate::fake::jenkins::{Jenkins, config_xml};
use crate::support::serve::Server;

/// A Jenkins with the folders `acme/widget` and `acme/gadget`, whose user Ada has a token and a password.
struct Ground {
    forge: Arc<Forge>,
    jenkins: Arc<Jenkins>,
    server: Server,
}

fn config(origin: &str, secret: &str) -> JenkinsConfig {
    let http = HttpConfig::default().reach(Reach::Loopback);
    JenkinsConfig::new(origin).auth(Auth::basic("ada", secret)).http(http).poll_ms(5)
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

fn cx() -> CallContext {
    CallContext::new()
}

impl Ground {
    async fn open() -> Self {
        Self::with(|router| router).await
    }

    async fn with(wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let forge = Forge::open().await;
        forge.add_user("ada", "token-of-ada");
        forge.grant("password-of-ada", "ada");
        forge.add_org("acme", &["ada"]);
        for name in ["widget", "gadget"] {
            forge.create_repo(NewRepo::new("acme", name)).await.unwrap();
        }
        let jenkins = Jenkins::new(&forge);
        let server = Server::start(wrap(router(Arc::clone(&jenkins)))).await;
        Self { forge, jenkins, server }
    }

    fn config(&self, secret: &str) -> JenkinsConfig {
        config(&self.server.url(), secret)
    }

    /// A client with the API token.
    fn ci(&self) -> JenkinsCi {
        JenkinsCi::new(self.config("token-of-ada")).unwrap()
    }
}

/// A job that says hello.
fn hello() -> String {
    config_xml(&Draft::of(JobDraft::new("one").step(Step::Print("hello".into()))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let ground = Ground::open().await;
    let ci = ground.ci();
    let world = World::new(RepoRef::new("acme", "widget"), ci.info().operations, config_xml)
        .missing_run("build/999999999")
        .without(Trait::SeveralJobs, "a build is one job")
        .without(Trait::RepeatsFailedJobs, "a build is one job")
        .without(Trait::FiltersByReference, "builds know no branch")
        .without(Trait::ArtifactFacts, "sizes are not told");
    run(&ci, &world).await.unwrap();
    lacks_are_needed(&ci, &world).await.unwrap();
}

#[tokio::test]
async fn a_log_may_be_larger_than_what_is_taken_into_memory() {
    let ground = Ground::open().await;
    let mut http = HttpConfig::default().reach(Reach::Loopback);
    http.max_body_bytes = 4 << 10;
    let ci = JenkinsCi::new(ground.config("token-of-ada").http(http)).unwrap();
    let line = "x".repeat(64 << 10);
    let definition = config_xml(&Draft::of(JobDraft::new("one").step(Step::Print(line.clone()))));
    ci.create_pipeline(&cx(), CreatePipeline::of(widget(), "build", definition)).await.unwrap();
    let run = ci.trigger_run(&cx(), TriggerRun::of(widget(), "build")).await.unwrap();
    let log = ci.job_log(&cx(), JobLog::of(widget(), run.id.as_str(), "build")).await.unwrap();
    let chunks: Vec<Chunk> = log.try_collect().await.unwrap();
    let text: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes().to_vec()).collect();
    assert_eq!(String::from_utf8(text).unwrap().trim_end(), line);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_the_queue_stands_for_its_build() {
    let ground = Ground::open().await;
    let ci = JenkinsCi::new(ground.config("token-of-ada").queue_wait_ms(0)).unwrap();
    let (cx, repo) = (cx(), widget());
    let definition = config_xml(&Draft::of(JobDraft::new("one").step(Step::WaitForEver)));
    ci.create_pipeline(&cx, CreatePipeline::of(&repo, "build", definition)).await.unwrap();
    let run = ci.trigger_run(&cx, TriggerRun::of(&repo, "build")).await.unwrap();
    assert!(run.id.starts_with("build/q"), "{}", run.id);
    assert_eq!(run.state, RunState::Queued);
    // To another repository it is not there.
    let elsewhere = RepoRef::new("acme", "gadget");
    let got = ci.get_run(&cx, GetRun::of(&elsewhere, run.id.as_str())).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
    let got = ci.cancel_run(&cx, CancelRun::of(&elsewhere, run.id.as_str())).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
    let later = ci.get_run(&cx, GetRun::of(&repo, run.id.as_str())).await.unwrap();
    assert_eq!((later.id.as_str(), later.state), (run.id.as_str(), RunState::Running));
    let ended = ci.cancel_run(&cx, CancelRun::of(&repo, run.id.as_str())).await.unwrap();
    assert_eq!((ended.id.as_str(), ended.state), (run.id.as_str(), RunState::Cancelled));
    let given = TriggerRun::of(&repo, "build").inputs([("unknown".to_owned(), "x".to_owned())]);
    let error = ci.trigger_run(&cx, given).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Invalid, Delivery::NotSent));
}
