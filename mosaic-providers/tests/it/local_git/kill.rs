//! Kills at any moment: what was reported as done is there, what is there is whole, and work goes on.
//!
//! The test program starts itself again as a child that writes and reports each finished write on its standard output. The
//! parent kills it after so many reports and a while that it measures in turns of a loop.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_core::ErrorKind;
use mosaic_core::context::CallContext;
use mosaic_core::op::git::{
    CreateBranch, CreatePullRequest, CreateRepository, DeleteRepository, GetFile, GetPullRequest,
    GetRepository, GitService, ListPullRequests, ListRepositories, MergePullRequest, UpdateRepository,
    WriteFile,
};
use mosaic_core::types::PageRequest;
use mosaic_core::types::git::{MergeMethod, PullRequestState};
use mosaic_providers::local::git::LocalGit;

use super::{git, names};

const CHILD: &str = "MOSAIC_TEST_LOCAL_GIT_WRITER";

/// How often the writer is killed: 20, or 50 where `MOSAIC_SOAK` is `full`.
fn kills() -> usize {
    if std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full") { 50 } else { 20 }
}

/// The child: not a test of its own, so it does nothing unless the parent started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer() {
    let Ok(root) = std::env::var(CHILD) else { return };
    let round = std::env::var("MOSAIC_TEST_ROUND").unwrap();
    write_until_killed(Path::new(&root), &round).await;
}

fn report(line: &str) {
    // The name of the test may stand before it on the same line.
    let mut out = std::io::stdout().lock();
    writeln!(out, "\ndone {line}").unwrap();
    out.flush().unwrap();
}

/// Every kind of write in turn, for ever.
async fn write_until_killed(root: &Path, round: &str) {
    let (forge, cx) = (LocalGit::open(root).await.unwrap(), CallContext::new());
    for at in 0.. {
        let id = format!("{round}-{at}");
        let file = WriteFile::new("acme", "widget", format!("dir/file-{id}"), id.as_str());
        forge.write_file(&cx, file).await.unwrap();
        report(&format!("file {id}"));
        let branch = format!("branch-{id}");
        forge.create_branch(&cx, CreateBranch::new("acme", "widget", branch.as_str())).await.unwrap();
        let file = WriteFile::new("acme", "widget", format!("lid-{id}"), id.as_str()).branch(branch.as_str());
        forge.write_file(&cx, file).await.unwrap();
        let pull = CreatePullRequest::new("acme", "widget", id.as_str(), branch.as_str(), "main");
        let number = forge.create_pull_request(&cx, pull).await.unwrap().number;
        report(&format!("open {number} {id}"));
        let method = [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase][at % 3];
        let merge = MergePullRequest::new("acme", "widget", number).method(method);
        forge.merge_pull_request(&cx, merge).await.unwrap();
        report(&format!("merged {number} {id}"));
        let update = UpdateRepository::new("acme", "widget").description(id.as_str());
        forge.update_repository(&cx, update).await.unwrap();
        report(&format!("described {id}"));
        let name = format!("new-{id}");
        forge
            .create_repository(&cx, CreateRepository::new("acme", name.as_str()).description(&*id))
            .await
            .unwrap();
        report(&format!("made {name}"));
        if at % 2 == 1 {
            forge.delete_repository(&cx, DeleteRepository::new("acme", name.as_str())).await.unwrap();
            report(&format!("deleted {name}"));
        }
    }
}

/// A writer, killed; gives what it had reported by then.
fn run_and_kill(root: &Path, round: usize, lines: usize, turns: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local_git::kill::writer", "--nocapture", "--test-threads=1"])
        .env(CHILD, root)
        .env("MOSAIC_TEST_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let (mut reported, mut line) = (Vec::new(), String::new());
    while reported.len() < lines {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the writer ended by itself after {reported:?}");
        reported.extend(line.trim().strip_prefix("done ").map(str::to_owned));
    }
    for _ in 0..turns {
        assert!(child.try_wait().unwrap().is_none(), "the writer ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had said before it died counts, too.
    for line in reader.lines() {
        reported.extend(line.unwrap().trim().strip_prefix("done ").map(str::to_owned));
    }
    reported
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_reported() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = super::widget(root.path()).await;
    drop(forge);
    let mut reported = Vec::new();
    for round in 0..kills() {
        // Different moments: after the first reports or later ones, and a growing while after that.
        let (lines, turns) = (round % 7, (round * 7_919) % 40_000);
        let path = root.path().to_path_buf();
        let new =
            tokio::task::spawn_blocking(move || run_and_kill(&path, round, lines, turns)).await.unwrap();
        let mut forge = LocalGit::open(root.path()).await.unwrap();
        // A git that the writer had started may live on for a moment; then the next to open the root clears what it left.
        let mut tries = 0;
        while names(&root.path().join(".mosaic/work")).len() > 1 {
            tries += 1;
            assert!(tries < 10_000, "the work directory of a killed writer stays");
            drop(forge);
            forge = LocalGit::open(root.path()).await.unwrap();
        }
        check(&forge, &cx, root.path(), &new, round).await;
        reported.extend(new);
    }
    // The last state still has everything from the first round on.
    let forge = LocalGit::open(root.path()).await.unwrap();
    check(&forge, &cx, root.path(), &reported, kills()).await;
    assert!(reported.len() > kills(), "the writers did too little to prove anything: {}", reported.len());
}

async fn check(forge: &LocalGit, cx: &CallContext, root: &Path, reported: &[String], round: usize) {
    // Only our own work directory is left of all that were killed.
    assert_eq!(names(&root.join(".mosaic/work")).len(), 1, "round {round}");
    git(&root.join("acme/widget.git"), &["fsck", "--strict", "--no-dangling"]);
    let exists = async |name: &str| match forge.get_repository(cx, GetRepository::new("acme", name)).await {
        Ok(repository) => {
            assert_eq!(repository.description.as_deref(), name.strip_prefix("new-"));
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
            false
        }
    };
    for line in reported {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["file", id] => {
                let file = GetFile::new("acme", "widget", format!("dir/file-{id}"));
                assert_eq!(forge.get_file(cx, file).await.unwrap().content.as_text(), Some(id));
            }
            ["open" | "merged", number, id] => {
                let number = number.parse::<u64>().unwrap();
                let pull = || forge.get_pull_request(cx, GetPullRequest::new("acme", "widget", number));
                let before = pull().await.unwrap();
                assert_eq!(before.title, id);
                // The record and the branch agree, in whatever step the writer was killed. A git that it had started may
                // move the branch even now, so the record is read before and after.
                let there =
                    forge.get_file(cx, GetFile::new("acme", "widget", format!("lid-{id}"))).await.is_ok();
                let after = pull().await.unwrap();
                assert!(
                    there || before.state == PullRequestState::Open,
                    "merged without its file: {before:?}"
                );
                assert!(
                    !there || after.state == PullRequestState::Merged,
                    "open with its file merged: {after:?}"
                );
                assert!(there || words[0] != "merged", "the merge of {number} is lost");
            }
            ["described", _] => {}
            // It may have been deleted without a report, but only after it was made: then it is one of every other.
            ["made", name] => {
                let odd = name.rsplit('-').next().unwrap().parse::<usize>().unwrap() % 2 == 1;
                assert!(exists(name).await || odd, "{name}");
            }
            ["deleted", name] => assert!(!exists(name).await, "{name}"),
            _ => panic!("an odd report: {line}"),
        }
    }
    // The latest description that was reported, or one that was written and not reported.
    let described = reported.iter().rev().find_map(|line| line.strip_prefix("described "));
    let now =
        forge.get_repository(cx, GetRepository::new("acme", "widget")).await.unwrap().description.unwrap();
    if let Some(last) = described {
        let number = |id: &str| id.split('-').map(|part| part.parse::<usize>().unwrap()).collect::<Vec<_>>();
        assert!(number(&now) >= number(last), "{now} after {last}");
    }
    // Everything that can be listed can be read, and work goes on.
    let all = ListRepositories::new().page(PageRequest::first(100));
    forge.list_repositories(cx, all).await.unwrap();
    let pulls = ListPullRequests::new("acme", "widget").page(PageRequest::first(100));
    forge.list_pull_requests(cx, pulls).await.unwrap();
    let after = WriteFile::new("acme", "widget", "after", round.to_string());
    forge.write_file(cx, after).await.unwrap();
}
