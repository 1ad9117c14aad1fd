//! Pipelines: the behaviour suite, and what is GitLab's own.

use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{
    CicdService as _, CreatePipeline, DownloadArtifact, ListArtifacts, ListPipelines, TriggerRun,
};
use mosaic_core::op::git::{CreateBranch, CreateRepository, DeleteFile, GetFile, GitService as _, WriteFile};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{self, Draft, JobDraft, Prepared, Step, Trait, World};
use mosaic_core::types::RepoRef;
use mosaic_providers::gitlab::GitLabCi;

use super::{Bench, config};
use crate::fake::forge::program_lines;

const FILE: &str = ".gitlab-ci.yml";

async fn ground() -> (Bench, GitLabCi, RepoRef) {
    let bench = Bench::new().await;
    let repo = RepoRef::new("acme", "widget");
    let git = bench.git();
    git.create_repository(&bench.cx, CreateRepository::of(&repo)).await.unwrap();
    git.write_file(&bench.cx, WriteFile::of(&repo, "README.md", "# Widget")).await.unwrap();
    let ci = GitLabCi::new(bench.config()).unwrap();
    (bench, ci, repo)
}

/// A definition in GitLab's language, with the lines that the fake follows.
fn definition(draft: &Draft) -> String {
    let job = |job: &JobDraft| format!("{}:\n  script: [\"true\"]\n", job.name);
    let jobs: String = draft.jobs.iter().map(job).collect();
    format!("{}{jobs}", program_lines(draft, "#"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cicd_service_behaves() {
    let (bench, ci, repo) = ground().await;
    let origin = bench.server.url();
    let of = repo.clone();
    // Each pipeline of the suite is a branch with its own definition.
    let prepare = move |name: String, draft: Draft| {
        let (origin, repo) = (origin.clone(), of.clone());
        async move {
            let git = mosaic_providers::gitlab::GitLabGit::new(config(&origin))?;
            let cx = mosaic_core::context::CallContext::new();
            git.create_branch(&cx, CreateBranch::of(&repo, name.as_str()).from("main")).await?;
            let op = WriteFile::of(&repo, FILE, definition(&draft)).branch(name.as_str());
            git.write_file(&cx, op).await?;
            Ok(Prepared::new(FILE).at(name))
        }
    };
    let world = World::prepared_by(repo, ci.info().operations, prepare)
        .without(Trait::NamedPipelines, "a project has one definition at each commit")
        .without(Trait::JobsInOrder, "jobs are listed newest first")
        .without(Trait::ListsTimes, "lists of runs tell neither begin nor end")
        .without(Trait::ArtifactsByName, "artifacts are listed as their jobs are")
        .without(Trait::ArtifactFacts, "archives have no digest")
        .without(Trait::ArtifactsAsLeft, "each job leaves an archive");
    cicd::run(&ci, &world).await.unwrap();
}

#[tokio::test]
async fn the_definition_is_checked_and_committed_once() {
    let (bench, ci, repo) = ground().await;
    let list = async || ci.list_pipelines(&bench.cx, ListPipelines::of(&repo)).await.unwrap().items;
    assert_eq!(list().await, vec![]);
    let good = definition(&Draft::of(JobDraft::new("one").step(Step::Print("hello".into()))));
    let create =
        |name: &str, text: &str| ci.create_pipeline(&bench.cx, CreatePipeline::of(&repo, name, text));
    for (name, text) in [("build", good.as_str()), (FILE, "nothing")] {
        assert_eq!(create(name, text).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    let made = create(FILE, &good).await.unwrap();
    assert_eq!(made.path.as_deref(), Some(FILE));
    assert_eq!(list().await, vec![made]);
    assert_eq!(create(FILE, &good).await.unwrap_err().kind(), ErrorKind::Conflict);
    let file = bench.git().get_file(&bench.cx, GetFile::of(&repo, FILE)).await.unwrap();
    assert_eq!(file.content.as_text(), Some(good.as_str()));
    let other = ci.trigger_run(&bench.cx, TriggerRun::of(&repo, "build")).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::NotFound);
    bench.git().delete_file(&bench.cx, DeleteFile::of(&repo, FILE)).await.unwrap();
    let gone = ci.trigger_run(&bench.cx, TriggerRun::of(&repo, FILE)).await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    let missing = ci.list_pipelines(&bench.cx, ListPipelines::of(&repo).at("missing")).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn one_file_comes_out_of_an_archive() {
    use futures_util::TryStreamExt as _;
    let (bench, ci, repo) = ground().await;
    let leave = Step::LeaveFile { path: "out/app.txt".into(), content: "built".into() };
    let text = definition(&Draft::of(JobDraft::new("build").step(leave)));
    ci.create_pipeline(&bench.cx, CreatePipeline::of(&repo, FILE, text)).await.unwrap();
    let run = ci.trigger_run(&bench.cx, TriggerRun::of(&repo, FILE)).await.unwrap().id;
    for _ in 0..10 {
        bench.lab.forge().advance_runs();
    }
    let listed = ci.list_artifacts(&bench.cx, ListArtifacts::of(&repo, run.as_str())).await.unwrap().items;
    assert_eq!(listed[0].name, "build/out/app.txt.zip");
    for (name, content) in [("build/out/app.txt", "built"), ("build/out/app.txt.zip", "PKbuilt")] {
        let op = DownloadArtifact::of(&repo, run.as_str(), name);
        let chunks: Vec<_> = ci.download_artifact(&bench.cx, op).await.unwrap().try_collect().await.unwrap();
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes().to_vec()).collect();
        assert_eq!(String::from_utf8_lossy(&bytes), content);
    }
}
