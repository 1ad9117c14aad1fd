//! Tags, releases and statuses: beside ordinary git, after a kill, and within their bounds.

use mosaic_core::ErrorKind;
use mosaic_core::op::git::{
    CreateRelease, CreateTag, GetCommitStatus, GetRepository, GitService, ListBranches, ListReleases,
    ListTags, SetCommitStatus,
};
use mosaic_core::types::PageRequest;
use mosaic_core::types::git::StatusState;

use super::{git, widget};

#[tokio::test]
async fn tags_go_both_ways() {
    let root = tempfile::tempdir().unwrap();
    let desk = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let url =
        forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap().clone_url.unwrap();
    let text = "The first one\n\nIt fits.";
    forge.create_tag(&cx, CreateTag::new("acme", "widget", "ours").message(text)).await.unwrap();
    forge.create_tag(&cx, CreateTag::new("acme", "widget", "plain")).await.unwrap();
    forge.create_release(&cx, CreateRelease::new("acme", "widget", "v1").name("One")).await.unwrap();

    git(desk.path(), &["clone", "--quiet", &url, "widget"]);
    let clone = desk.path().join("widget");
    assert_eq!(git(&clone, &["tag", "--list"]), "ours\nplain\nv1");
    let kinds = git(&clone, &["for-each-ref", "--format=%(objecttype)", "refs/tags"]);
    assert_eq!(kinds, "tag\ncommit\ncommit");
    assert_eq!(git(&clone, &["tag", "--list", "--format=%(contents)", "ours"]), text);
    assert_eq!(
        git(&clone, &["for-each-ref", "--format=%(taggername)", "refs/tags/ours"]),
        cx.caller().name()
    );
    git(&clone, &["fsck", "--strict"]);

    git(&clone, &["tag", "-a", "-m", "Theirs\n\nIt leaks.", "theirs"]);
    git(&clone, &["tag", "-a", "-m", "A tag of a tag", "twice", "theirs"]);
    git(&clone, &["tag", "a-file", "HEAD:README.md"]);
    git(&clone, &["push", "--quiet", "--tags"]);
    let tags = forge.list_tags(&cx, ListTags::new("acme", "widget")).await.unwrap().items;
    let head = git(&clone, &["rev-parse", "HEAD"]);
    assert!(tags.iter().all(|tag| tag.commit == head), "{tags:?}");
    let shown: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), tag.message.as_deref())).collect();
    // One that stands for a file stands for no commit.
    assert_eq!(
        shown,
        [
            ("ours", Some(text)),
            ("plain", None),
            ("theirs", Some("Theirs\n\nIt leaks.")),
            ("twice", Some("A tag of a tag")),
            ("v1", None)
        ]
    );
    let late = forge.create_tag(&cx, CreateTag::new("acme", "widget", "a-file")).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
    let late = forge.create_release(&cx, CreateRelease::new("acme", "widget", "a-file")).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
    // A release is kept where somebody deletes its tag.
    git(&clone, &["push", "--quiet", "--delete", "origin", "v1"]);
    let releases = forge.list_releases(&cx, ListReleases::new("acme", "widget")).await.unwrap().items;
    assert_eq!(releases.iter().map(|release| release.tag.as_str()).collect::<Vec<_>>(), ["v1"]);
}

#[tokio::test]
async fn pages_begin_after_names_that_are_only_made_by_others() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let odd = ["0".repeat(40), "1".repeat(40), format!("2{}", "x".repeat(242))];
    for name in &odd {
        git(&bare, &["update-ref", &format!("refs/heads/{name}"), "main"]);
        git(&bare, &["update-ref", &format!("refs/tags/{name}"), "main"]);
    }
    let (mut branches, mut tags, mut page) = (Vec::new(), Vec::new(), PageRequest::first(1));
    loop {
        let op = ListBranches::new("acme", "widget").page(page);
        let got = forge.list_branches(&cx, op).await.unwrap();
        branches.extend(got.items.into_iter().map(|branch| branch.name));
        let Some(next) = got.next else { break };
        page = PageRequest::first(1).at(next);
    }
    page = PageRequest::first(1);
    loop {
        let got = forge.list_tags(&cx, ListTags::new("acme", "widget").page(page)).await.unwrap();
        tags.extend(got.items.into_iter().map(|tag| tag.name));
        let Some(next) = got.next else { break };
        page = PageRequest::first(1).at(next);
    }
    assert_eq!(tags, odd);
    assert_eq!(branches[..3], odd);
    assert_eq!(branches[3..], ["main"]);
}

#[tokio::test]
async fn a_release_that_was_never_made_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let head = git(&bare, &["rev-parse", "main"]);
    // As a kill between the record and the tag leaves it.
    let leave = |number: u64, tag: &str| {
        let record = serde_json::json!({
            "number": number, "tag": tag, "name": "Half", "body": null, "author": "ann", "draft": false,
            "prerelease": false, "created_at": "2026-01-01T00:00:00Z", "at": head,
        });
        std::fs::create_dir_all(bare.join("mosaic/releases")).unwrap();
        std::fs::write(bare.join(format!("mosaic/releases/{number}.json")), record.to_string()).unwrap();
    };
    let listed = async || {
        let releases = forge.list_releases(&cx, ListReleases::new("acme", "widget")).await.unwrap().items;
        releases.into_iter().map(|release| (release.tag, release.name)).collect::<Vec<_>>()
    };
    leave(1, "v1");
    leave(2, "v2");
    assert!(listed().await.is_empty());
    // A tag that is made by itself afterwards is not the one that was meant.
    forge.create_tag(&cx, CreateTag::new("acme", "widget", "v1")).await.unwrap();
    assert!(listed().await.is_empty());
    forge.create_release(&cx, CreateRelease::new("acme", "widget", "v2").name("Whole")).await.unwrap();
    assert_eq!(listed().await, [("v2".to_owned(), Some("Whole".to_owned()))]);
    // A kill after the tag leaves a release.
    leave(7, "v7");
    git(&bare, &["tag", "v7", "main"]);
    assert_eq!(listed().await.len(), 2);
    let twice = forge.create_release(&cx, CreateRelease::new("acme", "widget", "v7")).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_refused_tag_leaves_no_release() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    forge.create_tag(&cx, CreateTag::new("acme", "widget", "v1")).await.unwrap();
    let error = forge.create_release(&cx, CreateRelease::new("acme", "widget", "v1/rc")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(super::names(&root.path().join("acme/widget.git/mosaic/releases")), Vec::<String>::new());
}

#[tokio::test]
async fn statuses_have_bounds() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let head = git(&root.path().join("acme/widget.git"), &["rev-parse", "main"]);
    let op =
        |context: &str| SetCommitStatus::new("acme", "widget", head.as_str(), context, StatusState::Success);
    for bad in [
        op(" "),
        op("a\nb"),
        op(&"x".repeat(256)),
        op("build").description("two\nlines"),
        op("build").description("x".repeat(1_025)),
        op("build").target_url("javascript:alert(1)"),
        op("build").target_url("https://"),
        op("build").target_url("https://ci.example.org/a b"),
        op("build").target_url(format!("https://ci.example.org/{}", "x".repeat(2_048))),
        SetCommitStatus::new("acme", "widget", "main", "build", StatusState::Success),
        SetCommitStatus::new("acme", "widget", &head[..10], "build", StatusState::Success),
    ] {
        let error = forge.set_commit_status(&cx, bad.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
    }
    for at in 0..3 {
        forge.set_commit_status(&cx, op(&"x".repeat(255 - at))).await.unwrap();
    }
    let now = forge.get_commit_status(&cx, GetCommitStatus::new("acme", "widget", "main")).await.unwrap();
    assert_eq!((now.commit, now.statuses.len()), (head, 3));
}
