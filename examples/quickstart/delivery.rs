//! What follows a merge: the pipeline runs, its log and its artifact are read, and what is new is published and found.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use mosaic::prelude::*;
use mosaic::types::cicd::RunState;

use crate::Done;
use crate::show::{call, step};

pub(crate) async fn deliver(mosaic: &Mosaic) -> Done {
    let (ci, run) = (mosaic.cicd(), trigger(mosaic).await?);
    for job in ["test", "pack"] {
        // The log is followed while the job runs, and ends with it.
        let mut log = ci.job_log(JobLog::new("acme", "widget", &run, job)).await?;
        while let Some(chunk) = log.try_next().await? {
            for line in chunk.as_text().unwrap_or_default().lines() {
                println!("      {job}: {line}");
            }
        }
    }
    println!("      {:?}", ended(mosaic, &run).await?);
    let kept = call("list artifacts", ci.list_artifacts(ListArtifacts::new("acme", "widget", &run))).await?;
    for artifact in &kept.items {
        let parts =
            ci.download_artifact(DownloadArtifact::new("acme", "widget", &run, &artifact.name)).await?;
        let bytes = parts.try_fold(0, async |sum, part| Ok(sum + part.bytes().len())).await?;
        let digest = artifact.digest.as_deref().and_then(|digest| digest.get(..14)).unwrap_or("unknown");
        println!("      {} of {bytes} bytes, {digest}..", artifact.name);
    }
    Ok(())
}

async fn trigger(mosaic: &Mosaic) -> Done<String> {
    step("The merge starts the pipeline: its log is followed, its artifact is read");
    let level = [("level".to_owned(), "full".to_owned())];
    let run = TriggerRun::new("acme", "widget", "release").at("main").inputs(level);
    Ok(call("run the pipeline", mosaic.cicd().trigger_run(run)).await?.id.clone())
}

/// How the run ended; it does so right after its last job.
async fn ended(mosaic: &Mosaic, run: &str) -> mosaic::Result<RunState> {
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).cicd();
    loop {
        let run = fresh.get_run(GetRun::new("acme", "widget", run)).await?;
        if run.state.is_final() {
            return Ok(run.state);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn publish(mosaic: &Mosaic) -> Done {
    let docs = mosaic.docs();
    step("A page is published, and found by its words");
    call("create the handbook", docs.create_space(CreateSpace::new("handbook", "The handbook"))).await?;
    for (title, text) in [
        ("Welcome", "Everything about *widgets* begins here."),
        ("Lids", "A lid keeps a widget from leaking. It fits since the last release."),
    ] {
        call("publish a page", docs.create_document(CreateDocument::new("handbook", title, text))).await?;
    }
    let found =
        call("search: leaks release", docs.search_documents(SearchDocuments::new("leaks release"))).await?;
    for hit in &found.items {
        println!("      {}: {}", hit.document.title, hit.snippet.as_deref().unwrap_or_default());
    }
    Ok(())
}
