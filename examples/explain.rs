//! Why a call goes where it goes: rules, a group of equivalents, an open breaker, a failing health check and a drained provider,
//! explained as text and as JSON.
//!
//! `cargo run --features testkit --example explain`. The forges are scripted doubles, so that they fail when they are told to.

use std::time::Duration;

use mosaic::engine::HealthConfig;
use mosaic::engine::breaker::BreakerConfig;
use mosaic::plugin::HealthReport;
use mosaic::prelude::*;
use mosaic::testkit::{Double, Fault};
use mosaic::types::git::Repository;
use mosaic::types::{Price, Region};

/// A forge that has every repository.
fn forge() -> Double {
    Double::new().answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")))
}

fn treated(region: &str, price: &str) -> Result<ProviderConfig, Box<dyn std::error::Error>> {
    Ok(ProviderConfig {
        region: Some(region.parse::<Region>()?),
        cost: price.parse::<Price>()?,
        breaker: BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() },
        ..ProviderConfig::default()
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (vault, eu, eu_spare, us, archive) = (forge(), forge(), forge(), forge(), forge());
    let drained = ProviderConfig { weight: 0, ..treated("eu", "0")? };
    let mosaic = Mosaic::builder()
        .provider("vault", vault)
        .provider_with("eu", eu.clone(), treated("eu", "0.002")?)
        .provider_with("eu-spare", eu_spare.clone(), treated("eu", "0.005")?)
        .provider_with("us", us, treated("us", "0.001")?)
        .provider_with("archive", archive, drained)
        .group(Group::new("forges", ["eu", "eu-spare", "us", "archive"]))
        .rule(Rule::new("org:internal-*").to("vault").priority(100))
        .rule(Rule::new("org:*").when("region", "us").to("us").fallback(["forges"]).priority(10))
        .default_rule(Rule::any().to("forges"))
        .health(HealthConfig { interval: Duration::from_millis(20), ..HealthConfig::default() })
        .build()
        .await?;
    let from_the_eu = CallContext::new().attribute("region", "eu").performance(Performance::BestEffort);
    let (widget, secret) = (GetRepository::new("acme", "widget"), GetRepository::new("internal-x", "secret"));

    println!(
        "All is well. A call from the eu that needs no hurry goes to the cheapest forge of its region:\n"
    );
    println!("{}", mosaic.explain(&from_the_eu, &widget));

    eu.fault(Fault::DisconnectBefore);
    let answer = mosaic.with(from_the_eu.clone()).git().get_repository(widget.clone()).await?;
    println!("The forge in the eu breaks: {:?} answers, and the breaker opens:\n", answer.provider());
    println!("{}", mosaic.explain(&from_the_eu, &widget));

    eu_spare.health_is(HealthReport::unhealthy("the disk is full"));
    while mosaic.status().providers.iter().all(|provider| provider.health.1.is_none()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("The other one fails its health check. A preference for a region is no pin:\n");
    println!("{}", mosaic.explain(&from_the_eu, &widget));

    println!("What a rule pins stays where it is:\n\n{}", mosaic.explain(&from_the_eu, &secret));
    let data = serde_json::to_value(mosaic.explain(&from_the_eu, &widget))?;
    println!("All of it is data too. The groups, and the candidate that is tried first:\n");
    println!("{:#}\n{:#}", data["groups"], data["candidates"][0]);
    mosaic.shutdown().await;
    Ok(())
}
