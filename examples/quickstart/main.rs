//! The main job on real repositories, pipelines, documents and a tracker on this machine's disk: routed by rule, cached, run,
//! published, changed while at work, broken, failed over, explained.
//!
//! `cargo run --release --example quickstart`. It works in a temporary folder and leaves nothing behind.

mod change;
mod code;
mod delivery;
mod show;
mod trouble;

use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use mosaic::engine::breaker::BreakerConfig;
#[cfg(target_os = "linux")]
use mosaic::local::LocalCicdConfig;
use mosaic::prelude::*;
use show::{call, step};

type Done<T = ()> = Result<T, Box<dyn StdError>>;

/// Whether there is an embedded provider of pipelines for this system.
const PIPELINES: bool = cfg!(target_os = "linux");

#[tokio::main]
async fn main() -> Done {
    let folder = tempfile::tempdir()?;
    let mosaic = assemble(folder.path()).await?;

    code::work_on_code(&mosaic).await?;
    if PIPELINES {
        delivery::deliver(&mosaic).await?;
    }
    code::read_repeatedly(&mosaic).await?;
    track(&mosaic).await?;
    delivery::publish(&mosaic).await?;
    change::change_the_rules(&mosaic).await?;
    change::reload_the_tracker(&mosaic, folder.path()).await?;
    trouble::break_and_mend(&mosaic, folder.path()).await?;

    step("What happened, in figures");
    println!("{}", mosaic.status());
    mosaic.shutdown().await;
    Ok(())
}

/// Two forges, the pipelines of one of them, a handbook and a tracker.
async fn assemble(folder: &Path) -> Done<Mosaic> {
    // A breaker that opens after three failures and tries again after a second, so that the story is short.
    let breaker =
        BreakerConfig { failures_in_a_row: 3, open_for: Duration::from_secs(1), ..BreakerConfig::default() };
    let treated = || ProviderConfig { breaker, ..ProviderConfig::default() };
    let builder = Mosaic::builder()
        .provider_with("forge-a", LocalGit::open(folder.join("forge-a")).await?, treated())
        .provider_with("forge-b", LocalGit::open(folder.join("forge-b")).await?, treated())
        .provider("handbook", LocalDocs::open(folder.join("docs")).await?)
        .provider("tracker", LocalProject::open(folder.join("tracker.db")).await?)
        .routing(change::rules());
    // Pipelines are commands of whoever may write to the repositories: they run only where that is wanted.
    #[cfg(target_os = "linux")]
    let builder = {
        let ci = LocalCicdConfig::new(folder.join("ci"), folder.join("forge-b")).run_commands(true);
        builder.provider("ci", LocalCicd::open(ci).await?)
    };
    Ok(builder.build().await?)
}

async fn track(mosaic: &Mosaic) -> Done {
    let tracker = mosaic.project();
    step("The tracker: open, link and close an issue");
    call("create project OPS", tracker.create_project(CreateProject::new("OPS", "Operations"))).await?;
    let leak =
        call("open an issue", tracker.create_issue(CreateIssue::new("OPS", "The widget leaks"))).await?;
    let lid = CreateIssue::new("OPS", "Ship the lid").labels(vec!["release".to_string()]);
    let lid = call("open another", tracker.create_issue(lid)).await?;
    let link = LinkIssues::of(&lid.issue, &leak.issue).kind(LinkKind::Blocks);
    call("link them", tracker.link_issues(link)).await?;
    let close = UpdateIssue::of(&lid.issue).state(IssueState::Closed);
    call("close it", tracker.update_issue(close)).await?;
    let issue = call("read it", tracker.get_issue(GetIssue::of(&lid.issue))).await?;
    println!("      {} {:?}, {} link(s)", issue.issue, issue.state, issue.links.len());
    Ok(())
}
