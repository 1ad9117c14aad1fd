//! The behaviour suites through the providers, over HTTP, against the fake.

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};

use super::{Bench, assert_faithful, document};

fn world(bench: &Bench, owner: &str) -> World {
    World::new(owner, bench.git().info().operations)
        .without(Trait::FlatOwners, "groups may be within groups")
        .without(Trait::TreesByPath, "directories come before files")
        .without(Trait::TreeSizes, "trees tell no sizes")
        .without(Trait::PagesHoldStill, "pages are numbered")
        .without(Trait::ChoosesDefaultBranch, "the first commit chooses it")
        .without(Trait::DeletesAtOnce, "projects are deleted later")
        .without(Trait::SquashesBranches, "a project with merge commits makes one above the squashed commit")
        .without(Trait::RebasesBranches, "a project with merge commits makes one above what was rebased")
        .without(
            Trait::SquashesPullRequests,
            "a project with merge commits makes one above the squashed commit",
        )
        .without(Trait::RebasesPullRequests, "a project with merge commits makes one above what was rebased")
        .without(Trait::RequestsChanges, "the API cannot ask for changes")
        .without(Trait::KeepsEveryReview, "an approval is a state of a person, a remark is a note")
        .without(Trait::ReviewsAreNoComments, "a remark is a note")
        .without(Trait::DraftReleases, "there are none")
        .without(Trait::Prereleases, "there are none")
        .without(Trait::TellsErrorFromFailure, "there is one word for both")
        .without(Trait::ExactHookEvents, "events come in families")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_git_service_behaves() {
    let watch = document();
    let bench = Bench::watched(watch.as_ref()).await;
    git::run(&bench.git(), &world(&bench, "acme")).await.unwrap();
    if let Some(watch) = watch {
        assert_faithful(&watch, 21);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_within_a_group_owns_repositories_too() {
    let bench = Bench::new().await;
    let (git, world) = (bench.git(), world(&bench, "acme/tools"));
    git::repositories_come_and_go(&git, &world).await.unwrap();
    git::bytes_come_back(&git, &world).await.unwrap();
    git::pull_requests_are_opened_and_fetched(&git, &world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_to_be_lacking_is_lacking() {
    let bench = Bench::new().await;
    git::lacks_are_needed(&bench.git(), &world(&bench, "acme")).await.unwrap();
}
