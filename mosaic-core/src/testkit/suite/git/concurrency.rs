//! Calls at the same time: none is lost and none is refused for the others' sake.

use std::fmt::Debug;

use futures_util::future::{join, join_all};

use super::{Ground, Trait, World};
use crate::error::{ErrorKind, Result};
use crate::op::git::{
    CommentOnPullRequest, CreatePullRequest, CreateTag, DeleteFile, GitService, SetCommitStatus, WriteFile,
};
use crate::testkit::suite::Failure;
use crate::types::git::StatusState;

/// Whether a change beside others was made: it must be, or else be a `Conflict` where the provider lacks that.
fn lands<G: GitService, T: Debug>(
    ground: &Ground<'_, G>,
    what: &str,
    result: Result<T>,
) -> Result<bool, Failure> {
    if result.is_err() && !ground.shows(Trait::ConcurrentWrites) {
        return ground.refused(what, result, ErrorKind::Conflict).map(|()| false);
    }
    ground.done(what, result).map(|_| true)
}

/// Eight files written to one branch at the same time all land, each as a commit.
///
/// # Errors
/// The failure.
pub async fn concurrent_writes_all_land(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/concurrent_writes_all_land").await?;
    let names: Vec<_> = (0..8).map(|at| format!("dir-{}/file-{at}", at % 2)).collect();
    let write = |name: &String| {
        let op = WriteFile::of(&ground.repo, name.as_str(), name.as_str()).branch("main");
        git.write_file(ground.cx, op)
    };
    let mut landed = 0;
    for (name, written) in names.iter().zip(join_all(names.iter().map(write)).await) {
        if lands(&ground, "write_file beside seven others", written)? {
            landed += 1;
            ground.reads("main", name, name).await?;
        } else {
            ground.equal(name, &ground.text("main", name).await?, &None)?;
        }
    }
    ground.ensure(landed > 0, "of eight writes at the same time none landed")?;
    ground.equal("number of commits", &ground.commits("main").await?.len(), &(1 + landed))
}

/// Pull requests opened at the same time get numbers of their own.
///
/// # Errors
/// The failure.
pub async fn concurrent_pull_requests_get_distinct_numbers(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/concurrent_pull_requests_get_distinct_numbers").await?;
    let branches = ["a", "b", "c", "d"];
    for branch in branches {
        ground.branch(branch).await?;
        ground.write(branch, "file", branch).await?;
    }
    let open = |branch: &&str| {
        let op = CreatePullRequest::of(&ground.repo, format!("Bring {branch} in"), *branch, "main");
        git.create_pull_request(ground.cx, op)
    };
    let mut numbers = Vec::new();
    for opened in join_all(branches.iter().map(open)).await {
        numbers.push(ground.done("create_pull_request beside three others", opened)?.number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    ground.equal("number of numbers", &numbers.len(), &branches.len())
}

/// Files written and deleted on one branch at the same time all come and go, each as a commit.
///
/// # Errors
/// The failure.
pub async fn concurrent_deletions_and_writes_all_land(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/concurrent_deletions_and_writes_all_land").await?;
    let old: Vec<_> = (0..4).map(|at| format!("dir/old-{at}")).collect();
    let new: Vec<_> = (0..4).map(|at| format!("dir/new-{at}")).collect();
    for name in &old {
        ground.write("main", name, name).await?;
    }
    let deletions =
        join_all(old.iter().map(|name| {
            git.delete_file(ground.cx, DeleteFile::of(&ground.repo, name.as_str()).branch("main"))
        }));
    let writes = join_all(new.iter().map(|name| {
        git.write_file(ground.cx, WriteFile::of(&ground.repo, name.as_str(), name.as_str()).branch("main"))
    }));
    let (deleted, written) = join(deletions, writes).await;
    let mut landed = 0;
    for (name, deleted) in old.iter().zip(deleted) {
        let gone = lands(&ground, "delete_file beside others", deleted)?;
        landed += usize::from(gone);
        let expected = (!gone).then_some(name.as_str());
        ground.equal(name, &ground.text("main", name).await?.as_deref(), &expected)?;
    }
    for (name, written) in new.iter().zip(written) {
        let there = lands(&ground, "write_file beside others", written)?;
        landed += usize::from(there);
        let expected = there.then_some(name.as_str());
        ground.equal(name, &ground.text("main", name).await?.as_deref(), &expected)?;
    }
    ground.ensure(landed > 0, "of eight changes at the same time none landed")?;
    ground.equal("number of commits", &ground.commits("main").await?.len(), &(5 + landed))
}

/// Of several that make the same tag at the same time exactly one does, and the others get a `Conflict`.
///
/// # Errors
/// The failure.
pub async fn one_of_many_makes_a_tag(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/one_of_many_makes_a_tag").await?;
    let make = |at: usize| {
        let mut op = CreateTag::of(&ground.repo, "v1");
        op.message = ground.shows(Trait::TagsHaveTexts).then(|| format!("Number {at}"));
        git.create_tag(ground.cx, op)
    };
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all((0..4).map(make)).await.into_iter().partition(|made| made.is_ok());
    ground.equal("how many made the tag", &made.len(), &1)?;
    for refused in refused {
        ground.refused("create_tag beside others", refused, ErrorKind::Conflict)?;
    }
    let winner =
        made.into_iter().flatten().map(|tag| super::tags::as_listed(&ground, tag)).collect::<Vec<_>>();
    ground.equal("tags", &super::tags::listed(&ground).await?, &winner)
}

/// Comments made at the same time are all there, each with an id of its own.
///
/// # Errors
/// The failure.
pub async fn concurrent_comments_all_stay(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/concurrent_comments_all_stay").await?;
    let number = super::pull_requests::opened(&ground, "lid").await?.number;
    let say = |at: usize| {
        let op = CommentOnPullRequest::of(&ground.repo, number, format!("comment {at}"));
        git.comment_on_pull_request(ground.cx, op)
    };
    let mut made = Vec::new();
    for said in join_all((0..6).map(say)).await {
        made.push(ground.done("comment_on_pull_request beside others", said)?);
    }
    let mut listed = super::comments::listed(&ground, number).await?;
    for all in [&mut made, &mut listed] {
        all.sort_by(|a, b| a.id.cmp(&b.id));
    }
    ground.equal("comments", &listed, &made)?;
    made.dedup_by(|a, b| a.id == b.id);
    ground.equal("number of ids", &made.len(), &6)
}

/// Checks that speak at the same time are all heard.
///
/// # Errors
/// The failure.
pub async fn concurrent_checks_are_all_heard(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/concurrent_checks_are_all_heard").await?;
    let commit = ground.write("main", "a", "1").await?.commit;
    let set = |at: usize| {
        let op =
            SetCommitStatus::of(&ground.repo, commit.as_str(), format!("check-{at}"), StatusState::Success);
        git.set_commit_status(ground.cx, op)
    };
    for set in join_all((0..6).map(set)).await {
        ground.done("set_commit_status beside others", set)?;
    }
    let heard = super::statuses::fetch(&ground, &commit).await?;
    let names = heard.statuses.iter().map(|status| status.context.clone()).collect();
    let names = ground.ordered(Trait::ChecksByName, names, Ord::cmp);
    ground.equal("checks", &names, &(0..6).map(|at| format!("check-{at}")).collect::<Vec<_>>())
}
