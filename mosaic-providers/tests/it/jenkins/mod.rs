//! Jenkins: the behaviour suite over a server that stands in for it.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_core::op::cicd::{CancelRun, CicdService as _, CreatePipeline, GetRun, TriggerRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step, Trait, World, lacks_are_needed, run};
use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::http::{Auth, HttpConfig, Reach};
use mosaic_providers::jenkins::{JenkinsCi, JenkinsConfig};

use crate::fake::forge::{Forge, NewRepo};
use crate::fake::http::router;
use crate::fake::jenkins::{Jenkins, config_xml};
use crate::support::serve::Server;

async fn open(queue_wait_ms: u64) -> (Server, JenkinsCi) {
    let forge = Forge::open().await;
    forge.add_user("ada", "token-of-ada");
    forge.add_org("acme", &["ada"]);
    forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    let server = Server::start(router(Jenkins::new(&forge))).await;
    let http = HttpConfig::default().reach(Reach::Loopback);
    let auth = Auth::basic("ada", "token-of-ada");
    let config =
        JenkinsConfig::new(server.url()).auth(auth).http(http).poll_ms(5).queue_wait_ms(queue_wait_ms);
    let ci = JenkinsCi::new(config).unwrap();
    (server, ci)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let (_server, ci) = open(20_000).await;
    let world = World::new(RepoRef::new("acme", "widget"), ci.info().operations, config_xml)
        .missing_run("build/999999999")
        .without(Trait::SeveralJobs, "a build is one job")
        .without(Trait::FiltersByReference, "builds know no branch")
        .without(Trait::ArtifactFacts, "sizes are not told");
    run(&ci, &world).await.unwrap();
    lacks_are_needed(&ci, &world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_the_queue_stands_for_its_build() {
    let (_server, ci) = open(0).await;
    let (cx, repo) = (CallContext::new(), RepoRef::new("acme", "widget"));
    let definition = config_xml(&Draft::of(JobDraft::new("one").step(Step::WaitForEver)));
    ci.create_pipeline(&cx, CreatePipeline::of(&repo, "build", definition)).await.unwrap();
    let run = ci.trigger_run(&cx, TriggerRun::of(&repo, "build")).await.unwrap();
    assert!(run.id.starts_with("build/q"), "{}", run.id);
    assert_eq!(run.state, RunState::Queued);
    let later = ci.get_run(&cx, GetRun::of(&repo, run.id.as_str())).await.unwrap();
    assert_eq!((later.id.as_str(), later.state), (run.id.as_str(), RunState::Running));
    let ended = ci.cancel_run(&cx, CancelRun::of(&repo, run.id.as_str())).await.unwrap();
    assert_eq!((ended.id.as_str(), ended.state), (run.id.as_str(), RunState::Cancelled));
    let given = TriggerRun::of(&repo, "build").inputs([("unknown".to_owned(), "x".to_owned())]);
    let error = ci.trigger_run(&cx, given).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Invalid, Delivery::NotSent));
}
