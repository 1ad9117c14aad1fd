//! Statuses: what the checks of a commit say, each and together.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{GetCommitStatus, GitService, SetCommitStatus};
use crate::testkit::suite::Failure;
use crate::types::git::{CombinedStatus, StatusState};

/// What the checks of a commit say.
pub(super) async fn fetch<G: GitService>(
    ground: &Ground<'_, G>,
    commit: &str,
) -> Result<CombinedStatus, Failure> {
    let got = ground.git.get_commit_status(ground.cx, GetCommitStatus::of(&ground.repo, commit)).await;
    ground.done(&format!("get_commit_status at {commit}"), got)
}

/// The latest word of each check counts, in the order of their names, and the worst of them is the word of all.
///
/// # Errors
/// The failure.
pub async fn the_latest_word_of_a_check_counts(git: &impl GitService, world: &World) -> Result<(), Failure> {
    use StatusState::{Error, Failure as Failed, Pending, Success};
    let ground = Ground::seeded(git, world, "git/the_latest_word_of_a_check_counts").await?;
    let commit = ground.write("main", "a", "1").await?.commit;
    let none = fetch(&ground, &commit).await?;
    ground.equal("commit", &none.commit, &commit)?;
    ground.equal("what no checks say", &(none.state, none.statuses.len()), &(None, 0))?;
    // In this order; the state of all after each, and how many checks there are then.
    for (context, state, together, count) in [
        ("build", Pending, Pending, 1),
        ("build", Success, Success, 1),
        ("a/lint ‘ü’", Pending, Pending, 2),
        ("test", Error, Error, 3),
        ("a/lint ‘ü’", Failed, Failed, 3),
        ("test", Success, Failed, 3),
        ("a/lint ‘ü’", Success, Success, 3),
        ("a/lint ‘ü’", Success, Success, 3),
    ] {
        let op = SetCommitStatus::of(&ground.repo, commit.as_str(), context, state)
            .description(format!("{context} says {state:?}"))
            .target_url("https://ci.example.org/runs/1?x=1#log");
        let told =
            |state| if ground.shows(Trait::TellsErrorFromFailure) || state != Error { state } else { Failed };
        let (state, together) = (told(state), told(together));
        let set = ground.done("set_commit_status", git.set_commit_status(ground.cx, op.clone()).await)?;
        ground.equal("context and state", &(set.context.as_str(), set.state), &(context, state))?;
        ground.equal("description", &set.description, &op.description)?;
        ground.equal("target_url", &set.target_url, &op.target_url)?;
        let now = fetch(&ground, &commit).await?;
        ground.equal(&format!("all together after {context} said {state:?}"), &now.state, &Some(together))?;
        ground.equal("number of checks", &now.statuses.len(), &count)?;
        ground.ensure(
            now.statuses.is_sorted_by(|a, b| a.context < b.context) || !ground.shows(Trait::ChecksByName),
            "the checks are not in the order of their names",
        )?;
        let shown = now.statuses.iter().find(|status| status.context == context);
        ground.equal("the check itself", &shown, &Some(&set))?;
    }
    let bare = SetCommitStatus::of(&ground.repo, commit.as_str(), "build", Pending);
    ground.done("set_commit_status", git.set_commit_status(ground.cx, bare).await)?;
    let now = fetch(&ground, &commit).await?;
    let build = now.statuses.iter().find(|status| status.context == "build");
    let facts =
        build.map(|status| (status.state, status.description.as_deref(), status.target_url.as_deref()));
    if !ground.shows(Trait::LastWordReplaces) {
        return ground.equal("the last word", &facts.map(|facts| facts.0), &Some(Pending));
    }
    ground.equal("what the last word leaves out", &facts, &Some((Pending, None, None)))
}

/// Checks belong to their commit; a branch shows those of its head.
///
/// # Errors
/// The failure.
pub async fn checks_belong_to_their_commit(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/checks_belong_to_their_commit").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let old = ground.write("main", "a", "1").await?.commit;
    let set = |commit: &str, context: &str| {
        git.set_commit_status(cx, SetCommitStatus::of(repo, commit, context, StatusState::Failure))
    };
    ground.done("set_commit_status", set(&old, "build").await)?;
    ground.equal("the branch", &fetch(&ground, "main").await?.state, &Some(StatusState::Failure))?;
    let new = ground.write("main", "a", "2").await?.commit;
    let head = fetch(&ground, "main").await?;
    ground.equal(
        "the branch after it moved on",
        &(head.commit.as_str(), head.state),
        &(new.as_str(), None),
    )?;
    ground.equal("the old commit", &fetch(&ground, &old).await?.state, &Some(StatusState::Failure))?;
    let absent = "0123456789".repeat(4);
    for (what, got) in [
        ("for a commit that is not there", set(&absent, "build").await.map(drop)),
        (
            "at a missing branch",
            git.get_commit_status(cx, GetCommitStatus::of(repo, "missing")).await.map(drop),
        ),
        (
            "at a missing commit",
            git.get_commit_status(cx, GetCommitStatus::of(repo, absent.as_str())).await.map(drop),
        ),
    ] {
        ground.refused(&format!("a status {what}"), got, ErrorKind::NotFound)?;
    }
    ground.refused("set_commit_status of no check", set(&old, "").await, ErrorKind::Invalid)?;
    ground.refused("set_commit_status of `-x`", set("-x", "build").await, ErrorKind::Invalid)?;
    let got = git.get_commit_status(cx, GetCommitStatus::of(repo, "--all")).await;
    ground.refused("get_commit_status at an option", got, ErrorKind::Invalid)?;
    ground.equal("number of checks", &fetch(&ground, &old).await?.statuses.len(), &1)
}
