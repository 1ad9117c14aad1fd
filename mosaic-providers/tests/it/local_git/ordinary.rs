//! Ordinary git clones, fetches and pushes while Mosaic writes, and both see each other's work at once.

use mosaic_core::ErrorKind;
use mosaic_core::context::Principal;
use mosaic_core::op::git::{
    CreateBranch, CreatePullRequest, DeleteBranch, GetFile, GetPullRequest, GetRepository, GitService,
    ListCommits, MergePullRequest, WriteFile,
};
use mosaic_core::types::git::{MergeMethod, PullRequestState};

use super::{git, widget};
use std::process::Command;

#[tokio::test]
async fn clones_pushes_and_fetches_meet_our_writes() {
    let root = tempfile::tempdir().unwrap();
    let desk = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let cx = cx.principal(Principal::user("Grace Hopper"));
    let repository = forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap();
    let url = repository.clone_url.unwrap();
    git(desk.path(), &["clone", "--quiet", &url, "widget"]);
    let clone = desk.path().join("widget");
    assert_eq!(std::fs::read_to_string(clone.join("README.md")).unwrap(), "# Widget\n");

    // We write, they fetch.
    let written =
        forge.write_file(&cx, WriteFile::new("acme", "widget", "src/lid.rs", "fn lid() {}\n")).await.unwrap();
    git(&clone, &["pull", "--quiet", "--ff-only"]);
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]), written.commit);
    assert_eq!(
        git(&clone, &["log", "-1", "--format=%an <%ae>"]),
        "Grace Hopper <grace-hopper@mosaic.invalid>"
    );

    // They push, we see it: the file, the commit, and the head of a pull request.
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "box")).await.unwrap();
    git(&clone, &["fetch", "--quiet"]);
    git(&clone, &["switch", "--quiet", "box"]);
    std::fs::write(clone.join("box.txt"), "box\n").unwrap();
    git(&clone, &["add", "."]);
    git(&clone, &["commit", "--quiet", "-m", "Add a box"]);
    git(&clone, &["push", "--quiet", "origin", "box"]);
    let pull = CreatePullRequest::new("acme", "widget", "Add a box", "box", "main");
    let pull = forge.create_pull_request(&cx, pull).await.unwrap();
    assert_eq!(pull.head.unwrap(), git(&clone, &["rev-parse", "HEAD"]));
    git(&clone, &["commit", "--quiet", "--allow-empty", "--amend", "-m", "Add a better box"]);
    git(&clone, &["push", "--quiet", "--force", "origin", "box"]);
    let head = git(&clone, &["rev-parse", "HEAD"]);
    let pull = forge.get_pull_request(&cx, GetPullRequest::new("acme", "widget", pull.number)).await.unwrap();
    assert_eq!(pull.head.as_deref(), Some(head.as_str()));
    let file = forge.get_file(&cx, GetFile::new("acme", "widget", "box.txt").at("box")).await.unwrap();
    assert_eq!((file.content.as_text(), file.commit.as_str()), (Some("box\n"), head.as_str()));
    let commits = forge.list_commits(&cx, ListCommits::new("acme", "widget").at("box")).await.unwrap().items;
    assert_eq!((commits[0].title(), commits[0].author.name.as_str()), ("Add a better box", "Ada"));

    // We merge, they see it; the author of the change stays who it was.
    let merge = MergePullRequest::new("acme", "widget", pull.number).method(MergeMethod::Rebase);
    let merged = forge.merge_pull_request(&cx, merge).await.unwrap();
    git(&clone, &["fetch", "--quiet"]);
    assert_eq!(git(&clone, &["rev-parse", "origin/main"]), merged.commit);
    assert_eq!(git(&clone, &["log", "-1", "--format=%an/%cn", "origin/main"]), "Ada/Grace Hopper");

    // A tag that they push is a revision for us.
    git(&clone, &["tag", "v1", "origin/main~1"]);
    git(&clone, &["push", "--quiet", "origin", "v1"]);
    let at_tag = forge.get_file(&cx, GetFile::new("acme", "widget", "box.txt").at("v1")).await.unwrap_err();
    assert_eq!(at_tag.kind(), ErrorKind::NotFound);
    forge.get_file(&cx, GetFile::new("acme", "widget", "src/lid.rs").at("v1")).await.unwrap();
    git(&clone, &["fsck", "--strict"]);
}

#[tokio::test]
async fn pushes_and_writes_at_the_same_time_all_land() {
    let root = tempfile::tempdir().unwrap();
    let desk = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let url =
        forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap().clone_url.unwrap();
    git(desk.path(), &["clone", "--quiet", &url, "widget"]);
    let clone = desk.path().join("widget");
    let pushing = tokio::task::spawn_blocking(move || {
        for at in 0..6 {
            std::fs::write(clone.join(format!("pushed-{at}")), "x").unwrap();
            git(&clone, &["add", "."]);
            git(&clone, &["commit", "--quiet", "-m", "push"]);
            // Refused while we are ahead: what a person does then is to pull and push again.
            let push = |clone: &std::path::Path| {
                let mut command = Command::new("git");
                command
                    .current_dir(clone)
                    .args(["push", "--quiet", "origin", "main"])
                    .output()
                    .unwrap()
                    .status
                    .success()
            };
            while !push(&clone) {
                git(&clone, &["pull", "--quiet", "--rebase"]);
            }
        }
    });
    for at in 0..12 {
        forge.write_file(&cx, WriteFile::new("acme", "widget", format!("written-{at}"), "x")).await.unwrap();
    }
    pushing.await.unwrap();
    for at in 0..12 {
        forge.get_file(&cx, GetFile::new("acme", "widget", format!("written-{at}"))).await.unwrap();
    }
    for at in 0..6 {
        forge.get_file(&cx, GetFile::new("acme", "widget", format!("pushed-{at}"))).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_lands_while_a_write_is_prepared_is_kept() {
    const COUNT: usize = 20;
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let (tell, begun) = std::sync::mpsc::channel();
    let other = tokio::task::spawn_blocking(move || {
        let mut made = Vec::new();
        // One commit per write of ours, made as soon as that write begins: most land before it is finished.
        while let Ok(at) = begun.recv() {
            let message = format!("other {at}");
            loop {
                let tip = git(&bare, &["rev-parse", "refs/heads/main"]);
                let commit =
                    git(&bare, &["commit-tree", "-p", &tip, "-m", &message, &format!("{tip}^{{tree}}")]);
                let mut moved = Command::new("git");
                moved.current_dir(&bare).args(["update-ref", "refs/heads/main", &commit, &tip]);
                if moved.output().unwrap().status.success() {
                    made.push(commit);
                    break;
                }
            }
        }
        made
    });
    let mut ours = Vec::new();
    for at in 0..COUNT {
        tell.send(at).unwrap();
        let op = WriteFile::new("acme", "widget", format!("written-{at}"), "x");
        ours.push(forge.write_file(&cx, op).await.unwrap().commit);
    }
    drop(tell);
    let mut expected = other.await.unwrap();
    assert_eq!(expected.len(), COUNT);
    expected.extend(ours);
    let history = git(&root.path().join("acme/widget.git"), &["rev-list", "main"]);
    for commit in expected {
        assert!(history.contains(&commit), "{commit} is lost");
    }
}

#[tokio::test]
async fn a_pull_request_closes_with_its_branch() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let open = |branch: &'static str| {
        let (forge, cx) = (&forge, &cx);
        async move {
            forge.create_branch(cx, CreateBranch::new("acme", "widget", branch)).await.unwrap();
            forge.write_file(cx, WriteFile::new("acme", "widget", branch, "x").branch(branch)).await.unwrap();
            let op = CreatePullRequest::new("acme", "widget", "t", branch, "main");
            forge.create_pull_request(cx, op).await.unwrap()
        }
    };
    let get = async |number: u64| {
        forge.get_pull_request(&cx, GetPullRequest::new("acme", "widget", number)).await.unwrap()
    };
    // Deleted through us, it stays closed when a branch of that name comes again.
    let one = open("one").await;
    forge.delete_branch(&cx, DeleteBranch::new("acme", "widget", "one")).await.unwrap();
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "one")).await.unwrap();
    let closed = get(one.number).await;
    assert_eq!((closed.state, &closed.head), (PullRequestState::Closed, &one.head));
    // Deleted by ordinary git, it is closed for as long as the branch is away.
    let two = open("two").await;
    let bare = root.path().join("acme/widget.git");
    git(&bare, &["update-ref", "-d", "refs/heads/two"]);
    assert_eq!(get(two.number).await.state, PullRequestState::Closed);
    let merge = forge.merge_pull_request(&cx, MergePullRequest::new("acme", "widget", two.number)).await;
    assert_eq!(merge.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn links_and_modes_of_others_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let desk = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let url =
        forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap().clone_url.unwrap();
    git(desk.path(), &["clone", "--quiet", &url, "widget"]);
    let clone = desk.path().join("widget");
    std::fs::create_dir(clone.join("bin")).unwrap();
    std::fs::write(clone.join("bin/run"), "#!/bin/sh\n").unwrap();
    git(&clone, &["add", "."]);
    git(&clone, &["update-index", "--chmod=+x", "bin/run"]);
    std::os::unix::fs::symlink("/etc/passwd", clone.join("link")).unwrap();
    git(&clone, &["add", "link"]);
    git(&clone, &["commit", "--quiet", "-m", "modes"]);
    git(&clone, &["push", "--quiet", "origin", "main"]);

    forge.write_file(&cx, WriteFile::new("acme", "widget", "bin/run", "#!/bin/sh\nexit 0\n")).await.unwrap();
    let through = forge.write_file(&cx, WriteFile::new("acme", "widget", "link", "root::0:0")).await;
    assert_eq!(through.unwrap_err().kind(), ErrorKind::Conflict);
    git(&clone, &["fetch", "--quiet"]);
    let modes = git(&clone, &["ls-tree", "-r", "--format=%(objectmode) %(path)", "origin/main"]);
    assert_eq!(modes, "100644 README.md\n100755 bin/run\n120000 link");
    // What a link points at is its content here; nothing outside the repository is read.
    let link = forge.get_file(&cx, GetFile::new("acme", "widget", "link")).await.unwrap();
    assert_eq!(link.content.as_text(), Some("/etc/passwd"));
}

#[tokio::test]
async fn hooks_and_configuration_of_others_are_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let (hook, mark) = (bare.join("hooks/reference-transaction"), root.path().join("ran"));
    std::fs::create_dir_all(bare.join("hooks")).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\ntouch {}\nexit 1\n", mark.display())).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    forge.write_file(&cx, WriteFile::new("acme", "widget", "a", "x")).await.unwrap();
    assert!(!mark.exists());
}
