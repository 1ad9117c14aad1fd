//! Comments on pull requests, and the reviews that are listed beside them.

use super::pull_requests::{may_say, opened};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{
    CommentOnPullRequest, GitService, ListPullRequestComments, ListReviews, ReviewPullRequest,
};
use crate::testkit::suite::Failure;
use crate::types::PageRequest;
use crate::types::git::{Comment, ReviewVerdict};

/// The comments of a pull request, at most 100.
pub(super) async fn listed<G: GitService>(
    ground: &Ground<'_, G>,
    number: u64,
) -> Result<Vec<Comment>, Failure> {
    let op = ListPullRequestComments::of(&ground.repo, number).page(PageRequest::first(100));
    let page = ground.git.list_pull_request_comments(ground.cx, op).await;
    let comments = ground.done("list_pull_request_comments", page)?.items;
    Ok(ground.ordered(Trait::CommentsOldestFirst, comments, |a, b| a.id.cmp(&b.id)))
}

/// Comments come back as written, in the order they were made, those on a line with their place; each pull request has its own.
///
/// # Errors
/// The failure.
pub async fn pull_requests_are_commented_on(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/pull_requests_are_commented_on").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let number = opened(&ground, "lid").await?.number;
    let other = opened(&ground, "box").await?.number;
    ground.equal("comments of a new pull request", &listed(&ground, number).await?, &vec![])?;
    let comment = |body: &str| CommentOnPullRequest::of(repo, number, body);
    let mut made = Vec::new();
    for (op, path, line) in [
        (comment("Why *so*?\n\n> 漢字 ‘ü’ \u{1f980}\n"), None, None),
        (comment("- one\r\n- two"), None, None),
        (comment("This one."), Some("lid.txt"), Some(1)),
        (comment("Why *so*?"), None, None),
    ] {
        let mut op = op;
        (op.path, op.line) = (path.map(str::to_owned), line);
        if path.is_some() && !ground.shows(Trait::CommentsOnLines) {
            let got = git.comment_on_pull_request(cx, op).await;
            ground.unsupported("comment_on_pull_request on a line", got)?;
            continue;
        }
        let got =
            ground.done("comment_on_pull_request", git.comment_on_pull_request(cx, op.clone()).await)?;
        ground.equal("body", &got.body, &op.body)?;
        ground.equal("place", &(got.path.as_deref(), got.line), &(path, line))?;
        made.push(got);
    }
    made = ground.ordered(Trait::CommentsOldestFirst, made, |a, b| a.id.cmp(&b.id));
    ground.equal("comments", &listed(&ground, number).await?, &made)?;
    let mut ids: Vec<_> = made.iter().map(|comment| comment.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ground.equal("ids of their own", &ids.len(), &made.len())?;
    ground.equal("comments of another pull request", &listed(&ground, other).await?, &vec![])?;
    for (what, op, kind) in [
        ("no text", comment(""), ErrorKind::Invalid),
        ("a blank text", comment(" \n"), ErrorKind::Invalid),
        ("a line of no file", comment("x").line(1u64), ErrorKind::Invalid),
        ("line 0", comment("x").path("lid.txt").line(0u64), ErrorKind::Invalid),
        ("a path that leaves the repository", comment("x").path("../x").line(1u64), ErrorKind::Invalid),
        ("an unused number", CommentOnPullRequest::of(repo, 9_999_999u64, "x"), ErrorKind::NotFound),
    ] {
        let placed = op.path.is_some() || op.line.is_some();
        let got = git.comment_on_pull_request(cx, op).await;
        let what = format!("comment_on_pull_request with {what}");
        if placed && !ground.shows(Trait::CommentsOnLines) {
            ground.refused_as(&what, got, &[kind, ErrorKind::Unsupported])?;
        } else {
            ground.refused(&what, got, kind)?;
        }
    }
    let got = git.list_pull_request_comments(cx, ListPullRequestComments::of(repo, 9_999_999u64)).await;
    ground.refused("list_pull_request_comments with an unused number", got, ErrorKind::NotFound)?;
    ground.equal("comments after what was refused", &listed(&ground, number).await?, &made)
}

/// Pages of comments have each one exactly once, oldest first, whatever the limit, and hold still while others are made.
///
/// # Errors
/// The failure.
pub async fn comment_pages_cover_everything_once(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/comment_pages_cover_everything_once").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let number = opened(&ground, "lid").await?.number;
    let say = async |body: String| {
        let got = git.comment_on_pull_request(cx, CommentOnPullRequest::of(repo, number, body)).await;
        Ok::<_, Failure>(ground.done("comment_on_pull_request", got)?.id)
    };
    let mut expected = Vec::new();
    // More than nine: numbers that are sorted as texts would show.
    for at in 0..11 {
        expected.push(say(format!("comment {at}")).await?);
    }
    let list = || ListPullRequestComments::of(repo, number);
    for limit in [1, 2, 3, 5, 10, 11, 12] {
        let all = ground.walk(limit, |page| git.list_pull_request_comments(cx, list().page(page))).await?;
        let place = |id: &String| expected.iter().position(|made| made == id);
        let ids = all.into_iter().map(|comment| comment.id).collect();
        let ids = ground.ordered(Trait::CommentsOldestFirst, ids, |a, b| place(a).cmp(&place(b)));
        ground.equal(&format!("comments by pages of {limit}"), &ids, &expected)?;
    }
    if !(ground.shows(Trait::PagesHoldStill) && ground.shows(Trait::CommentsOldestFirst)) {
        return Ok(());
    }
    let first = git.list_pull_request_comments(cx, list().page(PageRequest::first(10))).await;
    let first = ground.done("list_pull_request_comments", first)?;
    expected.push(say("a late one".to_owned()).await?);
    let Some(next) = first.next else {
        return ground.ensure(false, "11 comments by pages of 10 end after the first page");
    };
    let second = git.list_pull_request_comments(cx, list().page(PageRequest::first(10).at(next))).await;
    let second: Vec<_> = ground
        .done("list_pull_request_comments", second)?
        .items
        .into_iter()
        .map(|comment| comment.id)
        .collect();
    ground.equal("the second page after another comment", &second, &expected[10..].to_vec())
}

/// Reviews are listed as they were given, oldest first, page by page, and are no comments.
///
/// # Errors
/// The failure.
pub async fn reviews_are_listed(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/reviews_are_listed").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let pull = opened(&ground, "lid").await?;
    let mut made = Vec::new();
    for (verdict, body) in [
        (ReviewVerdict::Comment, "Hm: 漢字\n\nwell"),
        (ReviewVerdict::RequestChanges, "It leaks."),
        (ReviewVerdict::Approve, "Good."),
    ] {
        if !may_say(&ground, verdict) {
            continue;
        }
        let mut op = ReviewPullRequest::of(repo, pull.number, verdict);
        let bare = verdict == ReviewVerdict::Approve && !ground.shows(Trait::ApprovesWithText);
        op.body = (!bare).then(|| body.to_owned());
        made.push(ground.done("review_pull_request", git.review_pull_request(cx, op).await)?);
    }
    for limit in 1..=4 {
        let list = |page| git.list_reviews(cx, ListReviews::of(repo, pull.number).page(page));
        let all = ground.walk(limit, list).await?;
        if ground.shows(Trait::KeepsEveryReview) {
            ground.equal(&format!("reviews by pages of {limit}"), &all, &made)?;
        } else if let Some(last) = made.last() {
            let last = all.iter().any(|review| review.verdict == last.verdict);
            ground.ensure(last, "the last review is not listed")?;
        }
    }
    if ground.shows(Trait::ReviewsNameCommits) {
        let looked_at = made.first().map(|review| &review.commit);
        ground.equal("the commit that was looked at", &looked_at, &Some(&pull.head))?;
    }
    let got = git.list_reviews(cx, ListReviews::of(repo, 9_999_999u64)).await;
    ground.refused("list_reviews with an unused number", got, ErrorKind::NotFound)?;
    if world.offers::<ListPullRequestComments>() && ground.shows(Trait::ReviewsAreNoComments) {
        ground.equal("comments after reviews", &listed(&ground, pull.number).await?, &vec![])?;
    }
    Ok(())
}
