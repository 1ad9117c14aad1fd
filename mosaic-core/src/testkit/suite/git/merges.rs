//! Merges of branches: what the history looks like afterwards.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{GitService, MergeBranch};
use crate::testkit::suite::Failure;
use crate::types::git::{MergeMethod, MergeResult};

/// Two branches that changed different things: `lid` has two commits that `main` does not have, `main` has one.
async fn parted<'a, G: GitService>(
    git: &'a G,
    world: &'a World,
    behaviour: &'static str,
) -> Result<Ground<'a, G>, Failure> {
    let ground = Ground::seeded(git, world, behaviour).await?;
    ground.branch("lid").await?;
    ground.write("lid", "lid/a.txt", "a").await?;
    ground.write("lid", "README.md", "one\ntwo\nTHREE\n").await?;
    ground.write("main", "box.txt", "box").await?;
    Ok(ground)
}

/// The methods that the world does not lack.
fn methods<G>(ground: &Ground<'_, G>) -> impl Iterator<Item = MergeMethod>
where
    G: GitService,
{
    let squash = ground.shows(Trait::SquashesBranches).then_some(MergeMethod::Squash);
    let rebase = ground.shows(Trait::RebasesBranches).then_some(MergeMethod::Rebase);
    [Some(MergeMethod::Merge), squash, rebase].into_iter().flatten()
}

async fn merge<G: GitService>(ground: &Ground<'_, G>, method: MergeMethod) -> Result<MergeResult, Failure> {
    let op = MergeBranch::of(&ground.repo, "lid", "main").method(method).message("Bring the lid");
    let merged = ground.done("merge_branch", ground.git.merge_branch(ground.cx, op).await)?;
    ground.equal("method", &merged.method, &method)?;
    ground.equal("up_to_date", &merged.up_to_date, &false)?;
    // Whatever the history looks like, the content is that of both.
    ground.reads("main", "lid/a.txt", "a").await?;
    ground.reads("main", "README.md", "one\ntwo\nTHREE\n").await?;
    ground.reads("main", "box.txt", "box").await?;
    let head = ground.commits("main").await?.first().map(|commit| commit.id.clone());
    ground.equal("the head of main", &head.as_deref(), &Some(merged.commit.as_str()))?;
    Ok(merged)
}

/// `merge` makes a commit with both heads as parents.
///
/// # Errors
/// The failure.
pub async fn merge_joins_both_histories(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = parted(git, world, "git/merge_joins_both_histories").await?;
    let (ours, theirs) = (ground.commits("main").await?, ground.commits("lid").await?);
    merge(&ground, MergeMethod::Merge).await?;
    let commits = ground.commits("main").await?;
    ground.equal("parents", &commits[0].parents, &vec![ours[0].id.as_str(), theirs[0].id.as_str()])?;
    ground.equal("message", &commits[0].message, "Bring the lid")?;
    ground.equal("number of commits", &commits.len(), &5)?;
    ground.equal("the source", &ground.commits("lid").await?, &theirs)
}

/// Fails unless a merge by this method is refused as one that the provider lacks, and changes nothing.
async fn lacking<G: GitService>(ground: &Ground<'_, G>, method: MergeMethod) -> Result<(), Failure> {
    let before = ground.commits("main").await?;
    let op = MergeBranch::of(&ground.repo, "lid", "main").method(method);
    let got = ground.git.merge_branch(ground.cx, op).await;
    ground.unsupported(&format!("merge_branch by {method:?}"), got)?;
    ground.equal("commits of main", &ground.commits("main").await?, &before)
}

/// `squash` makes one commit on top of the target; where there is no such merge it is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn squash_makes_one_commit(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = parted(git, world, "git/squash_makes_one_commit").await?;
    if !ground.shows(Trait::SquashesBranches) {
        return lacking(&ground, MergeMethod::Squash).await;
    }
    let ours = ground.commits("main").await?;
    merge(&ground, MergeMethod::Squash).await?;
    let commits = ground.commits("main").await?;
    ground.equal("parents", &commits[0].parents, &vec![ours[0].id.as_str()])?;
    ground.equal("message", &commits[0].message, "Bring the lid")?;
    ground.equal("number of commits", &commits.len(), &3)
}

/// `rebase` makes the commits of the source anew on top of the target, with their messages and authors; where there is no such
/// merge it is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn rebase_makes_the_commits_anew(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = parted(git, world, "git/rebase_makes_the_commits_anew").await?;
    if !ground.shows(Trait::RebasesBranches) {
        return lacking(&ground, MergeMethod::Rebase).await;
    }
    let (ours, theirs) = (ground.commits("main").await?, ground.commits("lid").await?);
    merge(&ground, MergeMethod::Rebase).await?;
    let commits = ground.commits("main").await?;
    ground.equal("number of commits", &commits.len(), &4)?;
    for (new, old) in commits.iter().zip(&theirs).take(2) {
        ground.equal("message", &new.message, &old.message)?;
        ground.equal("author", &new.author, &old.author)?;
        ground.equal("number of parents", &new.parents.len(), &1)?;
    }
    ground.equal("the commits below", &commits[2..], &ours[..])
}

/// Merging what the target has already changes nothing and says so.
///
/// # Errors
/// The failure.
pub async fn merging_what_is_there_changes_nothing(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/merging_what_is_there_changes_nothing").await?;
    ground.branch("lid").await?;
    ground.write("main", "box.txt", "box").await?;
    let before = ground.commits("main").await?;
    for method in methods(&ground) {
        let merged =
            git.merge_branch(ground.cx, MergeBranch::of(&ground.repo, "lid", "main").method(method)).await;
        if !ground.shows(Trait::SaysUpToDate) {
            ground.refused("merge_branch of what is there", merged, ErrorKind::Conflict)?;
            continue;
        }
        let merged = ground.done("merge_branch", merged)?;
        ground.equal("up_to_date", &merged.up_to_date, &true)?;
        ground.equal("commit", &merged.commit, &before[0].id)?;
    }
    ground.equal("commits", &ground.commits("main").await?, &before)
}

/// Where both changed the same lines a merge is a `Conflict`, and nothing changes.
///
/// # Errors
/// The failure.
pub async fn conflicting_merges_change_nothing(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/conflicting_merges_change_nothing").await?;
    ground.branch("lid").await?;
    ground.write("lid", "README.md", "one\nLID\nthree\n").await?;
    ground.write("main", "README.md", "one\nBOX\nthree\n").await?;
    let (ours, theirs) = (ground.commits("main").await?, ground.commits("lid").await?);
    for method in methods(&ground) {
        let got =
            git.merge_branch(ground.cx, MergeBranch::of(&ground.repo, "lid", "main").method(method)).await;
        ground.refused(&format!("merge_branch by {method:?}"), got, ErrorKind::Conflict)?;
    }
    ground.reads("main", "README.md", "one\nBOX\nthree\n").await?;
    ground.equal("commits of main", &ground.commits("main").await?, &ours)?;
    ground.equal("commits of lid", &ground.commits("lid").await?, &theirs)
}

/// A branch cannot be merged into itself, and both branches must be there.
///
/// # Errors
/// The failure.
pub async fn bad_merges_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/bad_merges_are_refused").await?;
    ground.branch("lid").await?;
    for (source, target, kind) in [
        ("main", "main", ErrorKind::Invalid),
        ("-x", "main", ErrorKind::Invalid),
        ("main~1", "lid", ErrorKind::Invalid),
        ("missing", "main", ErrorKind::NotFound),
        ("lid", "missing", ErrorKind::NotFound),
    ] {
        let got = git.merge_branch(ground.cx, MergeBranch::of(&ground.repo, source, target)).await;
        ground.refused(&format!("merge_branch of {source} into {target}"), got, kind)?;
    }
    Ok(())
}
