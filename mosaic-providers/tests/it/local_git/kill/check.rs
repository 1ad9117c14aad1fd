//! What must hold after a kill: for every report, and for whatever was under way.

use std::collections::BTreeSet;
use std::path::Path;

use mosaic_core::ErrorKind;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    GetCommitStatus, GetFile, GetPullRequest, GetRepository, GitService, ListPullRequestComments,
    ListPullRequests, ListReleases, ListRepositories, ListTags, WriteFile,
};
use mosaic_core::types::git::{PullRequestState, Release, StatusState, Tag};
use mosaic_core::types::{Page, PageRequest};
use mosaic_providers::local::git::LocalGit;

use super::super::{git, names};

pub(super) async fn check(
    forge: &LocalGit,
    cx: &CallContext,
    root: &Path,
    reported: &[String],
    round: usize,
) {
    // Only our own work directory is left of all that were killed.
    assert_eq!(names(&root.join(".mosaic/work")).len(), 1, "round {round}");
    git(&root.join("acme/widget.git"), &["fsck", "--strict", "--no-dangling"]);
    let (tags, releases) = names_and_releases(forge, cx).await;
    for line in reported {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["file", id] => assert_eq!(text(forge, cx, &format!("dir/file-{id}")).await.as_deref(), Some(id)),
            ["gone", id] => assert_eq!(text(forge, cx, &format!("going/{id}")).await, None),
            ["status", commit, state, id] => status(forge, cx, commit, state, id).await,
            ["open" | "changed" | "merged", number, id] => {
                pull_request(forge, cx, words[0], number.parse().unwrap(), id).await;
            }
            ["comment", number, id] => {
                let op = ListPullRequestComments::new("acme", "widget", number.parse::<u64>().unwrap());
                let comments = forge.list_pull_request_comments(cx, op).await.unwrap().items;
                assert_eq!(comments.iter().map(|comment| comment.body.as_str()).collect::<Vec<_>>(), [id]);
            }
            ["tag", id] => {
                let tag = tags.iter().find(|tag| tag.name == format!("tag-{id}")).expect(line);
                assert_eq!(tag.message.as_deref(), Some(id));
            }
            ["releases", id] => {
                for kind in ["made", "tag", "draft"] {
                    let name = format!("{kind}-{id}");
                    let release = releases.iter().find(|release| release.tag == name).expect(line);
                    assert_eq!((release.name.as_deref(), release.draft), (Some(id), kind == "draft"));
                }
            }
            ["described", _] => {}
            // It may have been deleted without a report, but only after it was made: then it is one of every other.
            ["made", name] => {
                let odd = name.rsplit('-').next().unwrap().parse::<usize>().unwrap() % 2 == 1;
                assert!(exists(forge, cx, name).await || odd, "{name}");
            }
            ["deleted", name] => assert!(!exists(forge, cx, name).await, "{name}"),
            _ => panic!("an odd report: {line}"),
        }
    }
    described(forge, cx, reported).await;
    // Everything that can be listed can be read, and work goes on.
    let all = ListRepositories::new().page(PageRequest::first(100));
    forge.list_repositories(cx, all).await.unwrap();
    let pulls = ListPullRequests::new("acme", "widget").page(PageRequest::first(100));
    forge.list_pull_requests(cx, pulls).await.unwrap();
    let after = WriteFile::new("acme", "widget", "after", round.to_string());
    forge.write_file(cx, after).await.unwrap();
}

/// All tags and releases. A release and the tag that it makes are there together or not at all: a git that a writer had started
/// may make a tag even now, so the tags are read before and after.
async fn names_and_releases(forge: &LocalGit, cx: &CallContext) -> (Vec<Tag>, Vec<Release>) {
    let tags = || all(|page| forge.list_tags(cx, ListTags::new("acme", "widget").page(page)));
    let before = tags().await;
    let releases = all(|page| forge.list_releases(cx, ListReleases::new("acme", "widget").page(page))).await;
    let after = tags().await;
    let released: BTreeSet<_> = releases.iter().map(|release| &release.tag).collect();
    assert_eq!(released.len(), releases.len(), "a tag has one release: {releases:?}");
    for tag in before.iter().filter(|tag| tag.name.starts_with("made-")) {
        assert!(released.contains(&tag.name), "{} was made without its release", tag.name);
    }
    for release in releases.iter().filter(|release| !release.draft) {
        assert!(after.iter().any(|tag| tag.name == release.tag), "{} has no tag", release.tag);
    }
    (after, releases)
}

async fn all<T, F: Future<Output = Result<Page<T>>>>(list: impl Fn(PageRequest) -> F) -> Vec<T> {
    let (mut found, mut page) = (Vec::new(), PageRequest::first(100));
    loop {
        let Page { items, next } = list(page).await.unwrap();
        found.extend(items);
        let Some(next) = next else { return found };
        page = PageRequest::first(100).at(next);
    }
}

async fn text(forge: &LocalGit, cx: &CallContext, path: &str) -> Option<String> {
    match forge.get_file(cx, GetFile::new("acme", "widget", path)).await {
        Ok(file) => file.content.as_text().map(str::to_owned),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
            None
        }
    }
}

/// The latest word counts: the one that was reported, or a later one that was not.
async fn status(forge: &LocalGit, cx: &CallContext, commit: &str, state: &str, id: &str) {
    let op = GetCommitStatus::new("acme", "widget", commit);
    let now = forge.get_commit_status(cx, op).await.unwrap();
    assert_eq!(now.statuses.len(), 1);
    assert_eq!(now.statuses[0].description.as_deref(), Some(id));
    assert!(now.state == Some(StatusState::Success) || state == "Pending", "{now:?} after {state}");
}

/// The record and the branch agree, in whatever step the writer was killed. A git that it had started may move the branch even
/// now, so the record is read before and after.
async fn pull_request(forge: &LocalGit, cx: &CallContext, step: &str, number: u64, id: &str) {
    let pull = || forge.get_pull_request(cx, GetPullRequest::new("acme", "widget", number));
    let before = pull().await.unwrap();
    match before.body.as_deref() {
        None => assert_eq!((before.title.as_str(), step), (id, "open")),
        Some(body) => assert_eq!((before.title, body), (format!("Better {id}"), id), "changed whole"),
    }
    let there = text(forge, cx, &format!("lid-{id}")).await.is_some();
    let after = pull().await.unwrap();
    assert!(there || before.state == PullRequestState::Open, "{number} is merged without its file");
    assert!(!there || after.state == PullRequestState::Merged, "open with its file merged: {after:?}");
    assert!(there || step != "merged", "the merge of {number} is lost");
}

async fn exists(forge: &LocalGit, cx: &CallContext, name: &str) -> bool {
    match forge.get_repository(cx, GetRepository::new("acme", name)).await {
        Ok(repository) => {
            assert_eq!(repository.description.as_deref(), name.strip_prefix("new-"));
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
            false
        }
    }
}

/// The latest description that was reported, or one that was written and not reported.
async fn described(forge: &LocalGit, cx: &CallContext, reported: &[String]) {
    let described = reported.iter().rev().find_map(|line| line.strip_prefix("described "));
    let now = forge.get_repository(cx, GetRepository::new("acme", "widget")).await.unwrap();
    if let Some(last) = described {
        let number = |id: &str| id.split('-').map(|part| part.parse::<usize>().unwrap()).collect::<Vec<_>>();
        let now = now.description.unwrap();
        assert!(number(&now) >= number(last), "{now} after {last}");
    }
}
