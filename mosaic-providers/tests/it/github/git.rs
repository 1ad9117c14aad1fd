//! The git service over the fake.

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};

use super::Hub;

fn world(owner: &str, hub: &Hub) -> World {
    World::new(owner, hub.git().info().operations)
        .without(Trait::ChoosesDefaultBranch, "the owner's settings choose it")
        .without(Trait::TagsByName, "tags are listed in an order of GitHub's own")
        .without(Trait::ListsTagTexts, "the list of tags has no texts")
        .without(Trait::ReviewsOwnWork, "nobody approves what they opened")
}

#[tokio::test]
async fn the_suite_passes_for_an_organisation() {
    let hub = Hub::new().await;
    git::run(&hub.git(), &world("acme", &hub)).await.unwrap();
}

#[tokio::test]
async fn the_suite_passes_for_a_person_of_an_enterprise_server_who_is_reviewed_by_another() {
    let hub = Hub::enterprise().await;
    hub.hub.allow_own_reviews();
    let world = World::new("ada", hub.git().info().operations)
        .without(Trait::ChoosesDefaultBranch, "the owner's settings choose it")
        .without(Trait::TagsByName, "tags are listed in an order of GitHub's own")
        .without(Trait::ListsTagTexts, "the list of tags has no texts");
    git::run(&hub.git(), &world).await.unwrap();
}

#[tokio::test]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let hub = Hub::new().await;
    git::lacks_are_needed(&hub.git(), &world("acme", &hub)).await.unwrap();
}
