//! The issues of repositories over the fake.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::op::git::{CreateRepository, GitService as _};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::project::{self, Trait, World};
use mosaic_core::types::ProjectKey;

use super::Hub;

/// Projects are repositories, which the git service makes.
fn world(hub: &Hub) -> World {
    let (git, made) = (Arc::new(hub.git()), Arc::new(AtomicU64::new(0)));
    let prepare = move || {
        let (git, name) = (Arc::clone(&git), format!("tracked-{}", made.fetch_add(1, Ordering::Relaxed)));
        async move {
            git.create_repository(&CallContext::new(), CreateRepository::new("acme", &name)).await?;
            Ok(ProjectKey::new(format!("acme/{name}")))
        }
    };
    World::prepared_by(hub.issues().info().operations, prepare)
        .nowhere("acme/none-such")
        .people("ada", "bob")
        .without(Trait::InProgress, "an issue is open or closed")
        .without(Trait::PagesHoldStill, "pages are numbered")
        .without(Trait::SearchesWholeWords, "the fake looks for parts of words")
        .without(Trait::SprintsBegin, "a milestone has an end only")
        .without(Trait::ActiveSprints, "a milestone is open or closed")
}

#[tokio::test]
async fn the_suite_passes() {
    let hub = Hub::new().await;
    project::run(&hub.issues(), &world(&hub)).await.unwrap();
}

#[tokio::test]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let hub = Hub::new().await;
    project::lacks_are_needed(&hub.issues(), &world(&hub)).await.unwrap();
}
