//! Trees, comparisons and deletions of what only ordinary git makes: links, submodules, very much of everything.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_core::ErrorKind;
use mosaic_core::op::git::{
    CommentOnPullRequest, Compare, CreateBranch, CreatePullRequest, DeleteBranch, DeleteFile, GitService,
    ListTree, WriteFile,
};
use mosaic_core::types::git::{ChangeKind, EntryKind};
use mosaic_core::types::{Blob, PageRequest};

use super::{git, widget};

/// Feeds `git fast-import`.
fn import(bare: &Path, stream: &str) {
    let mut child = Command::new("git")
        .current_dir(bare)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn commit(branch: &str, message: &str, changes: &str) -> String {
    let from = if branch == "big" { "from refs/heads/main^0\n" } else { "" };
    format!(
        "commit refs/heads/{branch}\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata {}\n{message}\n{from}{changes}\n",
        message.len()
    )
}

#[tokio::test]
async fn every_kind_of_entry_is_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let changes = format!(
        "M 100755 inline bin/run\ndata 2\nx\n\nM 120000 inline link\ndata 11\n/etc/passwd\nM 160000 {} sub\n",
        "12".repeat(20)
    );
    import(&bare, &commit("kinds", "Kinds", &changes));
    let op = ListTree::new("acme", "widget").at("kinds").recursive(true);
    let entries = forge.list_tree(&cx, op).await.unwrap().items;
    let shown: Vec<_> = entries.iter().map(|entry| (entry.path.as_str(), entry.kind, entry.size)).collect();
    assert_eq!(
        shown,
        [
            ("bin", EntryKind::Directory, None),
            ("bin/run", EntryKind::File, Some(2)),
            ("link", EntryKind::Symlink, None),
            ("sub", EntryKind::Submodule, None),
        ]
    );
    let delete = async |path: &str| {
        forge.delete_file(&cx, DeleteFile::new("acme", "widget", path).branch("kinds")).await
    };
    // The link itself goes; what it points at is none of our business.
    delete("link").await.unwrap();
    delete("bin/run").await.unwrap();
    assert_eq!(delete("bin").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(git(&bare, &["ls-tree", "-r", "--name-only", "kinds"]), "sub");
    // The last file of all leaves an empty tree.
    forge.delete_file(&cx, DeleteFile::new("acme", "widget", "README.md")).await.unwrap();
    assert!(forge.list_tree(&cx, ListTree::new("acme", "widget")).await.unwrap().items.is_empty());
    git(&bare, &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test]
async fn very_much_is_bounded() {
    const FILES: usize = 3_000;
    const COMMITS: usize = 300;
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let mut files = String::new();
    for at in 0..FILES {
        write!(files, "M 100644 inline d/{:02}/file-{at:05}\ndata 2\nx\n\n", at % 60).unwrap();
    }
    let mut stream = commit("big", "Many files", &files);
    for at in 1..COMMITS {
        let next = commit("big", &format!("Commit {at}"), "").replace("from refs/heads/main^0\n", "");
        stream.push_str(&next);
    }
    import(&bare, &stream);
    let between = forge.compare(&cx, Compare::new("acme", "widget", "main", "big")).await.unwrap();
    assert_eq!((between.ahead, between.behind, between.truncated), (COMMITS as u64, 0, true));
    assert_eq!((between.commits.len(), between.files.len()), (250, 1_000));
    assert_eq!(between.commits[0].title(), format!("Commit {}", COMMITS - 1));
    assert!(between.files.iter().all(|file| file.additions == Some(1) && file.kind == ChangeKind::Added));

    let (mut paths, mut page) = (Vec::new(), PageRequest::first(100));
    loop {
        let op = ListTree::new("acme", "widget").at("big").path("d").recursive(true).page(page);
        let got = forge.list_tree(&cx, op).await.unwrap();
        assert!(got.items.len() <= 100);
        paths.extend(got.items.into_iter().map(|entry| entry.path));
        let Some(next) = got.next else { break };
        page = PageRequest::first(100).at(next);
    }
    assert_eq!(paths.len(), FILES + 60);
    assert!(paths.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn bytes_and_foreign_histories_are_compared() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    let bytes = Blob::from(vec![0u8, 1, 2, 0, 255]);
    forge.write_file(&cx, WriteFile::new("acme", "widget", "bytes", bytes).branch("lid")).await.unwrap();
    let between = forge.compare(&cx, Compare::new("acme", "widget", "main", "lid")).await.unwrap();
    let file = &between.files[0];
    assert_eq!((file.path.as_str(), file.additions, file.deletions), ("bytes", None, None));

    import(
        &root.path().join("acme/widget.git"),
        &commit("foreign", "Foreign", "M 100644 inline other\ndata 4\na\nb\n\n"),
    );
    let apart = forge.compare(&cx, Compare::new("acme", "widget", "main", "foreign")).await.unwrap();
    assert_eq!((apart.ahead, apart.behind, &apart.merge_base), (1, 1, &None));
    let shown: Vec<_> =
        apart.files.iter().map(|file| (file.path.as_str(), file.kind, file.additions)).collect();
    assert_eq!(shown, [("other", ChangeKind::Added, Some(2))]);
}

#[tokio::test]
async fn comments_are_about_places_that_are_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    let write = WriteFile::new("acme", "widget", "d/lid", "one\ntwo").branch("lid");
    forge.write_file(&cx, write).await.unwrap();
    let pull = CreatePullRequest::new("acme", "widget", "Add a lid", "lid", "main");
    let number = forge.create_pull_request(&cx, pull).await.unwrap().number;
    let comment = async |path: &str, line: Option<u64>| {
        let mut op = CommentOnPullRequest::new("acme", "widget", number, "Hm.").path(path);
        op.line = line;
        forge.comment_on_pull_request(&cx, op).await.map_err(|error| error.kind())
    };
    assert!(comment("d/lid", None).await.is_ok() && comment("d/lid", Some(2)).await.is_ok());
    assert_eq!(comment("d/lid", Some(3)).await.unwrap_err(), ErrorKind::Invalid);
    assert_eq!(comment("d", None).await.unwrap_err(), ErrorKind::NotFound);
    assert_eq!(comment("missing", Some(1)).await.unwrap_err(), ErrorKind::NotFound);
    // Once it is closed, the head is where it was.
    forge.delete_branch(&cx, DeleteBranch::new("acme", "widget", "lid")).await.unwrap();
    assert!(comment("d/lid", Some(1)).await.is_ok());
}
