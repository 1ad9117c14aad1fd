//! Files that are deleted: as commits, and only the version that was seen.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{DeleteFile, GitService};
use crate::testkit::suite::Failure;

/// Deleting a file is a commit without it; what else there is stays, and a directory goes with its last file.
///
/// # Errors
/// The failure.
pub async fn files_are_deleted_as_commits(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/files_are_deleted_as_commits").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let delete = |path: &str| git.delete_file(cx, DeleteFile::of(repo, path).branch("main"));
    let before = ground.write("main", "d/e/f", "deep").await?;
    ground.write("main", "d/x", "beside").await?;
    ground.branch("lid").await?;
    let op = DeleteFile::of(repo, "d/e/f").branch("main").message("Away\n\nNobody reads it: ‘ü’.");
    let gone = ground.done("delete_file", git.delete_file(cx, op).await)?;
    ground.equal("path", &gone.path, "d/e/f")?;
    let commits = ground.commits("main").await?;
    ground.equal("the head of main", &commits[0].id, &gone.commit)?;
    ground.equal("message", &commits[0].message, "Away\n\nNobody reads it: ‘ü’.")?;
    ground.equal("number of commits", &commits.len(), &4)?;
    ground.equal("the file afterwards", &ground.text("main", "d/e/f").await?, &None)?;
    ground.reads("main", "d/x", "beside").await?;
    ground.reads("lid", "d/e/f", "deep").await?;
    ground.reads(&before.commit, "d/e/f", "deep").await?;
    for (what, path) in [("twice", "d/e/f"), ("of a directory", "d"), ("below a file", "README.md/x")] {
        ground.refused(&format!("delete_file {what}"), delete(path).await, ErrorKind::NotFound)?;
    }
    // The directory went with the file, so its name is free.
    ground.write("main", "d/e", "a file now").await?;
    let plain = ground
        .done("delete_file at the default branch", git.delete_file(cx, DeleteFile::of(repo, "d/e")).await)?;
    ground.equal("the head of main", &ground.commits("main").await?[0].id, &plain.commit)?;
    let got = git.delete_file(cx, DeleteFile::of(repo, "d/x").branch("missing")).await;
    ground.refused("delete_file on a missing branch", got, ErrorKind::NotFound)?;
    for bad in ["", "/", "../x", "d//x", ".git/config", "a\0b"] {
        ground.refused(&format!("delete_file {bad:?}"), delete(bad).await, ErrorKind::Invalid)?;
    }
    let got = git.delete_file(cx, DeleteFile::of(repo, "d/x").branch("--x")).await;
    ground.refused("delete_file on a branch that is an option", got, ErrorKind::Invalid)?;
    ground.reads("main", "d/x", "beside").await
}

/// `expected` lets a file be deleted only in the version that the caller saw; where that cannot be it is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn only_the_expected_version_is_deleted(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/only_the_expected_version_is_deleted").await?;
    let delete = |expected: &str| {
        git.delete_file(ground.cx, DeleteFile::of(&ground.repo, "a").branch("main").expected(expected))
    };
    let old = ground.write("main", "a", "1").await?;
    let new = ground.write("main", "a", "2").await?;
    ground.write("main", "b", "1").await?;
    if !ground.shows(Trait::ExpectsVersions) {
        ground.unsupported("delete_file, expecting a version", delete(&new.blob).await)?;
        return ground.reads("main", "a", "2").await;
    }
    ground.refused("delete_file, expecting an old version", delete(&old.blob).await, ErrorKind::Conflict)?;
    ground.reads("main", "a", "2").await?;
    ground.done("delete_file, expecting the present version", delete(&new.blob).await)?;
    ground.equal("the file afterwards", &ground.text("main", "a").await?, &None)?;
    ground.refused("delete_file of what is gone", delete(&new.blob).await, ErrorKind::NotFound)
}
