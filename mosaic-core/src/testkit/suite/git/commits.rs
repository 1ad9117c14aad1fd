//! Commits: fetched, and listed newest first, by path, page by page.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateTag, GetCommit, GitService, ListCommits, WriteFile};
use crate::testkit::suite::Failure;
use crate::types::PageRequest;

/// Commits come newest first, each with its parents, message and author; the list can begin at any of them.
///
/// # Errors
/// The failure.
pub async fn commits_are_listed_newest_first(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/commits_are_listed_newest_first").await?;
    let mut written = Vec::new();
    for at in 1..=4 {
        written.insert(0, ground.write("main", "a", &at.to_string()).await?.commit);
    }
    let commits = ground.commits("main").await?;
    let ids: Vec<_> = commits.iter().map(|commit| commit.id.as_str()).collect();
    ground.equal("commits", &ids, &written)?;
    for (child, parent) in commits.iter().zip(&written[1..]) {
        ground.equal("parents", &child.parents, &vec![parent.as_str()])?;
    }
    ground.equal("message", &commits[0].message, "a: 4")?;
    ground.ensure(!commits[0].author.name.is_empty(), "a commit has no author")?;
    let older: Vec<_> = ground.commits(&written[1]).await?.into_iter().map(|commit| commit.id).collect();
    ground.equal("commits from an older one", &older, &written[1..].to_vec())?;
    let got = git.list_commits(ground.cx, ListCommits::of(&ground.repo).at("missing")).await;
    ground.refused("list_commits at a missing branch", got, ErrorKind::NotFound)
}

/// Only commits that changed the path are listed where one is given; a directory counts for everything in it.
///
/// # Errors
/// The failure.
pub async fn commits_are_filtered_by_path(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/commits_are_filtered_by_path").await?;
    for (path, text) in [("a", "1"), ("d/x", "1"), ("a", "2"), ("d/y", "1"), ("ab", "1")] {
        ground.write("main", path, text).await?;
    }
    for (path, expected) in [
        ("a", vec!["a: 2", "a: 1"]),
        ("d/x", vec!["d/x: 1"]),
        ("d", vec!["d/y: 1", "d/x: 1"]),
        ("missing", vec![]),
    ] {
        let op = ListCommits::of(&ground.repo).at("main").path(path);
        let commits = ground.done("list_commits", git.list_commits(ground.cx, op).await)?.items;
        let messages: Vec<_> = commits.iter().map(|commit| commit.message.as_str()).collect();
        ground.equal(&format!("commits that changed {path}"), &messages, &expected)?;
    }
    Ok(())
}

/// Pages of commits have each one exactly once, whatever the limit, and hold still while the branch moves on.
///
/// # Errors
/// The failure.
pub async fn commit_pages_cover_everything_once(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/commit_pages_cover_everything_once").await?;
    for at in 1..=5 {
        ground.write("main", "a", &at.to_string()).await?;
    }
    let expected: Vec<_> = ground.commits("main").await?.into_iter().map(|commit| commit.id).collect();
    for limit in 1..=6 {
        let list = |page| git.list_commits(ground.cx, ListCommits::of(&ground.repo).at("main").page(page));
        let ids: Vec<_> = ground.walk(limit, list).await?.into_iter().map(|commit| commit.id).collect();
        ground.equal(&format!("commits by pages of {limit}"), &ids, &expected)?;
    }
    if !ground.shows(Trait::PagesHoldStill) {
        return Ok(());
    }
    let list = ListCommits::of(&ground.repo).at("main");
    let first = git.list_commits(ground.cx, list.clone().page(PageRequest::first(2))).await;
    let first = ground.done("list_commits", first)?;
    ground.write("main", "a", "6").await?;
    let Some(next) = first.next else {
        return ground.ensure(false, "5 commits by pages of 2 end after the first page");
    };
    let second = git.list_commits(ground.cx, list.page(PageRequest::first(2).at(next))).await;
    let second: Vec<_> =
        ground.done("list_commits", second)?.items.into_iter().map(|commit| commit.id).collect();
    ground.equal("the second page after the branch moved on", &second, &expected[2..4].to_vec())
}

/// One commit is fetched by its id, by a branch or by a tag, as the list shows it.
///
/// # Errors
/// The failure.
pub async fn commits_are_fetched(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/commits_are_fetched").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let fetch = |commit: &str| git.get_commit(cx, GetCommit::of(repo, commit));
    ground.refused("get_commit in an empty repository", fetch("main").await, ErrorKind::NotFound)?;
    let old = ground.write("main", "a", "1").await?.commit;
    let text = "Write ‘ü’ 漢字\n\nIt is\n  a text.";
    let op = WriteFile::of(repo, "a", "2").branch("main").message(text);
    let new = ground.done("write_file", git.write_file(cx, op).await)?.commit;
    let listed = ground.commits("main").await?;
    for (name, expected) in [(new.as_str(), &listed[0]), ("main", &listed[0]), (old.as_str(), &listed[1])] {
        let got = ground.done(&format!("get_commit {name}"), fetch(name).await)?;
        ground.equal(&format!("commit {name}"), &got, expected)?;
    }
    ground.equal("message", &listed[0].message, text)?;
    if world.offers::<CreateTag>() {
        let mut op = CreateTag::of(repo, "v1").at(old.as_str());
        op.message = ground.shows(Trait::TagsHaveTexts).then(|| "One".to_owned());
        ground.done("create_tag", git.create_tag(cx, op).await)?;
        ground.equal("commit v1", &ground.done("get_commit v1", fetch("v1").await)?, &listed[1])?;
    }
    for missing in ["missing", "deadbeefdeadbeef", &"0123456789".repeat(4)] {
        ground.refused(&format!("get_commit {missing}"), fetch(missing).await, ErrorKind::NotFound)?;
    }
    for bad in ["", "-x", "--all", "main~1", "main^{tree}", "main:a", "a b", "a\nb", "main..other"] {
        ground.refused(&format!("get_commit {bad:?}"), fetch(bad).await, ErrorKind::Invalid)?;
    }
    Ok(())
}
