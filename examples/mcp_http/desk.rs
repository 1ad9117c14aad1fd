//! What stands behind the servers of the examples: the embedded providers, below one folder.

use std::path::Path;

#[cfg(target_os = "linux")]
use mosaic::local::{LocalCicd, LocalCicdConfig};
use mosaic::prelude::*;

pub(crate) async fn mosaic(folder: &Path) -> mosaic::Result<Mosaic> {
    let forge = folder.join("forge");
    let builder = Mosaic::builder()
        .provider("forge", LocalGit::open(&forge).await?)
        .provider("handbook", LocalDocs::open(folder.join("docs")).await?)
        .provider("tracker", LocalProject::open(folder.join("tracker.db")).await?);
    #[cfg(target_os = "linux")]
    let builder =
        builder.provider("ci", LocalCicd::open(LocalCicdConfig::new(folder.join("ci"), forge)).await?);
    builder.build().await
}
