//! Repositories: made, changed, listed, archived and deleted.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::*;
use crate::op::{OpMeta, Operation as _};
use crate::testkit::suite::Failure;
use crate::types::git::{HookEvent, ReviewVerdict, StatusState};
use crate::types::{Cursor, PageRequest, RepoRef};

/// Every operation on a repository that is not there says `NotFound`.
///
/// # Errors
/// The failure.
pub async fn missing_repositories_are_not_found(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::bare(git, world, "git/missing_repositories_are_not_found");
    let (cx, repo) = (ground.cx, &ground.repo);
    let offers = |meta: &OpMeta| world.operations().has(meta);
    macro_rules! missing {
        ($($method:ident $op:ident($($arg:expr),*);)*) => {
            $(if offers($op::META) {
                let got = git.$method(cx, $op::of(repo $(, $arg)*)).await;
                ground.refused_as(concat!(stringify!($method), " on a missing repository"), got, &[ErrorKind::NotFound])?;
            })*
        };
    }
    missing! {
        get_repository GetRepository();
        delete_repository DeleteRepository();
        create_branch CreateBranch("lid");
        list_branches ListBranches();
        delete_branch DeleteBranch("lid");
        merge_branch MergeBranch("lid", "main");
        create_pull_request CreatePullRequest("Add a lid", "lid", "main");
        get_pull_request GetPullRequest(1u64);
        list_pull_requests ListPullRequests();
        merge_pull_request MergePullRequest(1u64);
        review_pull_request ReviewPullRequest(1u64, ReviewVerdict::Approve);
        get_file GetFile("README.md");
        write_file WriteFile("README.md", "text");
        list_commits ListCommits();
        get_branch GetBranch("lid");
        list_tree ListTree();
        delete_file DeleteFile("README.md");
        get_commit GetCommit("main");
        compare Compare("main", "lid");
        update_pull_request UpdatePullRequest(1u64);
        comment_on_pull_request CommentOnPullRequest(1u64, "text");
        list_pull_request_comments ListPullRequestComments(1u64);
        list_reviews ListReviews(1u64);
        create_tag CreateTag("v1");
        list_tags ListTags();
        create_release CreateRelease("v1");
        list_releases ListReleases();
        set_commit_status SetCommitStatus("0123456789".repeat(4), "build", StatusState::Success);
        get_commit_status GetCommitStatus("main");
        create_webhook CreateWebhook("https://ci.example.org/hook", vec![HookEvent::Push]);
        list_webhooks ListWebhooks();
        delete_webhook DeleteWebhook("1");
    }
    if offers(UpdateRepository::META) {
        let got = git.update_repository(cx, UpdateRepository::of(repo).description("text")).await;
        ground.refused_as("update_repository on a missing repository", got, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

/// A repository is made with what was asked for, changes only where a change names it, and is gone once it is deleted.
///
/// # Errors
/// The failure.
pub async fn repositories_come_and_go(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::bare(git, world, "git/repositories_come_and_go");
    let (cx, repo) = (ground.cx, &ground.repo);
    let listed = async || {
        let list =
            |page| git.list_repositories(cx, ListRepositories::new().owner(repo.owner.as_str()).page(page));
        let all = ground.walk(100, list).await?;
        Ok::<_, Failure>(all.iter().any(|other| other.repo == *repo))
    };
    let op = CreateRepository::of(repo).description("A widget").private(true);
    let made = ground.done("create_repository", git.create_repository(cx, op).await)?;
    ground.equal("repo", &made.repo, repo)?;
    ground.equal("description", &made.description.as_deref(), &Some("A widget"))?;
    ground.equal("private", &made.private, &true)?;
    ground.equal("archived", &made.archived, &false)?;
    let got = ground.done("get_repository", git.get_repository(cx, GetRepository::of(repo)).await)?;
    ground.equal("what get_repository gives", &got, &made)?;
    ground.ensure(listed().await?, "the new repository is not listed")?;

    let op = UpdateRepository::of(repo).description("A better widget");
    let changed = ground.done("update_repository", git.update_repository(cx, op).await)?;
    ground.equal("description", &changed.description.as_deref(), &Some("A better widget"))?;
    ground.equal("private, which the update does not name", &changed.private, &true)?;
    let op = UpdateRepository::of(repo).private(false);
    let changed = ground.done("update_repository", git.update_repository(cx, op).await)?;
    ground.equal("private", &changed.private, &false)?;
    ground.equal(
        "description, which the update does not name",
        &changed.description.as_deref(),
        &Some("A better widget"),
    )?;
    let got = ground.done("get_repository", git.get_repository(cx, GetRepository::of(repo)).await)?;
    ground.equal("what get_repository gives after the update", &got, &changed)?;

    ground.done("delete_repository", git.delete_repository(cx, DeleteRepository::of(repo)).await)?;
    if !ground.shows(Trait::DeletesAtOnce) {
        return Ok(());
    }
    let got = git.get_repository(cx, GetRepository::of(repo)).await;
    ground.refused("get_repository after delete_repository", got, ErrorKind::NotFound)?;
    ground.ensure(!listed().await?, "the deleted repository is still listed")
}

/// Making a repository twice is a `Conflict` and leaves the first as it is.
///
/// # Errors
/// The failure.
pub async fn repository_names_are_unique(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::bare(git, world, "git/repository_names_are_unique");
    let (cx, repo) = (ground.cx, &ground.repo);
    let first = git.create_repository(cx, CreateRepository::of(repo).description("first")).await;
    let first = ground.done("create_repository", first)?;
    let second = git.create_repository(cx, CreateRepository::of(repo).description("second")).await;
    ground.refused("create_repository for the second time", second, ErrorKind::Conflict)?;
    let got = ground.done("get_repository", git.get_repository(cx, GetRepository::of(repo)).await)?;
    ground.equal("the first repository", &got, &first)
}

/// Names that would leave the owner, look like options or mean something to git are `Invalid`, and nothing is made.
///
/// # Errors
/// The failure.
pub async fn bad_repository_names_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::bare(git, world, "git/bad_repository_names_are_refused");
    let long = "a".repeat(300);
    for bad in
        ["", ".", "..", "-x", "--bare", "a/b", "../x", "a b", "a\n", "a\0b", "x.git", "x.lock", "a..b", &long]
    {
        let owner = ground.repo.owner.as_str();
        let name: String = bad.chars().take(20).collect();
        for repo in [RepoRef::new(owner, bad), RepoRef::new(bad, "widget")] {
            if repo.owner == "a/b" && !ground.shows(Trait::FlatOwners) {
                let got = git.get_repository(ground.cx, GetRepository::of(&repo)).await;
                ground.refused("get_repository of an owner within another", got, ErrorKind::NotFound)?;
                continue;
            }
            let made = git.create_repository(ground.cx, CreateRepository::of(&repo)).await;
            ground.refused(&format!("create_repository with the name {name:?}"), made, ErrorKind::Invalid)?;
            let got = git.get_repository(ground.cx, GetRepository::of(&repo)).await;
            ground.refused(&format!("get_repository with the name {name:?}"), got, ErrorKind::Invalid)?;
        }
    }
    Ok(())
}

/// A cursor that the provider did not make is `Invalid`.
///
/// # Errors
/// The failure.
pub async fn bad_cursors_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/bad_cursors_are_refused").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let page = || PageRequest::default().at(Cursor::new("no cursor of yours: \u{7f}"));
    let offers = |meta: &OpMeta| world.operations().has(meta);
    if offers(ListRepositories::META) {
        let op = ListRepositories::new().owner(repo.owner.as_str()).page(page());
        ground.refused("list_repositories", git.list_repositories(cx, op).await, ErrorKind::Invalid)?;
    }
    macro_rules! odd {
        ($($method:ident $op:ident($($arg:expr),*);)*) => {
            $(if offers($op::META) {
                let got = git.$method(cx, $op::of(repo $(, $arg)*).page(page())).await;
                ground.refused(stringify!($method), got, ErrorKind::Invalid)?;
            })*
        };
    }
    odd! {
        list_branches ListBranches();
        list_commits ListCommits();
        list_pull_requests ListPullRequests();
        list_tree ListTree();
        list_pull_request_comments ListPullRequestComments(1u64);
        list_reviews ListReviews(1u64);
        list_tags ListTags();
        list_releases ListReleases();
        list_webhooks ListWebhooks();
    }
    Ok(())
}

/// Pages of repositories have each one exactly once, in the order of their names, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn repository_pages_cover_everything_once(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "git/repository_pages_cover_everything_once";
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(Ground::empty(git, world, B).await?);
    }
    let (ground, last) = (&made[0], &made[4].repo);
    let expected: Vec<_> = made.iter().map(|ground| &ground.repo).collect();
    for limit in 1..=6 {
        let list = |page| {
            git.list_repositories(ground.cx, ListRepositories::new().owner(last.owner.as_str()).page(page))
        };
        let all = ground.walk(limit, list).await?;
        if ground.shows(Trait::RepositoriesByName) {
            ground.ensure(
                all.is_sorted_by(|a, b| a.repo < b.repo),
                "repositories are not in the order of their names",
            )?;
        }
        let ours = all.iter().map(|other| &other.repo).filter(|repo| expected.contains(repo)).collect();
        let ours = ground.ordered(Trait::RepositoriesByName, ours, Ord::cmp);
        ground.equal(
            &format!("the repositories of this behaviour, by pages of {limit}"),
            &ours,
            &expected,
        )?;
    }
    Ok(())
}

/// An archived repository can be read and refuses changes with `Conflict` until it is taken out again.
///
/// # Errors
/// The failure.
pub async fn archived_repositories_refuse_changes(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/archived_repositories_refuse_changes").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let offers = |meta: &OpMeta| world.operations().has(meta);
    if !ground.shows(Trait::Archives) {
        let got = git.update_repository(cx, UpdateRepository::of(repo).archived(true)).await;
        return ground.unsupported("update_repository, archived", got);
    }
    for _ in 0..2 {
        let changed = git.update_repository(cx, UpdateRepository::of(repo).archived(true)).await;
        ground.equal("archived", &ground.done("update_repository, archived", changed)?.archived, &true)?;
    }
    ground.reads("main", "README.md", "one\ntwo\nthree\n").await?;
    let got = git.write_file(cx, WriteFile::of(repo, "README.md", "other")).await;
    ground.refused("write_file on an archived repository", got, ErrorKind::Conflict)?;
    if offers(CreateBranch::META) {
        let got = git.create_branch(cx, CreateBranch::of(repo, "lid")).await;
        ground.refused("create_branch on an archived repository", got, ErrorKind::Conflict)?;
    }
    let got = git.update_repository(cx, UpdateRepository::of(repo).description("other")).await;
    ground.refused("update_repository on an archived repository", got, ErrorKind::Conflict)?;
    ground.reads("main", "README.md", "one\ntwo\nthree\n").await?;
    let changed = git.update_repository(cx, UpdateRepository::of(repo).archived(false)).await;
    ground.equal("archived", &ground.done("update_repository, not archived", changed)?.archived, &false)?;
    ground.write("main", "README.md", "other").await.map(|_| ())
}

/// The default branch is the one that was asked for, and can be changed to another that exists.
///
/// # Errors
/// The failure.
pub async fn the_default_branch_is_chosen(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::bare(git, world, "git/the_default_branch_is_chosen");
    let (cx, repo) = (ground.cx, &ground.repo);
    let made = git.create_repository(cx, CreateRepository::of(repo).default_branch("trunk")).await;
    let first = if ground.shows(Trait::ChoosesDefaultBranch) {
        ground.equal("default_branch", &ground.done("create_repository", made)?.default_branch, "trunk")?;
        "trunk"
    } else {
        ground.unsupported("create_repository with a default branch", made)?;
        ground.done("create_repository", git.create_repository(cx, CreateRepository::of(repo)).await)?;
        "main"
    };
    ground.done("write_file", git.write_file(cx, WriteFile::of(repo, "README.md", "text")).await)?;
    let made = git.create_branch(cx, CreateBranch::of(repo, "next").from(first)).await;
    ground.done("create_branch", made)?;
    let got = git.update_repository(cx, UpdateRepository::of(repo).default_branch("missing")).await;
    ground.refused("update_repository to a missing default branch", got, ErrorKind::NotFound)?;
    let changed = git.update_repository(cx, UpdateRepository::of(repo).default_branch("next")).await;
    ground.equal("default_branch", &ground.done("update_repository", changed)?.default_branch, "next")?;
    let got = ground.done("get_repository", git.get_repository(cx, GetRepository::of(repo)).await)?;
    ground.equal("default_branch", &got.default_branch, "next")
}
