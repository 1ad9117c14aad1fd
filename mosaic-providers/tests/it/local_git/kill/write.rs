//! The child: every kind of write in turn, until it is killed.

use std::path::Path;

use mosaic_core::context::CallContext;
use mosaic_core::op::git::{
    CommentOnPullRequest, CreateBranch, CreatePullRequest, CreateRelease, CreateRepository, CreateTag,
    DeleteFile, DeleteRepository, GitService, MergePullRequest, SetCommitStatus, UpdatePullRequest,
    UpdateRepository, WriteFile,
};
use mosaic_core::types::git::{MergeMethod, StatusState};
use mosaic_providers::local::git::LocalGit;

use super::report;

/// The number of reports of one turn through all kinds of writes.
pub(super) const REPORTS: usize = 12;

/// Every kind of write in turn, for ever.
pub(super) async fn write_until_killed(root: &Path, round: &str) {
    let (forge, cx) = (LocalGit::open(root).await.unwrap(), CallContext::new());
    for at in 0.. {
        let id = format!("{round}-{at}");
        files(&forge, &cx, &id).await;
        pull_request(&forge, &cx, &id, at).await;
        names(&forge, &cx, &id).await;
        repositories(&forge, &cx, &id, at).await;
    }
}

async fn files(forge: &LocalGit, cx: &CallContext, id: &str) {
    let file = WriteFile::new("acme", "widget", format!("dir/file-{id}"), id);
    let commit = forge.write_file(cx, file).await.unwrap().commit;
    report(&format!("file {id}"));
    for state in [StatusState::Pending, StatusState::Success] {
        let status = SetCommitStatus::new("acme", "widget", commit.as_str(), "build", state).description(id);
        forge.set_commit_status(cx, status).await.unwrap();
        report(&format!("status {commit} {state:?} {id}"));
    }
    let file = WriteFile::new("acme", "widget", format!("going/{id}"), id);
    forge.write_file(cx, file).await.unwrap();
    forge.delete_file(cx, DeleteFile::new("acme", "widget", format!("going/{id}"))).await.unwrap();
    report(&format!("gone {id}"));
}

async fn pull_request(forge: &LocalGit, cx: &CallContext, id: &str, at: usize) {
    let branch = format!("branch-{id}");
    forge.create_branch(cx, CreateBranch::new("acme", "widget", branch.as_str())).await.unwrap();
    let file = WriteFile::new("acme", "widget", format!("lid-{id}"), id).branch(branch.as_str());
    forge.write_file(cx, file).await.unwrap();
    let pull = CreatePullRequest::new("acme", "widget", id, branch.as_str(), "main");
    let number = forge.create_pull_request(cx, pull).await.unwrap().number;
    report(&format!("open {number} {id}"));
    let comment =
        CommentOnPullRequest::new("acme", "widget", number, id).path(format!("lid-{id}")).line(1u64);
    forge.comment_on_pull_request(cx, comment).await.unwrap();
    report(&format!("comment {number} {id}"));
    let update = UpdatePullRequest::new("acme", "widget", number).title(format!("Better {id}")).body(id);
    forge.update_pull_request(cx, update).await.unwrap();
    report(&format!("changed {number} {id}"));
    let method = [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase][at % 3];
    let merge = MergePullRequest::new("acme", "widget", number).method(method);
    forge.merge_pull_request(cx, merge).await.unwrap();
    report(&format!("merged {number} {id}"));
}

async fn names(forge: &LocalGit, cx: &CallContext, id: &str) {
    let tag = CreateTag::new("acme", "widget", format!("tag-{id}")).message(id);
    forge.create_tag(cx, tag).await.unwrap();
    report(&format!("tag {id}"));
    // The first makes its tag, the second has one, the third wants none yet.
    for (kind, draft) in [("made", false), ("tag", false), ("draft", true)] {
        let release = CreateRelease::new("acme", "widget", format!("{kind}-{id}")).name(id).draft(draft);
        forge.create_release(cx, release).await.unwrap();
    }
    report(&format!("releases {id}"));
}

async fn repositories(forge: &LocalGit, cx: &CallContext, id: &str, at: usize) {
    let update = UpdateRepository::new("acme", "widget").description(id);
    forge.update_repository(cx, update).await.unwrap();
    report(&format!("described {id}"));
    let name = format!("new-{id}");
    forge.create_repository(cx, CreateRepository::new("acme", name.as_str()).description(id)).await.unwrap();
    report(&format!("made {name}"));
    if at % 2 == 1 {
        forge.delete_repository(cx, DeleteRepository::new("acme", name.as_str())).await.unwrap();
        report(&format!("deleted {name}"));
    }
}
