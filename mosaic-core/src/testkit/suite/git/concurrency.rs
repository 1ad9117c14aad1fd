//! Calls at the same time: none is lost and none is refused for the others' sake.

use futures_util::future::join_all;

use super::{Ground, World};
use crate::op::git::{CreatePullRequest, GitService, WriteFile};
use crate::testkit::suite::Failure;

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
    for written in join_all(names.iter().map(write)).await {
        ground.done("write_file beside seven others", written)?;
    }
    for name in &names {
        ground.reads("main", name, name).await?;
    }
    ground.equal("number of commits", &ground.commits("main").await?.len(), &9)
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
