//! Builds that are repeated: with what they were given, and only where that gives the same.

use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::cicd::{CicdService as _, CreatePipeline, GetRun, RerunRun, TriggerRun};
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::PipelineRun;
use mosaic_providers::jenkins::JenkinsCi;

use super::{Ground, cx, widget};
use crate::fake::jenkins::config_xml;

/// A job that follows a repository and prints what it is given by this name.
fn following(input: &str) -> String {
    let draft = Draft::of(JobDraft::new("one").step(Step::PrintInput(input.into())));
    config_xml(&draft).replace("<project>", r#"<project><scm class="hudson.plugins.git.GitSCM"/>"#)
}

async fn ended(ci: &JenkinsCi, job: &str, input: (&str, &str)) -> PipelineRun {
    let input = [(input.0.to_owned(), input.1.to_owned())];
    let run = ci.trigger_run(&cx(), TriggerRun::of(widget(), job).inputs(input)).await.unwrap();
    loop {
        let now = ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap();
        if now.state.is_final() {
            return now;
        }
    }
}

#[tokio::test]
async fn a_build_that_found_its_commit_by_itself_is_not_repeated() {
    let ground = Ground::open().await;
    let ci = ground.ci();
    ci.create_pipeline(&cx(), CreatePipeline::of(widget(), "newest", following("level"))).await.unwrap();
    let run = ended(&ci, "newest", ("level", "full")).await;
    let commit = run.commit.unwrap();
    let sent = ground.server.seen().iter().filter(|seen| seen.method == "POST").count();
    let error = ci.rerun_run(&cx(), RerunRun::of(widget(), run.id.as_str())).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotMade));
    assert!(error.message().contains(&commit), "{error}");
    assert_eq!(ground.server.seen().iter().filter(|seen| seen.method == "POST").count(), sent);
}

#[tokio::test]
async fn a_build_that_was_given_its_commit_is_repeated_with_it() {
    let ground = Ground::open().await;
    let ci = ground.ci();
    ci.create_pipeline(&cx(), CreatePipeline::of(widget(), "fixed", following("COMMIT"))).await.unwrap();
    let run = ended(&ci, "fixed", ("COMMIT", "d00d")).await;
    assert_eq!(run.commit.as_deref(), Some("d00d"));
    let again = ci.rerun_run(&cx(), RerunRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_ne!(again.id, run.id);
    let asked = ground.server.seen().into_iter().rfind(|seen| seen.method == "POST").unwrap();
    assert_eq!(asked.path(), "/job/acme/job/widget/job/fixed/buildWithParameters");
    assert_eq!(asked.body, "COMMIT=d00d");
}
