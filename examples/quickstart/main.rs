//! The main job on real repositories and a real tracker on this machine's disk: routed by rule, cached, broken, failed over,
//! explained.
//!
//! `cargo run --release --example quickstart`. It works in a temporary folder and leaves nothing behind.

mod show;

use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use mosaic::engine::breaker::BreakerConfig;
use mosaic::prelude::*;
use show::{call, refused, step};

type Done<T = ()> = Result<T, Box<dyn StdError>>;

#[tokio::main]
async fn main() -> Done {
    let folder = tempfile::tempdir()?;
    let mosaic = assemble(folder.path()).await?;

    work_on_code(&mosaic).await?;
    read_repeatedly(&mosaic).await?;
    track(&mosaic).await?;
    break_and_mend(&mosaic, folder.path()).await?;

    step("What happened, in figures");
    println!("{}", mosaic.status());
    mosaic.shutdown().await;
    Ok(())
}

/// Two forges and a tracker. Everything of `internal-*` is pinned to forge-a; the rest lives on forge-b, and forge-a stands in.
async fn assemble(folder: &Path) -> Done<Mosaic> {
    // A breaker that opens after three failures and tries again after a second, so that the story is short.
    let breaker =
        BreakerConfig { failures_in_a_row: 3, open_for: Duration::from_secs(1), ..BreakerConfig::default() };
    let treated = ProviderConfig { breaker, ..ProviderConfig::default() };
    Ok(Mosaic::builder()
        .provider_with("forge-a", LocalGit::open(folder.join("forge-a")).await?, treated)
        .provider_with("forge-b", LocalGit::open(folder.join("forge-b")).await?, treated)
        .provider("tracker", LocalProject::open(folder.join("tracker.db")).await?)
        .rule(Rule::new("org:internal-*").to("forge-a").priority(100))
        .default_rule(Rule::any().to("forge-b").fallback(["forge-a"]))
        .build()
        .await?)
}

async fn work_on_code(mosaic: &Mosaic) -> Done {
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

async fn read_repeatedly(mosaic: &Mosaic) -> Done {
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

async fn track(mosaic: &Mosaic) -> Done {
    let tracker = mosaic.project();
    step("The tracker: open, link and close an issue");
    call("create project OPS", tracker.create_project(CreateProject::new("OPS", "Operations"))).await?;
    let leak =
        call("open an issue", tracker.create_issue(CreateIssue::new("OPS", "The widget leaks"))).await?;
    let lid = CreateIssue::new("OPS", "Ship the lid").labels(vec!["release".to_string()]);
    let lid = call("open another", tracker.create_issue(lid)).await?;
    let link = LinkIssues::of(&lid.issue, &leak.issue).kind(LinkKind::Blocks);
    call("link them", tracker.link_issues(link)).await?;
    let close = UpdateIssue::of(&lid.issue).state(IssueState::Closed);
    call("close it", tracker.update_issue(close)).await?;
    let issue = call("read it", tracker.get_issue(GetIssue::of(&lid.issue))).await?;
    println!("      {} {:?}, {} link(s)", issue.issue, issue.state, issue.links.len());
    Ok(())
}

/// Takes the directory of a forge away, which is as broken as a forge on disk can be, and puts it back.
async fn break_and_mend(mosaic: &Mosaic, folder: &Path) -> Done {
    let git = mosaic.git();
    let (here, away) = (folder.join("forge-b"), folder.join("forge-b.away"));
    step("forge-b breaks: its breaker opens, and the declared fallback answers what it may");
    std::fs::rename(&here, &away)?;
    // Who reads past the cache meets the broken forge. forge-a has no copy of acme/widget, which says nothing about whether
    // forge-b has it: the error is that of forge-b. What can be made anew is made on forge-a.
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    refused("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call("create acme/gadget", git.create_repository(CreateRepository::new("acme", "gadget"))).await?;
    call("read acme/widget, cached", git.get_file(GetFile::new("acme", "widget", "lid.txt"))).await?;

    println!("\n{}", mosaic.explain(&CallContext::new(), &GetRepository::new("acme", "widget")));

    step("forge-a breaks too: the pinned organisation is refused and does not leak");
    let (pinned, pinned_away) = (folder.join("forge-a"), folder.join("forge-a.away"));
    std::fs::rename(&pinned, &pinned_away)?;
    std::fs::rename(&away, &here)?;
    refused(
        "create internal-tools/keys",
        git.create_repository(CreateRepository::new("internal-tools", "keys")),
    )
    .await?;
    std::fs::rename(&pinned_away, &pinned)?;

    step("Both are back: after a second the breakers try, and the forges are used again");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    call("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call(
        "create internal-tools/keys",
        git.create_repository(CreateRepository::new("internal-tools", "keys")),
    )
    .await?;
    Ok(())
}
