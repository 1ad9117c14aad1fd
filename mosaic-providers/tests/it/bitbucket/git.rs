//! The git service: the behaviour suite, and what is particular to Bitbucket.

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};

use super::Bucket;

/// What Bitbucket does otherwise than other forges.
fn world(bucket: &Bucket) -> World {
    World::new("acme", bucket.git().info().operations)
        .without(Trait::ChoosesDefaultBranch, "the branch of the first commit is the default one")
        .without(Trait::Archives, "there are no archived repositories")
        .without(Trait::TreeIds, "files have no ids, only their contents do")
        .without(Trait::ReopensPullRequests, "what was declined stays declined")
        .without(Trait::KeepsEveryReview, "a person has one verdict, which the next one replaces")
        .without(Trait::ReviewsNameCommits, "a verdict is on the pull request")
        .without(Trait::ReviewsAreNoComments, "what a review says is a comment")
        .without(Trait::ExactHookEvents, "a push tells of branches and tags that come and go too")
        .without(Trait::HooksForReleases, "there are no releases")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bitbucket_behaves_as_a_forge() {
    let bucket = Bucket::fill().await;
    git::run(&bucket.git(), &world(&bucket)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let bucket = Bucket::fill().await;
    git::lacks_are_needed(&bucket.git(), &world(&bucket)).await.unwrap();
}
