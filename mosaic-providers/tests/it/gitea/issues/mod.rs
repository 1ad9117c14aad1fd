//! The issues of a repository: the behaviour suite over a server of each product.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::project::{self, Trait, World};
use mosaic_core::types::ProjectKey;
use mosaic_providers::gitea::{GiteaIssues, Product};

use super::Tea;
use crate::fake::forge::NewRepo;

/// A tracker in which every project is a new repository of `acme`.
fn world(tea: &Tea, issues: &GiteaIssues) -> World {
    let (forge, count) = (Arc::clone(tea.tea.forge()), Arc::new(AtomicU64::new(0)));
    let prepare = move || {
        let (forge, count) = (Arc::clone(&forge), Arc::clone(&count));
        async move {
            let name = format!("widget-{}", count.fetch_add(1, Ordering::Relaxed));
            let repo = forge.create_repo(NewRepo::new("acme", &name)).await.unwrap();
            Ok(ProjectKey::new(repo.full_name()))
        }
    };
    World::prepared_by(issues.info().operations, prepare)
        .nowhere("acme/none-such")
        .people("ada", "bob")
        .without(Trait::InProgress, "an issue is open or closed")
        .without(Trait::LinksByEveryKind, "one issue depends on another, and that is all")
        .without(Trait::RelatesIssues, "one issue depends on another, and that is all")
        .without(Trait::SprintsBegin, "a milestone has an end and no begin")
        .without(Trait::ExactSprintDays, "a milestone is due at the end of a day")
        .without(Trait::SprintsOldestFirst, "milestones come in the order in which they are due")
        .without(Trait::ActiveSprints, "a milestone is open or closed")
}

async fn behaves(product: Product) {
    let tea = Tea::pour(product).await;
    let issues = GiteaIssues::new(tea.config("token-of-ada")).unwrap();
    project::run(&issues, &world(&tea, &issues)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_behaves_as_a_tracker() {
    behaves(Product::Gitea).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgejo_behaves_as_a_tracker() {
    behaves(Product::Forgejo).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let tea = Tea::pour(Product::Gitea).await;
    let issues = GiteaIssues::new(tea.config("token-of-ada")).unwrap();
    project::lacks_are_needed(&issues, &world(&tea, &issues)).await.unwrap();
}
