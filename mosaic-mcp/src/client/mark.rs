//! The transport under a connection: says of every call that its request leaves now, and to all that the connection is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mosaic_core::context::CallContext;
use rmcp::RoleClient;
use rmcp::model::{
    ClientRequest, ErrorCode, ErrorData, GetExtensions as _, JsonRpcMessage, RequestId, ServerResult,
};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio_util::sync::CancellationToken;

use super::config::Handshake;

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
    /// Whether the handshake may be the older one, and the question under way which of them it is to be.
    probes: bool,
    probe: Option<RequestId>,
}

impl<T> Marking<T> {
    pub(super) fn new(inner: T, over: CancellationToken, handshake: Handshake) -> Self {
        let probes = handshake == Handshake::Auto;
        Self { inner, over, probes, probe: None }
    }

    /// Takes an answer to `server/discover` in which nothing is discovered for a server that does not know it.
    fn discovered(&mut self, message: RxJsonRpcMessage<RoleClient>) -> RxJsonRpcMessage<RoleClient> {
        let JsonRpcMessage::Response(response) = &message else { return message };
        if self.probe.as_ref() != Some(&response.id) {
            return message;
        }
        self.probe = None;
        let modern = match &response.result {
            ServerResult::DiscoverResult(said) => {
                said.supported_versions.iter().any(|version| !version.has_initialize())
            }
            _ => false,
        };
        if modern {
            return message;
        }
        let unknown = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "nothing was discovered", None);
        JsonRpcMessage::error(unknown, Some(response.id.clone()))
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Marking<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let mark = match &item {
            JsonRpcMessage::Request(request) => {
                // Later it is asked as a ping.
                self.probes &= matches!(request.request, ClientRequest::DiscoverRequest(_));
                if self.probes {
                    self.probe = Some(request.id.clone());
                }
                request.request.extensions().get::<Mark>().cloned()
            }
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
        let message = self.inner.receive().await?;
        Some(self.discovered(message))
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
