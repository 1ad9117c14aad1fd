//! Forges that break: what another one answers, and what stays where it is.

use axum::http::Method;
use mosaic::error::Outcome;
use mosaic::prelude::*;

use crate::Done;
use crate::forges::StandIns;
use crate::show::{call, refused, step};
use crate::support::faults::Fault;

pub(crate) async fn break_and_mend(
    mosaic: &Mosaic,
    forges: &StandIns,
    open: &RepoRef,
    internal: &RepoRef,
) -> Done {
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();

    step("GitHub takes a write and breaks before it answers: nobody repeats it, here or elsewhere");
    let asked = forges.house.count();
    forges.github_faults.next_on(Method::POST, "/repos/", Fault::ClosedAfter);
    let comment = CommentOnPullRequest::of(open, 1u64, "It fits.");
    let error = refused("comment_on_pull_request", fresh.comment_on_pull_request(comment)).await?;
    println!("      whether it was made: {:?}", error.outcome());
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1));
    assert_eq!(forges.house.count(), asked, "the house was asked for nothing");
    // So the caller looks, and finds it.
    let comments = fresh.list_pull_request_comments(ListPullRequestComments::of(open, 1u64)).await?;
    println!("  comments that GitHub has     {}", comments.items.len());
    assert_eq!(comments.items.len(), 1);

    step("GitHub is down: what is read comes from the copy of the house, what is written waits for GitHub");
    forges.copy(open).await?;
    forges.github_faults.always(Fault::Closed);
    let file = call("get_file README.md", fresh.get_file(GetFile::of(open, "README.md"))).await?;
    assert_eq!(file.provider().map(ProviderId::as_str), Some("house"));
    let gadget = CreateRepository::new(&*open.owner, "gadget");
    let error = refused("create_repository gadget", fresh.create_repository(gadget)).await?;
    assert!(error.attempts().iter().all(|attempt| attempt.provider.as_str() == "github"));
    forges.github_faults.clear();

    step("The house is down: what is internal waits for it");
    forges.house_faults.always(Fault::Closed);
    let file = GetFile::of(internal, "README.md");
    let error = refused("get_file README.md", fresh.get_file(file)).await?;
    assert!(error.attempts().iter().all(|attempt| attempt.provider.as_str() == "house"));
    forges.house_faults.clear();
    Ok(())
}
