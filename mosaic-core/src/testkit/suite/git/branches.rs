//! Branches: made, listed and deleted.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateBranch, DeleteBranch, GetBranch, GitService, ListBranches, WriteFile};
use crate::testkit::suite::Failure;

/// A branch begins at a branch or a commit, is listed, and is gone once it is deleted.
///
/// # Errors
/// The failure.
pub async fn branches_come_and_go(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/branches_come_and_go").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let got = git.create_branch(cx, CreateBranch::of(repo, "lid")).await;
    ground.refused("create_branch in an empty repository", got, ErrorKind::NotFound)?;
    let first = ground.write("main", "a", "1").await?;
    let second = ground.write("main", "a", "2").await?;
    let plain = git.create_branch(cx, CreateBranch::of(repo, "plain")).await;
    ground.equal("head of a plain branch", &ground.done("create_branch", plain)?.commit, &second.commit)?;
    let old = git.create_branch(cx, CreateBranch::of(repo, "old/one").from(first.commit.as_str())).await;
    ground.equal(
        "head of a branch from a commit",
        &ground.done("create_branch", old)?.commit,
        &first.commit,
    )?;
    let copy = git.create_branch(cx, CreateBranch::of(repo, "copy").from("old/one")).await;
    ground.equal(
        "head of a branch from a branch",
        &ground.done("create_branch", copy)?.commit,
        &first.commit,
    )?;
    let branches = ground.branches().await?;
    let shown: Vec<_> =
        branches.iter().map(|branch| (branch.name.as_str(), branch.commit.as_str())).collect();
    let (one, two) = (first.commit.as_str(), second.commit.as_str());
    ground.equal(
        "branches",
        &shown,
        &vec![("copy", one), ("main", two), ("old/one", one), ("plain", two)],
    )?;
    let twice = git.create_branch(cx, CreateBranch::of(repo, "plain").from("old/one")).await;
    ground.refused("create_branch for the second time", twice, ErrorKind::Conflict)?;
    let inside = git.create_branch(cx, CreateBranch::of(repo, "plain/inner")).await;
    ground.refused("create_branch below another branch", inside, ErrorKind::Conflict)?;
    let got = git.create_branch(cx, CreateBranch::of(repo, "lid").from("missing")).await;
    ground.refused("create_branch from a missing branch", got, ErrorKind::NotFound)?;

    ground.done("delete_branch", git.delete_branch(cx, DeleteBranch::of(repo, "plain")).await)?;
    let names: Vec<_> = ground.branches().await?.into_iter().map(|branch| branch.name).collect();
    ground.equal("branches after delete_branch", &names, &vec!["copy", "main", "old/one"])?;
    let got = git.delete_branch(cx, DeleteBranch::of(repo, "plain")).await;
    ground.refused("delete_branch for the second time", got, ErrorKind::NotFound)?;
    let got = git.write_file(cx, WriteFile::of(repo, "a", "3").branch("plain")).await;
    ground.refused("write_file on a deleted branch", got, ErrorKind::NotFound)
}

/// The default branch cannot be deleted: `Conflict`.
///
/// # Errors
/// The failure.
pub async fn the_default_branch_stays(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/the_default_branch_stays").await?;
    let got = git.delete_branch(ground.cx, DeleteBranch::of(&ground.repo, "main")).await;
    ground.refused("delete_branch of the default branch", got, ErrorKind::Conflict)?;
    ground.equal("number of branches", &ground.branches().await?.len(), &1)
}

/// Names that git takes for no branch and no tag.
pub(super) fn bad_names() -> impl Iterator<Item = String> {
    let names = [
        "", "@", "-x", "--delete", "..", "a..b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "a b",
        "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "a\n", "a\u{7f}",
    ];
    names.into_iter().map(str::to_owned).chain([("a".repeat(300))])
}

/// Names that git does not take for branches are `Invalid`, and nothing is made.
///
/// # Errors
/// The failure.
pub async fn bad_branch_names_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/bad_branch_names_are_refused").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    for bad in bad_names() {
        let name: String = bad.chars().take(20).collect();
        let got = git.create_branch(cx, CreateBranch::of(repo, bad.as_str()).from("main")).await;
        ground.refused(&format!("create_branch {name:?}"), got, ErrorKind::Invalid)?;
        let got = git.write_file(cx, WriteFile::of(repo, "a", "text").branch(bad.as_str())).await;
        ground.refused(&format!("write_file on {name:?}"), got, ErrorKind::Invalid)?;
    }
    ground.equal("number of branches", &ground.branches().await?.len(), &1)
}

/// Pages of branches have each one exactly once, in the order of their names, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn branch_pages_cover_everything_once(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/branch_pages_cover_everything_once").await?;
    for name in ["b", "a", "feature/y", "feature/x", "z", "c"] {
        ground.branch(name).await?;
    }
    for limit in 1..=8 {
        let list = |page| git.list_branches(ground.cx, ListBranches::of(&ground.repo).page(page));
        let names = ground.walk(limit, list).await?.into_iter().map(|branch| branch.name).collect();
        let names = ground.ordered(Trait::BranchesByName, names, Ord::cmp);
        let expected = vec!["a", "b", "c", "feature/x", "feature/y", "main", "z"];
        ground.equal(&format!("branches by pages of {limit}"), &names, &expected)?;
    }
    Ok(())
}

/// One branch is fetched with the commit it points at.
///
/// # Errors
/// The failure.
pub async fn branches_are_fetched(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/branches_are_fetched").await?;
    let fetch = |name: &str| git.get_branch(ground.cx, GetBranch::of(&ground.repo, name));
    let made = ground.branch("feature/lid").await?;
    ground.equal("feature/lid", &ground.done("get_branch", fetch("feature/lid").await)?, &made)?;
    let commit = ground.write("feature/lid", "a", "1").await?.commit;
    let now = ground.done("get_branch", fetch("feature/lid").await)?;
    ground.equal("commit after a write", &now.commit, &commit)?;
    for missing in ["missing", "feature", "feature/lid/x"] {
        ground.refused(&format!("get_branch {missing}"), fetch(missing).await, ErrorKind::NotFound)?;
    }
    for bad in bad_names() {
        let name: String = bad.chars().take(20).collect();
        ground.refused(&format!("get_branch {name:?}"), fetch(&bad).await, ErrorKind::Invalid)?;
    }
    Ok(())
}
