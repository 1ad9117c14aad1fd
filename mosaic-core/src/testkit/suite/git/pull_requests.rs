//! Pull requests: opened, reviewed, merged once.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{
    CreatePullRequest, GetPullRequest, GitService, ListPullRequests, MergePullRequest, ReviewPullRequest,
};
use crate::testkit::suite::Failure;
use crate::types::git::{MergeMethod, PullRequest, PullRequestState, ReviewVerdict};

pub(super) async fn fetch<G: GitService>(
    ground: &Ground<'_, G>,
    number: u64,
) -> Result<PullRequest, Failure> {
    let got = ground.git.get_pull_request(ground.cx, GetPullRequest::of(&ground.repo, number)).await;
    ground.done("get_pull_request", got)
}

/// A branch with one commit of its own, and a pull request into `main`.
pub(super) async fn opened<G: GitService>(
    ground: &Ground<'_, G>,
    branch: &str,
) -> Result<PullRequest, Failure> {
    ground.branch(branch).await?;
    ground.write(branch, &format!("{branch}.txt"), branch).await?;
    ground.pull(branch, "main").await
}

/// Whether a review of the suite may come to this verdict.
pub(super) fn may_say<G: GitService>(ground: &Ground<'_, G>, verdict: ReviewVerdict) -> bool {
    match verdict {
        ReviewVerdict::Comment => true,
        ReviewVerdict::Approve => ground.shows(Trait::ReviewsOwnWork),
        ReviewVerdict::RequestChanges => {
            ground.shows(Trait::ReviewsOwnWork) && ground.shows(Trait::RequestsChanges)
        }
    }
}

/// The methods that pull requests are merged by, with the number of parents of the newest commit afterwards.
fn methods<G: GitService>(ground: &Ground<'_, G>) -> impl Iterator<Item = (MergeMethod, usize)> {
    let squash = ground.shows(Trait::SquashesPullRequests).then_some((MergeMethod::Squash, 1));
    let rebase = ground.shows(Trait::RebasesPullRequests).then_some((MergeMethod::Rebase, 1));
    [Some((MergeMethod::Merge, 2)), squash, rebase].into_iter().flatten()
}

/// A pull request comes back as it was opened, and its head follows the branch.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_opened_and_fetched(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_opened_and_fetched").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    ground.branch("lid").await?;
    let first = ground.write("lid", "lid.txt", "1").await?;
    let op = CreatePullRequest::of(repo, "Add a lid", "lid", "main").body("It *fits*.\n\n- well");
    let pull = ground.done("create_pull_request", git.create_pull_request(cx, op).await)?;
    ground.equal("title", &pull.title, "Add a lid")?;
    ground.equal("branches", &(pull.source.as_str(), pull.target.as_str()), &("lid", "main"))?;
    ground.equal("state", &pull.state, &PullRequestState::Open)?;
    ground.equal("body", &pull.body.as_deref(), &Some("It *fits*.\n\n- well"))?;
    ground.equal("head", &pull.head.as_deref(), &Some(first.commit.as_str()))?;
    ground.equal("merge_commit", &pull.merge_commit, &None)?;
    ground.equal("what get_pull_request gives", &fetch(&ground, pull.number).await?, &pull)?;
    let second = ground.write("lid", "lid.txt", "2").await?;
    let head = fetch(&ground, pull.number).await?.head;
    ground.equal("head after another commit", &head.as_deref(), &Some(second.commit.as_str()))?;
    let other = opened(&ground, "box").await?;
    ground.ensure(other.number > pull.number, "the second pull request has no higher number")?;
    let got = git.get_pull_request(cx, GetPullRequest::of(repo, 9_999_999u64)).await;
    ground.refused("get_pull_request with an unused number", got, ErrorKind::NotFound)
}

/// What cannot be a pull request is refused: same branches, missing branches, a second one for the same pair.
///
/// # Errors
/// The failure.
pub async fn bad_pull_requests_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/bad_pull_requests_are_refused").await?;
    opened(&ground, "lid").await?;
    for (title, source, target, kind) in [
        ("t", "main", "main", ErrorKind::Invalid),
        ("t", "--x", "main", ErrorKind::Invalid),
        ("", "lid", "main", ErrorKind::Invalid),
        ("t", "missing", "main", ErrorKind::NotFound),
        ("t", "lid", "missing", ErrorKind::NotFound),
        ("t", "lid", "main", ErrorKind::Conflict),
    ] {
        if kind == ErrorKind::Conflict && !ground.shows(Trait::OnePullRequestForBranches) {
            continue;
        }
        let got = git
            .create_pull_request(ground.cx, CreatePullRequest::of(&ground.repo, title, source, target))
            .await;
        ground.refused(&format!("create_pull_request {title:?} from {source} into {target}"), got, kind)?;
    }
    Ok(())
}

/// Pages of pull requests have each one exactly once, newest first, of one state or of all.
///
/// # Errors
/// The failure.
pub async fn pull_request_pages_cover_everything_once(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_request_pages_cover_everything_once").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let mut numbers = Vec::new();
    for branch in ["a", "b", "c", "d", "e"] {
        numbers.insert(0, opened(&ground, branch).await?.number);
    }
    let merged = vec![numbers[1], numbers[3]];
    for number in &merged {
        let done = git.merge_pull_request(cx, MergePullRequest::of(repo, *number)).await;
        ground.done("merge_pull_request", done)?;
    }
    let open = vec![numbers[0], numbers[2], numbers[4]];
    for limit in 1..=6 {
        let cases = [
            (None, &numbers),
            (Some(PullRequestState::Open), &open),
            (Some(PullRequestState::Merged), &merged),
            (Some(PullRequestState::Closed), &vec![]),
        ];
        for (state, expected) in cases {
            let list = |page| {
                let mut op = ListPullRequests::of(repo).page(page);
                op.state = state;
                git.list_pull_requests(cx, op)
            };
            let got: Vec<_> = ground.walk(limit, list).await?.into_iter().map(|pull| pull.number).collect();
            ground.equal(&format!("pull requests, state {state:?}, by pages of {limit}"), &got, expected)?;
        }
    }
    Ok(())
}

/// A review says what it was given; unless it approves it needs a text.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_reviewed(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_reviewed").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let number = opened(&ground, "lid").await?.number;
    let mut ids = Vec::new();
    for (verdict, body) in [
        (ReviewVerdict::Approve, None),
        (ReviewVerdict::Approve, Some("Good.")),
        (ReviewVerdict::RequestChanges, Some("It leaks.")),
        (ReviewVerdict::Comment, Some("Hm.")),
    ] {
        let mut op = ReviewPullRequest::of(repo, number, verdict);
        op.body = body.map(str::to_owned);
        let what = format!("review_pull_request, {verdict:?}");
        if verdict == ReviewVerdict::Approve && body.is_some() && !ground.shows(Trait::ApprovesWithText) {
            continue;
        }
        let review = git.review_pull_request(cx, op).await;
        if verdict == ReviewVerdict::RequestChanges && !ground.shows(Trait::RequestsChanges) {
            ground.unsupported(&what, review)?;
            continue;
        }
        if !may_say(&ground, verdict) {
            let kinds = [ErrorKind::Invalid, ErrorKind::PermissionDenied, ErrorKind::Conflict];
            ground.refused_as(&what, review, &kinds)?;
            continue;
        }
        let review = ground.done(&format!("review_pull_request, {verdict:?}"), review)?;
        ground.equal("verdict", &review.verdict, &verdict)?;
        ground.equal("body", &review.body.as_deref(), &body)?;
        let known = ids.contains(&review.id) && ground.shows(Trait::KeepsEveryReview);
        ground.ensure(!known, "two reviews have the same id")?;
        ids.push(review.id);
    }
    for (verdict, body) in [
        (ReviewVerdict::RequestChanges, None),
        (ReviewVerdict::Comment, None),
        (ReviewVerdict::Comment, Some("  ")),
    ] {
        let mut op = ReviewPullRequest::of(repo, number, verdict);
        op.body = body.map(str::to_owned);
        let got = git.review_pull_request(cx, op).await;
        let what = format!("review_pull_request, {verdict:?} without a text");
        if verdict == ReviewVerdict::RequestChanges && !ground.shows(Trait::RequestsChanges) {
            ground.refused_as(&what, got, &[ErrorKind::Invalid, ErrorKind::Unsupported])?;
        } else {
            ground.refused(&what, got, ErrorKind::Invalid)?;
        }
    }
    let got =
        git.review_pull_request(cx, ReviewPullRequest::of(repo, 9_999_999u64, ReviewVerdict::Approve)).await;
    ground.refused("review_pull_request with an unused number", got, ErrorKind::NotFound)
}

/// A pull request is merged by each method, says so afterwards, and cannot be merged again.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_merged_once(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_merged_once").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    for (branch, method, lacked) in [
        ("d", MergeMethod::Squash, Trait::SquashesPullRequests),
        ("e", MergeMethod::Rebase, Trait::RebasesPullRequests),
    ] {
        if !ground.shows(lacked) {
            let number = opened(&ground, branch).await?.number;
            let got = git.merge_pull_request(cx, MergePullRequest::of(repo, number).method(method)).await;
            ground.unsupported(&format!("merge_pull_request by {method:?}"), got)?;
        }
    }
    for (branch, (method, parents)) in ["a", "b", "c"].into_iter().zip(methods(&ground)) {
        ground.branch(branch).await?;
        let head = ground.write(branch, &format!("{branch}.txt"), branch).await?.commit;
        ground.write("main", "main.txt", branch).await?;
        let number = ground.pull(branch, "main").await?.number;
        let before = ground.commits("main").await?;
        let op = MergePullRequest::of(repo, number).method(method).expected_head(head.as_str());
        let merged = ground.done("merge_pull_request", git.merge_pull_request(cx, op).await)?;
        ground.equal("method", &merged.method, &method)?;
        ground.reads("main", &format!("{branch}.txt"), branch).await?;
        let after = ground.commits("main").await?;
        ground.equal("the head of main", &after[0].id, &merged.commit)?;
        ground.equal("number of parents", &after[0].parents.len(), &parents)?;
        ground.equal("first parent", &after[0].parents[0], &before[0].id)?;
        let pull = fetch(&ground, number).await?;
        ground.equal("state", &pull.state, &PullRequestState::Merged)?;
        ground.equal("merge_commit", &pull.merge_commit.as_deref(), &Some(merged.commit.as_str()))?;
        ground.equal("head", &pull.head.as_deref(), &Some(head.as_str()))?;
        let got = git.merge_pull_request(cx, MergePullRequest::of(repo, number).method(method)).await;
        ground.refused("merge_pull_request for the second time", got, ErrorKind::Conflict)?;
        ground.equal("commits after the second time", &ground.commits("main").await?, &after)?;
    }
    let got = git.merge_pull_request(cx, MergePullRequest::of(repo, 9_999_999u64)).await;
    ground.refused("merge_pull_request with an unused number", got, ErrorKind::NotFound)
}

/// `expected_head` lets a merge happen only at the commit that the caller saw.
///
/// # Errors
/// The failure.
pub async fn a_moved_head_is_not_merged(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/a_moved_head_is_not_merged").await?;
    let pull = opened(&ground, "lid").await?;
    let seen = pull.head.unwrap_or_default();
    let now = ground.write("lid", "lid.txt", "more").await?.commit;
    let merge = |head: &str| {
        let op = MergePullRequest::of(&ground.repo, pull.number).expected_head(head);
        git.merge_pull_request(ground.cx, op)
    };
    ground.refused("merge_pull_request at an old head", merge(&seen).await, ErrorKind::Conflict)?;
    ground.equal("state", &fetch(&ground, pull.number).await?.state, &PullRequestState::Open)?;
    ground.done("merge_pull_request at the present head", merge(&now).await).map(|_| ())
}

/// A pull request that cannot be merged is a `Conflict`, stays open, and changes nothing.
///
/// # Errors
/// The failure.
pub async fn conflicting_pull_requests_stay_open(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/conflicting_pull_requests_stay_open").await?;
    ground.branch("lid").await?;
    ground.write("lid", "README.md", "one\nLID\nthree\n").await?;
    let number = ground.pull("lid", "main").await?.number;
    ground.write("main", "README.md", "one\nBOX\nthree\n").await?;
    let before = ground.commits("main").await?;
    for (method, _) in methods(&ground) {
        let got = git
            .merge_pull_request(ground.cx, MergePullRequest::of(&ground.repo, number).method(method))
            .await;
        ground.refused(&format!("merge_pull_request by {method:?}"), got, ErrorKind::Conflict)?;
    }
    ground.equal("state", &fetch(&ground, number).await?.state, &PullRequestState::Open)?;
    ground.equal("commits", &ground.commits("main").await?, &before)
}
