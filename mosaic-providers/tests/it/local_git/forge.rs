//! What is particular to a forge in a directory.

use mosaic_core::ErrorKind;
use mosaic_core::op::git::{
    CreateBranch, CreateRepository, DeleteBranch, DeleteRepository, GetRepository, GitService, ListBranches,
    ListCommits, ListRepositories, MergeBranch, UpdateRepository, WriteFile,
};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::MergeMethod;

use super::{git, names, widget};

#[tokio::test]
async fn bad_names_touch_nothing() {
    let root = tempfile::tempdir().unwrap();
    let inner = root.path().join("inner");
    let (forge, cx) = widget(&inner).await;
    let before = (names(root.path()), names(&inner), names(&inner.join("acme")));
    for (owner, name) in
        [("..", "x"), ("acme", "../../x"), (".mosaic", "x"), ("acme", ".git"), ("/", "x"), ("acme", "-x")]
    {
        let made = forge.create_repository(&cx, CreateRepository::of(RepoRef::new(owner, name))).await;
        assert_eq!(made.unwrap_err().kind(), ErrorKind::Invalid, "{owner}/{name}");
    }
    assert_eq!((names(root.path()), names(&inner), names(&inner.join("acme"))), before);
}

#[tokio::test]
async fn a_repository_that_somebody_put_there_is_served() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    git(root.path(), &["init", "--quiet", "--bare", "--initial-branch=trunk", "guest/thing.git"]);
    std::fs::create_dir_all(root.path().join("guest/no-repository")).unwrap();
    std::fs::create_dir_all(root.path().join("guest/empty.git")).unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let all = forge.list_repositories(&cx, ListRepositories::new()).await.unwrap().items;
    assert_eq!(all.iter().map(|repo| repo.full_name()).collect::<Vec<_>>(), ["acme/widget", "guest/thing"]);
    assert_eq!(all[1].default_branch, "trunk");
    forge.write_file(&cx, WriteFile::new("guest", "thing", "a", "x")).await.unwrap();
    let branches = forge.list_branches(&cx, ListBranches::new("guest", "thing")).await.unwrap().items;
    assert_eq!(branches[0].name, "trunk");
    forge.delete_repository(&cx, DeleteRepository::new("guest", "thing")).await.unwrap();
    let gone = forge.get_repository(&cx, GetRepository::new("guest", "thing")).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_rebase_flattens_merges_and_keeps_what_fits() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let write = async |branch: &str, path: &str, text: &str| {
        let op = WriteFile::new("acme", "widget", path, text)
            .branch(branch)
            .message(format!("{branch} {path} {text}"));
        forge.write_file(&cx, op).await.unwrap();
    };
    let branch = async |name: &str, from: &str| {
        forge.create_branch(&cx, CreateBranch::new("acme", "widget", name).from(from)).await.unwrap();
    };
    branch("lid", "main").await;
    write("lid", "lid", "1").await;
    branch("side", "lid").await;
    write("side", "side", "1").await;
    write("lid", "lid", "2").await;
    forge.merge_branch(&cx, MergeBranch::new("acme", "widget", "side", "lid")).await.unwrap();
    write("lid", "same", "1").await;
    write("main", "same", "1").await;
    let merge = MergeBranch::new("acme", "widget", "lid", "main").method(MergeMethod::Rebase);
    forge.merge_branch(&cx, merge).await.unwrap();
    let commits = forge.list_commits(&cx, ListCommits::new("acme", "widget").at("main")).await.unwrap().items;
    let mut titles: Vec<_> = commits[..3].iter().map(|commit| commit.title()).collect();
    titles.sort_unstable();
    // The merge and the commit whose change main has already are left out.
    assert_eq!(titles, ["lid lid 1", "lid lid 2", "side side 1"]);
    assert_eq!(commits[3].title(), "main same 1");
    assert!(commits.iter().all(|commit| commit.parents.len() <= 1));
    git(&root.path().join("acme/widget.git"), &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test]
async fn a_history_of_its_own_is_not_merged_but_its_merge_is_rebased() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let desk = tempfile::tempdir().unwrap();
    let url =
        forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap().clone_url.unwrap();
    git(desk.path(), &["clone", "--quiet", &url, "widget"]);
    let clone = desk.path().join("widget");
    git(&clone, &["switch", "--quiet", "--orphan", "foreign"]);
    std::fs::write(clone.join("foreign"), "x").unwrap();
    git(&clone, &["add", "."]);
    git(&clone, &["commit", "--quiet", "-m", "Foreign"]);
    git(&clone, &["push", "--quiet", "origin", "foreign"]);
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let merge = MergeBranch::new("acme", "widget", "foreign", "main").method(method);
        let error = forge.merge_branch(&cx, merge).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
    git(&clone, &["switch", "--quiet", "-c", "joined", "origin/main"]);
    git(&clone, &["merge", "--quiet", "--allow-unrelated-histories", "-m", "Join", "foreign"]);
    git(&clone, &["push", "--quiet", "origin", "joined"]);
    forge.write_file(&cx, WriteFile::new("acme", "widget", "more", "x")).await.unwrap();
    let merge = MergeBranch::new("acme", "widget", "joined", "main").method(MergeMethod::Rebase);
    forge.merge_branch(&cx, merge).await.unwrap();
    let files = git(&root.path().join("acme/widget.git"), &["ls-tree", "--name-only", "main"]);
    assert_eq!(files, "README.md\nforeign\nmore");
}

#[tokio::test]
async fn a_lock_is_respected_until_it_is_certainly_stale() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let leave = |name: &str, age: u64| {
        let file = std::fs::File::create(bare.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
    };
    leave("refs/heads/main.lock", 0);
    let error = forge.write_file(&cx, WriteFile::new("acme", "widget", "a", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert!(error.was_refused() && error.to_string().contains("locked"), "{error}");
    leave("refs/heads/main.lock", 120);
    forge.write_file(&cx, WriteFile::new("acme", "widget", "a", "x")).await.unwrap();
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "next")).await.unwrap();
    leave("HEAD.lock", 120);
    let update = UpdateRepository::new("acme", "widget").default_branch("next");
    forge.update_repository(&cx, update).await.unwrap();
    leave("packed-refs.lock", 120);
    forge.delete_branch(&cx, DeleteBranch::new("acme", "widget", "main")).await.unwrap();
    assert_eq!(git(&bare, &["symbolic-ref", "HEAD"]), "refs/heads/next");
}
