//! Comparisons: how far two commits are apart, and what changed between them.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{Compare, DeleteFile, GitService};
use crate::testkit::suite::Failure;
use crate::types::git::{ChangeKind, Comparison};

async fn compare<G: GitService>(
    ground: &Ground<'_, G>,
    base: &str,
    head: &str,
) -> Result<Comparison, Failure> {
    let got = ground.git.compare(ground.cx, Compare::of(&ground.repo, base, head)).await;
    ground.done(&format!("compare {base} with {head}"), got)
}

type Change<'a> = (&'a str, ChangeKind, Option<u64>, Option<u64>);

/// Fails unless the files of a comparison are these, by path, kind and counts of lines, as far as the provider knows them.
fn files<G: GitService>(
    ground: &Ground<'_, G>,
    what: &str,
    comparison: &Comparison,
    mut expected: Vec<Change<'_>>,
) -> Result<(), Failure> {
    let files = comparison.files.iter();
    let got: Vec<Change<'_>> =
        files.map(|file| (file.path.as_str(), file.kind, file.additions, file.deletions)).collect();
    if !ground.shows(Trait::ComparesFiles) {
        expected.clear();
    }
    if !ground.shows(Trait::CountsLines) {
        expected.iter_mut().for_each(|change| (change.2, change.3) = (None, None));
    }
    ground.equal(what, &got, &expected)
}

/// Fails unless the merge base is this one, or absent where the provider does not know it.
fn merge_base<G: GitService>(
    ground: &Ground<'_, G>,
    what: &str,
    comparison: &Comparison,
    expected: &str,
) -> Result<(), Failure> {
    let expected = ground.shows(Trait::KnowsMergeBase).then_some(expected);
    ground.equal(what, &comparison.merge_base.as_deref(), &expected)
}

/// A comparison counts the commits of both sides, names the newest that both have, and shows those of the head, newest first,
/// with what they change.
///
/// # Errors
/// The failure.
pub async fn comparisons_say_how_far_apart(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/comparisons_say_how_far_apart").await?;
    ground.branch("lid").await?;
    let base = ground.commits("main").await?.remove(0).id;
    let one = ground.write("lid", "d/new.txt", "1\n2\n").await?.commit;
    let two = ground.write("lid", "README.md", "one\nTWO\nthree\nfour\n").await?.commit;
    let other = ground.write("main", "box.txt", "box\n").await?.commit;

    let ahead = compare(&ground, "main", "lid").await?;
    ground.equal("ahead and behind", &(ahead.ahead, ahead.behind), &(2, 1))?;
    merge_base(&ground, "merge_base", &ahead, &base)?;
    let ids: Vec<_> = ahead.commits.iter().map(|commit| commit.id.as_str()).collect();
    ground.equal("commits", &ids, &vec![two.as_str(), one.as_str()])?;
    let expected = vec![
        ("README.md", ChangeKind::Modified, Some(2), Some(1)),
        ("d/new.txt", ChangeKind::Added, Some(2), Some(0)),
    ];
    files(&ground, "files", &ahead, expected)?;
    ground.equal("truncated", &ahead.truncated, &false)?;

    let back = compare(&ground, "lid", "main").await?;
    ground.equal("ahead and behind, the other way round", &(back.ahead, back.behind), &(1, 2))?;
    let expected = vec![("box.txt", ChangeKind::Added, Some(1), Some(0))];
    files(&ground, "files, the other way round", &back, expected)?;

    let step = compare(&ground, &one, &two).await?;
    ground.equal("ahead and behind of a commit and the next", &(step.ahead, step.behind), &(1, 0))?;
    merge_base(&ground, "merge_base of a commit and the next", &step, &one)?;

    let same = compare(&ground, "main", &other).await?;
    ground.equal("ahead and behind of the same commit", &(same.ahead, same.behind), &(0, 0))?;
    ground.equal("what lies between the same commit", &(same.commits.len(), same.files.len()), &(0, 0))?;
    for (base, head, kind) in [
        ("main", "missing", ErrorKind::NotFound),
        ("missing", "main", ErrorKind::NotFound),
        ("main", "lid~1", ErrorKind::Invalid),
        ("--all", "main", ErrorKind::Invalid),
        ("main...lid", "main", ErrorKind::Invalid),
        ("", "main", ErrorKind::Invalid),
    ] {
        let got = git.compare(ground.cx, Compare::of(&ground.repo, base, head)).await;
        ground.refused(&format!("compare {base:?} with {head:?}"), got, kind)?;
    }
    Ok(())
}

/// A file that has another path is renamed, one that is gone is removed.
///
/// # Errors
/// The failure.
pub async fn comparisons_see_what_moved_and_went(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/comparisons_see_what_moved_and_went").await?;
    let text: String = (0..40).map(|at| format!("line {at}\n")).collect();
    ground.write("main", "old.txt", &text).await?;
    ground.branch("lid").await?;
    ground.write("lid", "sub/new ä.txt", &text).await?;
    for path in ["old.txt", "README.md"] {
        let op = DeleteFile::of(&ground.repo, path).branch("lid");
        ground.done("delete_file", git.delete_file(ground.cx, op).await)?;
    }
    let comparison = compare(&ground, "main", "lid").await?;
    let gone = ("README.md", ChangeKind::Removed, Some(0), Some(3));
    if !ground.shows(Trait::SeesRenames) {
        let old = ("old.txt", ChangeKind::Removed, Some(0), Some(40));
        let new = ("sub/new ä.txt", ChangeKind::Added, Some(40), Some(0));
        return files(&ground, "files", &comparison, vec![gone, old, new]);
    }
    let moved = ("sub/new ä.txt", ChangeKind::Renamed, Some(0), Some(0));
    files(&ground, "files", &comparison, vec![gone, moved])?;
    if !ground.shows(Trait::ComparesFiles) {
        return Ok(());
    }
    let before: Vec<_> = comparison.files.iter().map(|file| file.previous_path.as_deref()).collect();
    ground.equal("previous paths", &before, &vec![None, Some("old.txt")])
}
