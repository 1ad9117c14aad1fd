//! What is GitLab's own in the git service.

use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::*;
use mosaic_core::types::git::{MergeMethod, PullRequestState};
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::gitlab::GitLabGit;

use super::Bench;
use crate::fake::forge::Found;

/// A repository with `main` and a branch `lid`, each with a commit that the other has not.
async fn ground() -> (Bench, GitLabGit, RepoRef, u64) {
    let bench = Bench::new().await;
    let (git, cx, repo) = (bench.git(), &bench.cx, RepoRef::new("acme", "widget"));
    git.create_repository(cx, CreateRepository::of(&repo)).await.unwrap();
    git.write_file(cx, WriteFile::of(&repo, "README.md", "one\n")).await.unwrap();
    git.create_branch(cx, CreateBranch::of(&repo, "lid")).await.unwrap();
    git.write_file(cx, WriteFile::of(&repo, "lid.txt", "lid\n").branch("lid")).await.unwrap();
    git.write_file(cx, WriteFile::of(&repo, "box.txt", "box\n").branch("main")).await.unwrap();
    let Found::Here(id) = bench.lab.forge().find("acme", "widget") else { panic!("it was made") };
    (bench, git, repo, id)
}

async fn parents(bench: &Bench, git: &GitLabGit, repo: &RepoRef, at: &str) -> usize {
    git.get_commit(&bench.cx, GetCommit::of(repo, at)).await.unwrap().parents.len()
}

#[tokio::test]
async fn a_renamed_repository_is_read_under_its_old_name() {
    let (bench, git, repo, id) = ground().await;
    bench.lab.forge().move_repo(id, "acme", "gadget").unwrap();
    let found = git.get_repository(&bench.cx, GetRepository::of(&repo)).await.unwrap();
    assert_eq!(found.repo, RepoRef::new("acme", "gadget"));
    let page = ListCommits::of(&repo).at("lid").page(PageRequest::first(1));
    assert_eq!(git.list_commits(&bench.cx, page).await.unwrap().items.len(), 1);
    let write = git.create_branch(&bench.cx, CreateBranch::of(&repo, "next").from("main")).await;
    assert_eq!(write.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_project_that_moves_forward_only_squashes_and_rebases() {
    let (bench, git, repo, id) = ground().await;
    bench.lab.set_merge_method(id, "ff");
    let merge = |method| git.merge_branch(&bench.cx, MergeBranch::of(&repo, "lid", "main").method(method));
    assert_eq!(merge(MergeMethod::Merge).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let done = merge(MergeMethod::Rebase).await.unwrap();
    let head = git.get_branch(&bench.cx, GetBranch::of(&repo, "main")).await.unwrap().commit;
    assert_eq!((done.commit.as_str(), parents(&bench, &git, &repo, "main").await), (head.as_str(), 1));

    for (path, text) in [("lid.txt", "two\n"), ("more.txt", "three\n")] {
        git.write_file(&bench.cx, WriteFile::of(&repo, path, text).branch("lid")).await.unwrap();
    }
    let op = CreatePullRequest::of(&repo, "More", "lid", "main");
    let pull = git.create_pull_request(&bench.cx, op).await.unwrap();
    let op = MergePullRequest::of(&repo, pull.number).method(MergeMethod::Squash).message("More of it");
    let done = git.merge_pull_request(&bench.cx, op).await.unwrap();
    let commit = git.get_commit(&bench.cx, GetCommit::of(&repo, "main")).await.unwrap();
    assert_eq!((commit.id, commit.message.as_str(), commit.parents), (done.commit, "More of it", vec![head]));
}

#[tokio::test]
async fn a_branch_of_a_fork_is_not_merged_in_the_place_of_the_own_one() {
    let (bench, git, repo, id) = ground().await;
    let op = CreatePullRequest::of(&repo, "Not yours", "lid", "main");
    let pull = git.create_pull_request(&bench.cx, op).await.unwrap();
    bench.lab.make_foreign(id, pull.number);
    let merged = git.merge_branch(&bench.cx, MergeBranch::of(&repo, "lid", "main")).await;
    // The fake knows one merge request of a branch at a time, so that the own one cannot be opened.
    assert_eq!(merged.unwrap_err().kind(), ErrorKind::Conflict);
    let now = git.get_pull_request(&bench.cx, GetPullRequest::of(&repo, pull.number)).await.unwrap();
    assert_eq!(now.state, PullRequestState::Open);
}

#[tokio::test]
async fn merges_wait_until_it_is_known_whether_they_are_possible() {
    let (bench, git, repo, _) = ground().await;
    bench.lab.check_for(3);
    let done = git.merge_branch(&bench.cx, MergeBranch::of(&repo, "lid", "main")).await.unwrap();
    assert_eq!(parents(&bench, &git, &repo, &done.commit).await, 2);
}

#[tokio::test]
async fn what_a_refused_merge_of_branches_opened_is_closed() {
    let (bench, git, repo, _) = ground().await;
    for branch in ["lid", "main"] {
        let op = WriteFile::of(&repo, "README.md", format!("{branch}\n")).branch(branch);
        git.write_file(&bench.cx, op).await.unwrap();
    }
    let refused = git.merge_branch(&bench.cx, MergeBranch::of(&repo, "lid", "main")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let all = git.list_pull_requests(&bench.cx, ListPullRequests::of(&repo)).await.unwrap().items;
    assert_eq!(all.iter().map(|pull| pull.state).collect::<Vec<_>>(), [PullRequestState::Closed]);
    // One that is there already is taken, and stays.
    let op = CreatePullRequest::of(&repo, "Bring it", "lid", "main");
    let open = git.create_pull_request(&bench.cx, op).await.unwrap();
    let refused = git.merge_branch(&bench.cx, MergeBranch::of(&repo, "lid", "main")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let now = git.get_pull_request(&bench.cx, GetPullRequest::of(&repo, open.number)).await.unwrap();
    assert_eq!(now.state, PullRequestState::Open);
}
