//! Streams that end with the proof of who asked for them.

use std::sync::Arc;

use http::request::Parts;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind};

use super::Authenticate;
use crate::security::proof::withdrawn;

/// What a request proved, and by what.
pub(super) struct Proof {
    authenticator: Arc<dyn Authenticate>,
    parts: Parts,
    cx: CallContext,
}

impl Proof {
    pub(super) fn new(authenticator: Arc<dyn Authenticate>, parts: Parts, cx: CallContext) -> Self {
        Self { authenticator, parts, cx }
    }

    /// Ends when the sender of the request would be let in no longer, or as another: one with other roles is another as well.
    pub(super) async fn ended(self) {
        let proof = &self;
        let error = withdrawn(move || async move {
            let now = proof.authenticator.authenticate(&proof.parts).await?;
            if is_as(&now, &proof.cx) {
                return Ok(());
            }
            let why = "the proof says otherwise than when the stream began";
            Err(Error::new(ErrorKind::Unauthenticated, why).refused())
        });
        let error = error.await;
        tracing::debug!(%error, "a stream ends with its proof");
    }
}

fn is_as(now: &CallContext, before: &CallContext) -> bool {
    (now.tenant_id(), now.caller()) == (before.tenant_id(), before.caller())
        && now.attributes().eq(before.attributes())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use mosaic_core::context::Principal;
    use mosaic_core::error::Result;
    use parking_lot::Mutex;
    use tokio::time::timeout;

    use super::*;
    use crate::security::proof::{AGAIN, UNTOLD};

    struct Says(Mutex<Result<CallContext>>);

    #[async_trait]
    impl Authenticate for Says {
        async fn authenticate(&self, _: &Parts) -> Result<CallContext> {
            self.0.lock().clone()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_its_proof_says_no_or_something_else() {
        let ann = CallContext::new().principal(Principal::user("ann")).attribute("team", "blue");
        let refused = |kind| Err(Error::new(kind, "no"));
        for (says, within) in [
            (Ok(ann.clone()), None),
            (refused(ErrorKind::Unauthenticated), Some(AGAIN)),
            (refused(ErrorKind::PermissionDenied), Some(AGAIN)),
            (Ok(ann.clone().principal(Principal::user("bob"))), Some(AGAIN)),
            (Ok(ann.clone().attribute("team", "red")), Some(AGAIN)),
            (refused(ErrorKind::Network), Some(UNTOLD)),
        ] {
            let (parts, ()) = http::Request::new(()).into_parts();
            let authenticator = Arc::new(Says(Mutex::new(Ok(ann.clone()))));
            let proof = Proof::new(authenticator.clone(), parts, ann.clone());
            let mut end = std::pin::pin!(proof.ended());
            assert!(timeout(UNTOLD * 10, &mut end).await.is_err(), "it holds");
            *authenticator.0.lock() = says;
            match within {
                Some(time) => assert!(timeout(time + AGAIN, &mut end).await.is_ok(), "{time:?}"),
                None => assert!(timeout(UNTOLD * 10, &mut end).await.is_err(), "it holds"),
            }
        }
    }
}
