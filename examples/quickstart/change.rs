//! Changes while calls go on: other rules, and a new instance of a provider.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mosaic::prelude::*;

use crate::Done;
use crate::show::{call, step};

/// The rules of the day: everything of `internal-*` is pinned to forge-a; the rest lives on forge-b, and forge-a stands in.
pub(crate) fn rules() -> Routing {
    Routing::new()
        .rule(Rule::new("org:internal-*").to("forge-a").priority(100))
        .default_rule(Rule::any().to("forge-b").fallback(["forge-a"]))
}

pub(crate) async fn change_the_rules(mosaic: &Mosaic) -> Done {
    let git = mosaic.git();
    step("Other rules, while calls go on: large repositories of acme live on forge-a from now on");
    mosaic.set_routing(&rules().rule(Rule::new("org:acme").condition("build.size > 10GB").to("forge-a")))?;
    let large = mosaic.with(CallContext::new().attribute("build.size", "12GB"));
    call("create acme/films", large.git().create_repository(CreateRepository::new("acme", "films"))).await?;
    call("create acme/notes", git.create_repository(CreateRepository::new("acme", "notes"))).await?;
    Ok(())
}

/// Puts a new instance of the tracker in the place of the old one while somebody creates and reads issues without a pause.
pub(crate) async fn reload_the_tracker(mosaic: &Mosaic, folder: &Path) -> Done {
    step("A hot reload of the tracker, while somebody works with it without a pause");
    let enough = Arc::new(AtomicBool::new(false));
    let work = tokio::spawn(work(mosaic.clone(), Arc::clone(&enough)));
    for _ in 0..3 {
        let fresh = LocalProject::open(folder.join("tracker.db")).await?;
        let applied = mosaic.reload("tracker", fresh).await?;
        for gone in applied.settled().await {
            println!("  {} #{} has left, in time: {}", gone.provider, gone.generation, gone.in_time);
        }
    }
    enough.store(true, Ordering::Relaxed);
    println!("  {} calls meanwhile, none failed", work.await??);
    Ok(())
}

async fn work(mosaic: Mosaic, enough: Arc<AtomicBool>) -> mosaic::Result<u32> {
    let (tracker, mut calls) = (mosaic.project(), 0);
    while !enough.load(Ordering::Relaxed) {
        let issue = tracker.create_issue(CreateIssue::new("OPS", format!("Issue of call {calls}"))).await?;
        tracker.get_issue(GetIssue::of(&issue.issue)).await?;
        calls += 2;
    }
    Ok(calls)
}
