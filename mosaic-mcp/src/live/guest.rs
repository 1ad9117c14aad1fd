//! A caller that was admitted, for as long as its proof holds.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Secret, Timestamp};
use parking_lot::RwLock;
use tokio::time::sleep;

use super::Door;
use crate::security::limits::Who;
use crate::security::proof::withdrawn;

/// A caller that was admitted.
pub(super) struct Guest {
    /// As whom it acts, with the roles that its proof gave last.
    cx: RwLock<CallContext>,
    /// Until when.
    expires: Option<Timestamp>,
    /// Its proof, and where it came from; none where the transport admits nobody else.
    pub(super) proof: Option<(Secret, String)>,
}

impl Guest {
    pub(super) fn new(
        cx: CallContext,
        expires: Option<Timestamp>,
        proof: Option<(Secret, String)>,
    ) -> Arc<Self> {
        Arc::new(Self { cx: RwLock::new(cx), expires, proof })
    }

    /// As whom it acts.
    pub(super) fn cx(&self) -> CallContext {
        self.cx.read().clone()
    }

    /// Whose calls are counted together.
    pub(super) fn who(&self) -> Who {
        let cx = self.cx.read();
        Who::Principal(cx.tenant_id().clone(), cx.caller().clone())
    }

    /// Takes what its proof says now.
    ///
    /// # Errors
    /// `Unauthenticated` where it proves somebody else.
    pub(super) fn renew(&self, now: &CallContext) -> Result<()> {
        let mut cx = self.cx.write();
        if (cx.tenant_id(), cx.caller()) != (now.tenant_id(), now.caller()) {
            let why = "the token proves somebody else than when the connection began";
            return Err(Error::new(ErrorKind::Unauthenticated, why).refused());
        }
        *cx = now.clone();
        Ok(())
    }
}

/// Ends when the proof of a guest does: at its end, or soon after it was [`withdrawn`].
pub(super) async fn ended(door: Door, guest: Arc<Guest>) -> Error {
    let expired = async {
        let Some(end) = guest.expires else { return std::future::pending().await };
        sleep(Duration::try_from(end.duration_since(door.state().now())).unwrap_or_default()).await;
    };
    let withdrawn = async {
        if guest.proof.is_none() {
            return std::future::pending().await;
        }
        let (door, guest) = (&door, &guest);
        withdrawn(move || async move { door.again(guest).await.map(drop) }).await
    };
    tokio::select! {
        () = expired => Error::new(ErrorKind::Unauthenticated, "the proof has expired").refused(),
        error = withdrawn => error,
    }
}

#[cfg(test)]
#[path = "guest_tests.rs"]
mod tests;
