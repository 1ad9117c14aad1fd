//! The behaviour suite of stores, on each of them, and what a state makes of them.

mod model;
mod plan;

mod memory {
    use mosaic_mcp::state::suite::MemoryStores;

    mosaic_mcp::state_suite!(async { MemoryStores::default() });
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;

    use async_trait::async_trait;
    use mosaic_core::Result;
    use mosaic_mcp::state::suite::Stores;
    use mosaic_mcp::state::{SqliteStore, StateStore};
    use tempfile::TempDir;

    struct Files(TempDir);

    #[async_trait]
    impl Stores for Files {
        async fn open(&self, name: &str) -> Result<Arc<dyn StateStore>> {
            let path = self.0.path().join(name).join("state.db");
            Ok(Arc::new(SqliteStore::open(path).await?))
        }
    }

    mosaic_mcp::state_suite!(async { Files(tempfile::tempdir().unwrap()) });
}
