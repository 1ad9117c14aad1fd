//! The git service: the behaviour suite over a server of each product.

mod particular;

use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};
use mosaic_providers::gitea::Product;

use super::Tea;

/// What the products do otherwise than other forges.
fn world(tea: &Tea) -> World {
    let world = World::new("acme", tea.git().info().operations)
        .without(Trait::BranchesByName, "branches come by the time of their last commit")
        .without(Trait::TagsByName, "tags come newest first")
        .without(Trait::ReviewsOwnWork, "nobody approves what they opened");
    match tea.product {
        Product::Gitea => world,
        Product::Forgejo => world
            .without(Trait::CountsLines, "a comparison names files without counting their lines")
            .without(Trait::SeesRenames, "a comparison names the files that went and came"),
    }
}

async fn behaves(product: Product) {
    let tea = Tea::pour(product).await;
    git::run(&tea.git(), &world(&tea)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_behaves_as_a_forge() {
    behaves(Product::Gitea).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgejo_behaves_as_a_forge() {
    behaves(Product::Forgejo).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let tea = Tea::pour(Product::Forgejo).await;
    git::lacks_are_needed(&tea.git(), &world(&tea)).await.unwrap();
}
