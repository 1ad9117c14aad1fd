//! The transport under a connection: says of every call that its request leaves now, and to all that the connection is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mosaic_core::context::CallContext;
use rmcp::RoleClient;
use rmcp::model::{GetExtensions as _, JsonRpcMessage};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio_util::sync::CancellationToken;

/// Travels inside a request to the transport, and is not sent.
#[derive(Clone)]
pub(super) struct Mark {
    cx: CallContext,
    left: Arc<AtomicBool>,
}

impl Mark {
    pub(super) fn new(cx: &CallContext) -> Self {
        Self { cx: cx.clone(), left: Arc::default() }
    }

    /// Whether the request may have left this process.
    pub(super) fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// A transport that marks requests, and ends a token when it is over.
pub(super) struct Marking<T> {
    inner: T,
    over: CancellationToken,
}

impl<T> Marking<T> {
    pub(super) fn new(inner: T, over: CancellationToken) -> Self {
        Self { inner, over }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Marking<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let mark = match &item {
            JsonRpcMessage::Request(request) => request.request.extensions().get::<Mark>().cloned(),
            _ => None,
        };
        let send = self.inner.send(item);
        async move {
            if let Some(mark) = mark {
                mark.left.store(true, Ordering::Release);
                mark.cx.mark_sent();
            }
            send.await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.inner.receive().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.over.cancel();
        self.inner.close().await
    }
}

impl<T> Drop for Marking<T> {
    fn drop(&mut self) {
        self.over.cancel();
    }
}
