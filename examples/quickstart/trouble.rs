//! Trouble: forges that break, what is refused, what the fallback answers, and how it ends.

use std::path::Path;
use std::time::Duration;

use mosaic::prelude::*;

use crate::Done;
use crate::show::{call, refused, step};

/// Takes the directory of a forge away, which is as broken as a forge on disk can be, and puts it back.
pub(crate) async fn break_and_mend(mosaic: &Mosaic, folder: &Path) -> Done {
    let git = mosaic.git();
    let (here, away) = (folder.join("forge-b"), folder.join("forge-b.away"));
    // The rules have changed since: what was learned under the old ones is not used any more.
    call("read lid.txt", git.get_file(GetFile::new("acme", "widget", "lid.txt"))).await?;

    step("forge-b breaks: its breaker opens, and the declared fallback answers what it may");
    std::fs::rename(&here, &away)?;
    // Who reads past the cache meets the broken forge. forge-a has no copy of acme/widget, which says nothing about whether
    // forge-b has it: the error is that of forge-b. What can be made anew is made on forge-a.
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    refused("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call("create acme/gadget", git.create_repository(CreateRepository::new("acme", "gadget"))).await?;
    call("read acme/widget, cached", git.get_file(GetFile::new("acme", "widget", "lid.txt"))).await?;

    println!("\n{}", mosaic.explain(&CallContext::new(), &GetRepository::new("acme", "widget")));

    step("forge-a breaks too: the pinned organisation is refused and does not leak");
    let (pinned, pinned_away) = (folder.join("forge-a"), folder.join("forge-a.away"));
    std::fs::rename(&pinned, &pinned_away)?;
    std::fs::rename(&away, &here)?;
    refused(
        "create internal-tools/keys",
        git.create_repository(CreateRepository::new("internal-tools", "keys")),
    )
    .await?;
    std::fs::rename(&pinned_away, &pinned)?;

    step("Both are back: after a second the breakers try, and the forges are used again");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    call("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call("read acme/widget", fresh.get_repository(GetRepository::new("acme", "widget"))).await?;
    call(
        "create internal-tools/keys",
        git.create_repository(CreateRepository::new("internal-tools", "keys")),
    )
    .await?;
    Ok(())
}
