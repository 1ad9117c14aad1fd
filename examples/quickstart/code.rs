//! Code: repositories that a rule places, a change that is reviewed and merged, and reading it again.

use mosaic::prelude::*;

use crate::show::{call, step};
use crate::{Done, PIPELINES};

/// What the pipeline of the repository does.
const PIPELINE: &str = "\
jobs:
  test:
    run: |
      echo \"level $INPUT_LEVEL\"
      grep -q fits lid.txt && echo \"the lid fits\"
  pack:
    needs: [test]
    run: mkdir dist && cat README.md lid.txt > dist/widget.txt
    artifacts: [\"dist/**\"]
";

pub(crate) async fn work_on_code(mosaic: &Mosaic) -> Done {
    let git = mosaic.git();
    step("Repositories: the rule decides where each one lives");
    call(
        "create internal-tools/vault",
        git.create_repository(CreateRepository::new("internal-tools", "vault")),
    )
    .await?;
    call("create acme/widget", git.create_repository(CreateRepository::new("acme", "widget"))).await?;

    step("A change: commit, branch, pull request, review, merge");
    let readme = WriteFile::new("acme", "widget", "README.md", "# Widget\n").message("Say what it is");
    call("commit README.md", git.write_file(readme)).await?;
    if PIPELINES {
        let pipeline = CreatePipeline::new("acme", "widget", "release", PIPELINE);
        call("commit a pipeline", mosaic.cicd().create_pipeline(pipeline)).await?;
    }
    call("branch lid", git.create_branch(CreateBranch::new("acme", "widget", "lid"))).await?;
    let lid = WriteFile::new("acme", "widget", "lid.txt", "It fits.\n").branch("lid").message("Add a lid");
    call("commit lid.txt on lid", git.write_file(lid)).await?;
    let opened = CreatePullRequest::new("acme", "widget", "Add a lid", "lid", "main")
        .body("So that it does not leak.");
    let pull = call("open a pull request", git.create_pull_request(opened)).await?;
    let review =
        ReviewPullRequest::new("acme", "widget", pull.number, ReviewVerdict::Approve).body("It fits.");
    call("approve it", git.review_pull_request(review)).await?;
    let merge = MergePullRequest::new("acme", "widget", pull.number).method(MergeMethod::Squash);
    call("merge it", git.merge_pull_request(merge)).await?;
    let commits = call("list commits", git.list_commits(ListCommits::new("acme", "widget"))).await?;
    for commit in &commits.items {
        println!("      {} {}", &commit.id[..8], commit.title());
    }
    Ok(())
}

pub(crate) async fn read_repeatedly(mosaic: &Mosaic) -> Done {
    let git = mosaic.git();
    step("Reading again: the cache answers, until a write makes the answer old");
    let file = || GetFile::new("acme", "widget", "lid.txt");
    for _ in 0..3 {
        call("read lid.txt", git.get_file(file())).await?;
    }
    let better = WriteFile::new("acme", "widget", "lid.txt", "It fits well.\n");
    call("commit a better lid.txt", git.write_file(better)).await?;
    let lid = call("read lid.txt", git.get_file(file())).await?;
    println!("      {:?}", lid.content.as_text().unwrap_or_default());
    Ok(())
}
