//! Where the stores of a behaviour lie: in memory, in files, on a server. What holds on one holds on all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "postgres")]
use mosaic_mcp::state::PostgresOptions;
#[cfg(feature = "sqlite")]
use mosaic_mcp::state::SqliteOptions;
use mosaic_mcp::state::StateStore;

#[cfg(feature = "postgres")]
use crate::servers::Postgres;
use crate::support::SharedStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::timed::{Still, Timed};

/// Has room for as many stores as a test wants.
pub(crate) struct Ground {
    kind: Kind,
    spots: AtomicUsize,
}

enum Kind {
    Memory,
    #[cfg(feature = "sqlite")]
    Folder(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Server(Postgres),
}

/// A store, which may be opened several times at once: by several nodes.
pub(crate) enum Spot {
    Memory(SharedStore),
    #[cfg(feature = "sqlite")]
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Namespace(PostgresOptions),
}

impl Ground {
    fn new(kind: Kind) -> Self {
        Self { kind, spots: AtomicUsize::new(0) }
    }

    pub(crate) fn memory() -> Self {
        Self::new(Kind::Memory)
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn folder() -> Self {
        Self::new(Kind::Folder(tempfile::tempdir().unwrap()))
    }

    /// On a server of its own; none where the machine has none and need not have.
    #[cfg(feature = "postgres")]
    pub(crate) fn server() -> Option<Self> {
        Postgres::start().map(|server| Self::new(Kind::Server(server)))
    }

    /// A place for a new store.
    pub(crate) fn spot(&self) -> Spot {
        let at = self.spots.fetch_add(1, Ordering::Relaxed);
        match &self.kind {
            Kind::Memory => Spot::Memory(SharedStore::new()),
            #[cfg(feature = "sqlite")]
            Kind::Folder(folder) => Spot::File(folder.path().join(format!("{at}.db"))),
            #[cfg(feature = "postgres")]
            Kind::Server(server) => Spot::Namespace(server.options(&format!("spot_{at}"))),
        }
    }
}

impl Spot {
    /// Opens the store. Its time is that of the state above it, which a test with paused time moves: by itself it stands still.
    pub(crate) async fn open(&self) -> Arc<dyn StateStore> {
        match self {
            Self::Memory(store) => Arc::new(store.clone()),
            #[cfg(feature = "sqlite")]
            Self::File(path) => {
                let still = Still::begin();
                let store = Arc::new(SqliteOptions::new().open(path).await.unwrap());
                Arc::new(Timed::over(store).still(still))
            }
            #[cfg(feature = "postgres")]
            Self::Namespace(options) => {
                let still = Still::begin();
                let store = Arc::new(options.clone().readers(2).open().await.unwrap());
                Arc::new(Timed::over(store).still(still))
            }
        }
    }
}

/// Makes tests of behaviours, each an `async fn(&Ground)`: one after the other in a folder and on a server, each by itself in memory.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    super::$name(&crate::ground::Ground::memory()).await;
                }
            )*
        }

        #[cfg(feature = "sqlite")]
        #[tokio::test(start_paused = true)]
        async fn in_files() {
            let on = crate::ground::Ground::folder();
            $(
                println!("{}", stringify!($name));
                $name(&on).await;
            )*
        }

        #[cfg(feature = "postgres")]
        #[tokio::test(start_paused = true)]
        async fn on_a_server() {
            let Some(on) = crate::ground::Ground::server() else { return };
            $(
                println!("{}", stringify!($name));
                $name(&on).await;
            )*
        }
    };
}
pub(crate) use on_every_store;
