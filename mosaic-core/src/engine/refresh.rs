//! Renewing the credential of a provider: at most once at a time, and once for all who found it expired together.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use tokio::sync::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::plugin::Plugin;

/// The renewals of one provider.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    turn: Mutex<()>,
    done: AtomicU64,
}

impl Refresh {
    /// How often the credential was renewed; to be read before the attempt that may find it expired.
    pub(crate) fn generation(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// Renews the credential, unless somebody did since `seen` was read. Dropping the future stops a renewal of its own.
    pub(crate) async fn run(&self, plugin: &dyn Plugin, seen: u64) -> Result<()> {
        let _turn = self.turn.lock().await;
        if self.generation() != seen {
            return Ok(());
        }
        let renewed = AssertUnwindSafe(plugin.refresh()).catch_unwind().await;
        renewed.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the renewal of the credential panicked"))
        })?;
        self.done.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}
