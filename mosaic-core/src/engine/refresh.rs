//! Renewing the credential of a provider: at most once at a time, and once for all who found it expired together.
//!
//! A renewal belongs to the provider and not to the call that began it: where that call is given up in the middle, the
//! renewal stays as far as it came, and the next call that needs it goes on with it. A token that was exchanged already is
//! not lost.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::plugin::Plugin;

/// How long a renewal may take.
const LIMIT: Duration = Duration::from_secs(30);

type Renewal = Shared<BoxFuture<'static, Result<()>>>;

/// The renewals of one provider.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    under_way: Mutex<Option<Renewal>>,
    done: AtomicU64,
}

impl Refresh {
    /// How often the credential was renewed; to be read before the attempt that may find it expired.
    pub(crate) fn generation(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// Renews the credential, unless somebody did since `seen` was read. Dropping the future leaves a renewal to the next.
    pub(crate) async fn run(&self, plugin: &Arc<dyn Plugin>, seen: u64) -> Result<()> {
        let renewal = {
            let mut under_way = self.under_way.lock();
            if self.generation() != seen {
                return Ok(());
            }
            under_way.get_or_insert_with(|| renew(Arc::clone(plugin)).boxed().shared()).clone()
        };
        let result = renewal.clone().await;
        let mut under_way = self.under_way.lock();
        // The first of those who waited for it clears it away.
        if under_way.as_ref().is_some_and(|known| known.ptr_eq(&renewal)) {
            *under_way = None;
            if result.is_ok() {
                self.done.fetch_add(1, Ordering::AcqRel);
            }
        }
        result
    }
}

async fn renew(plugin: Arc<dyn Plugin>) -> Result<()> {
    let renewed = AssertUnwindSafe(plugin.refresh()).catch_unwind();
    match tokio::time::timeout(LIMIT, renewed).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::new(ErrorKind::Internal, "the renewal of the credential panicked")),
        // It must end at some time, or nobody could ever begin another.
        Err(_) => {
            Err(Error::new(ErrorKind::Timeout, format!("the credential was not renewed within {LIMIT:?}")))
        }
    }
}
