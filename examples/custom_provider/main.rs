//! A provider of one's own: the proof that it behaves, and its use.
//!
//! `cargo run --features testkit --example custom_provider`. The guide "Writing and testing a provider" goes through it.

mod shelf;

use std::error::Error;
use std::sync::Arc;

use mosaic::op::OpSet;
use mosaic::plugin::Factory;
use mosaic::prelude::*;
use mosaic::testkit::{honesty, suite};
use mosaic::types::ServiceKind;
use shelf::{OFFERED, Shelf, ShelfConfig, ShelfFactory};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    behaves().await?;
    println!("the shelf behaves like every tracker");

    let mosaic = Mosaic::builder()
        .factories([Box::new(ShelfFactory) as Box<dyn Factory>])
        .provider_from(
            "shelf",
            "shelf",
            ServiceKind::Project,
            serde_json::json!({ "capacity": 3 }),
            ProviderConfig::default(),
        )
        .build()
        .await?;
    let project = mosaic.project().create_project(CreateProject::new("OPS", "Operations")).await?;
    println!("{} is on {}", project.name, project.provider().map_or("nobody", |id| id.as_str()));
    mosaic.shutdown().await;
    Ok(())
}

/// What every tracker does alike, and that the shelf does what it declares and nothing else. A test of its own crate is the
/// place for these two lines.
async fn behaves() -> Result<(), Box<dyn Error>> {
    let shelf = || Shelf::new(ShelfConfig { capacity: 1_000 });
    suite::project::run(&shelf(), &suite::project::World::new(OpSet::of(OFFERED))).await?;
    honesty::honesty(Arc::new(shelf()), || 0).await?;
    Ok(())
}
