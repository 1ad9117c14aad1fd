//! Pull requests that change: what they say, where they go, and whether they are open.

use super::pull_requests::{fetch, opened};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{GitService, ListPullRequests, MergePullRequest, UpdatePullRequest};
use crate::testkit::suite::Failure;
use crate::types::git::{PullRequest, PullRequestState};

async fn update<G: GitService>(
    ground: &Ground<'_, G>,
    op: UpdatePullRequest,
) -> Result<PullRequest, Failure> {
    let number = op.number;
    let changed = ground.done("update_pull_request", ground.git.update_pull_request(ground.cx, op).await)?;
    ground.equal("what get_pull_request gives after the update", &fetch(ground, number).await?, &changed)?;
    Ok(changed)
}

/// A pull request changes where a change names it and nowhere else.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_changed(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_changed").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let made = opened(&ground, "lid").await?;
    ground.branch("next").await?;
    let op = || UpdatePullRequest::of(repo, made.number);
    let text = "It *fits* ünïcödely.\n\n- 漢字\r\n\t`x`";
    let said = update(&ground, op().title("A better lid").body(text)).await?;
    ground.equal("title", &said.title, "A better lid")?;
    ground.equal("body", &said.body.as_deref(), &Some(text))?;
    ground.equal("branches", &(said.source.as_str(), said.target.as_str()), &("lid", "main"))?;
    ground.equal("state", &said.state, &PullRequestState::Open)?;
    if !ground.shows(Trait::RetargetsPullRequests) {
        let got = git.update_pull_request(cx, op().target("next")).await;
        ground.unsupported("update_pull_request to another target", got)?;
        let got = git.update_pull_request(cx, op().title("")).await;
        ground.refused("update_pull_request with an empty title", got, ErrorKind::Invalid)?;
        return ground.equal("the pull request", &fetch(&ground, made.number).await?.title, "A better lid");
    }
    let turned = update(&ground, op().target("next")).await?;
    ground.equal("target", &turned.target, "next")?;
    ground.equal("title, which the update does not name", &turned.title, "A better lid")?;
    ground.equal("body, which the update does not name", &turned.body.as_deref(), &Some(text))?;
    for _ in 0..2 {
        let same = update(&ground, op().title("A better lid").target("next").open(true)).await?;
        ground.equal("branches", &(same.source.as_str(), same.target.as_str()), &("lid", "next"))?;
    }
    for (what, op, kind) in [
        ("an empty title", op().title(""), ErrorKind::Invalid),
        ("its own source as target", op().target("lid"), ErrorKind::Invalid),
        ("a target that is an option", op().target("--x"), ErrorKind::Invalid),
        ("a missing target", op().target("missing"), ErrorKind::NotFound),
        ("an unused number", UpdatePullRequest::of(repo, 9_999_999u64).title("t"), ErrorKind::NotFound),
    ] {
        let got = git.update_pull_request(cx, op).await;
        ground.refused(&format!("update_pull_request with {what}"), got, kind)?;
    }
    let twin = ground.pull("lid", "main").await?;
    if ground.shows(Trait::OnePullRequestForBranches) {
        let got = git.update_pull_request(cx, op().target("main")).await;
        ground.refused("update_pull_request to where another brings the same", got, ErrorKind::Conflict)?;
    }
    let now = fetch(&ground, made.number).await?;
    ground.equal(
        "branches after what was refused",
        &(now.title.as_str(), now.target.as_str()),
        &("A better lid", "next"),
    )?;
    ground.equal("the other pull request", &fetch(&ground, twin.number).await?.target, "main")
}

/// A pull request is closed and opened again, is merged only while it is open, and stays merged.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_closed_and_opened_again(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_closed_and_opened_again").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let number = opened(&ground, "lid").await?.number;
    let open = |number: u64, open: bool| UpdatePullRequest::of(repo, number).open(open);
    for _ in 0..2 {
        let closed = update(&ground, open(number, false)).await?;
        ground.equal("state", &closed.state, &PullRequestState::Closed)?;
    }
    let listed = git.list_pull_requests(cx, ListPullRequests::of(repo).state(PullRequestState::Closed)).await;
    let listed: Vec<_> =
        ground.done("list_pull_requests", listed)?.items.into_iter().map(|pull| pull.number).collect();
    ground.equal("closed pull requests", &listed, &vec![number])?;
    let got = git.merge_pull_request(cx, MergePullRequest::of(repo, number)).await;
    ground.refused("merge_pull_request of a closed one", got, ErrorKind::Conflict)?;
    ground.equal("lid.txt on main", &ground.text("main", "lid.txt").await?, &None)?;

    if !ground.shows(Trait::ReopensPullRequests) {
        let got = git.update_pull_request(cx, open(number, true)).await;
        ground.unsupported("update_pull_request, open again", got)?;
        return ground.equal("state", &fetch(&ground, number).await?.state, &PullRequestState::Closed);
    }
    if ground.shows(Trait::OnePullRequestForBranches) {
        let twin = ground.pull("lid", "main").await?.number;
        let got = git.update_pull_request(cx, open(number, true)).await;
        ground.refused("opening again beside another that brings the same", got, ErrorKind::Conflict)?;
        update(&ground, open(twin, false)).await?;
    }
    for _ in 0..2 {
        let again = update(&ground, open(number, true)).await?;
        ground.equal("state", &again.state, &PullRequestState::Open)?;
    }
    let head = ground.write("lid", "lid.txt", "more").await?.commit;
    let now = fetch(&ground, number).await?;
    ground.equal("head, which follows the branch again", &now.head.as_deref(), &Some(head.as_str()))?;
    let merged = git.merge_pull_request(cx, MergePullRequest::of(repo, number)).await;
    ground.done("merge_pull_request", merged)?;
    for to in [true, false] {
        let got = git.update_pull_request(cx, open(number, to)).await;
        ground.refused(
            &format!("update_pull_request, open {to}, of a merged one"),
            got,
            ErrorKind::Conflict,
        )?;
    }
    ground.equal("state", &fetch(&ground, number).await?.state, &PullRequestState::Merged)
}
