//! An open connection to a server: calls tools, asks how it is, and keeps its list of tools.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::ProviderId;
use parking_lot::RwLock;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotification,
    CancelledNotificationParam, ClientRequest, DiscoverRequest, DiscoverRequestParams, JsonObject,
    PingRequest, ProtocolVersion, RequestId, RequestMetaObject, ServerResult,
};
use rmcp::service::{
    ClientLifecycleMode, Peer, PeerRequestOptions, RoleClient, RunningService, ServiceError, Subscription,
    serve_client_with_lifecycle,
};
use rmcp::transport::Transport;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::config::Handshake;
use super::failure::{of_call, of_start, too_late};
use super::listener::Listener;
use super::mark::{Mark, Marking};
use super::tool::{ToolList, fetch};

/// A connection.
pub(super) struct Link {
    peer: Peer<RoleClient>,
    tools: RwLock<Arc<ToolList>>,
    /// Told where the server says that its tools changed.
    pub(super) changed: Arc<Notify>,
    /// Ends with the connection.
    pub(super) over: CancellationToken,
}

/// What runs a connection. Dropping it ends the connection.
pub(super) type Running = RunningService<RoleClient, Listener>;

impl Link {
    /// Opens a connection and asks for the tools.
    ///
    /// # Errors
    /// `Network` where the server is not there or ends; `Timeout` where it takes too long; `Protocol` where it speaks
    /// something else.
    pub(super) async fn open<T: Transport<RoleClient> + 'static>(
        server: &ProviderId,
        transport: T,
        handshake: Handshake,
        limit: Duration,
    ) -> Result<(Arc<Self>, Running)> {
        let (changed, over) = (Arc::new(Notify::new()), CancellationToken::new());
        let listener = Listener { server: server.clone(), changed: Arc::clone(&changed) };
        let mode = match handshake {
            Handshake::Auto => ClientLifecycleMode::Auto {
                preferred_versions: vec![ProtocolVersion::LATEST],
                legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
            },
            Handshake::Initialize => ClientLifecycleMode::Initialize,
        };
        let opening = async {
            let transport = Marking::new(transport, over.clone(), handshake);
            let running = serve_client_with_lifecycle(listener, transport, mode)
                .await
                .map_err(|error| of_start(&error).source(error))?;
            let tools = fetch(running.peer()).await?;
            Ok::<_, Error>((running, tools))
        };
        let (running, tools) = timeout(limit, opening).await.map_err(|_| {
            Error::new(ErrorKind::Timeout, format!("the server could not be called within {limit:?}"))
        })??;
        let tools = RwLock::new(Arc::new(tools));
        Ok((Arc::new(Self { peer: running.peer().clone(), tools, changed, over }), running))
    }

    /// The tools as they are known now.
    pub(super) fn tools(&self) -> Arc<ToolList> {
        Arc::clone(&self.tools.read())
    }

    /// Asks for the tools again. Says whether they are others now.
    ///
    /// # Errors
    /// Those of a call.
    pub(super) async fn refresh(&self) -> Result<bool> {
        let fresh = fetch(&self.peer).await?;
        let mut tools = self.tools.write();
        let differs = **tools != fresh;
        if differs {
            *tools = Arc::new(fresh);
        }
        Ok(differs)
    }

    /// Whether the server speaks the revision without a greeting.
    fn is_modern(&self) -> bool {
        self.peer.peer_info().is_some_and(|info| !info.protocol_version.has_initialize())
    }

    /// Begins to listen for changes of the list of tools, where the server tells them on a stream of their own.
    pub(super) async fn listen(&self) -> Option<Subscription> {
        let tells = self.peer.peer_info()?.capabilities.tools.as_ref()?.list_changed?;
        if !self.is_modern() || !tells {
            return None;
        }
        let filter = rmcp::model::SubscriptionFilter::builder().tools_list_changed().build();
        match self.peer.listen(filter).await {
            Ok(subscription) => Some(subscription),
            Err(error) => {
                tracing::debug!(target: "mosaic::mcp", %error, "changes of tools are not told");
                None
            }
        }
    }

    /// Asks the server whether it is there.
    ///
    /// # Errors
    /// Those of a call.
    pub(super) async fn ping(&self) -> Result<()> {
        let request = match self.is_modern() {
            // This revision has no ping.
            true => ClientRequest::DiscoverRequest(DiscoverRequest::new(DiscoverRequestParams {})),
            false => ClientRequest::PingRequest(PingRequest {
                method: Default::default(),
                extensions: Default::default(),
            }),
        };
        self.peer.send_request(request).await.map(drop).map_err(|error| of_call(&error, true))
    }

    /// Calls a tool. Dropping the future tells the server that the call is given up.
    ///
    /// # Errors
    /// `DeadlineExceeded` or `Timeout` where it takes longer than its context or the limit allows; `Network` where
    /// the connection is over; `Unsupported` where the server asks for something that a program cannot give; else what the
    /// server said. A result that says that the tool failed is no error here.
    pub(super) async fn call(
        &self,
        cx: &CallContext,
        tool: &str,
        arguments: JsonObject,
        meta: Option<JsonObject>,
        limit: Duration,
    ) -> Result<CallToolResult> {
        let now = Instant::now();
        let set = cx.deadline().or_else(|| now.checked_add(cx.limit()?));
        let own = now.checked_add(limit).filter(|own| set.is_none_or(|set| *own < set));
        let until = own.or(set);
        let mark = Mark::new(cx);
        let mut request =
            CallToolRequest::new(CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments));
        request.extensions.insert(mark.clone());
        let mut options = PeerRequestOptions::no_options();
        options.meta = meta.map(|meta| RequestMetaObject(rmcp::model::MetaObject(meta)));
        let asking = async {
            let handle =
                self.peer.send_request_with_option(ClientRequest::CallToolRequest(request), options).await?;
            let mut under_way = UnderWay { peer: &self.peer, id: Some(handle.id) };
            let answer = handle.rx.await.map_err(|_| ServiceError::TransportClosed);
            under_way.id = None;
            answer?
        };
        let answer = match until {
            Some(until) => timeout_at(until, asking).await,
            None => Ok(asking.await),
        };
        match answer {
            Err(_) => Err(too_late(own.map(|_| limit), mark.has_left())),
            Ok(Err(error)) => Err(of_call(&error, mark.has_left())),
            Ok(Ok(result)) => result_of(result),
        }
    }
}

fn result_of(result: ServerResult) -> Result<CallToolResult> {
    let unsupported = |text: &'static str| Error::new(ErrorKind::Unsupported, text);
    match result {
        ServerResult::CallToolResult(result) => Ok(result),
        ServerResult::EmptyResult(_) => Ok(CallToolResult::default()),
        ServerResult::InputRequiredResult(_) => {
            Err(unsupported("the tool asks for something that only a person can answer")
                .delivery(Delivery::Answered))
        }
        ServerResult::CreateTaskResult(_) => {
            Err(unsupported("the server made a task of the call, which goes on without an answer")
                .worst(Delivery::Answered, true))
        }
        _ => Err(Error::new(
            ErrorKind::Protocol,
            "the server answered something else than the result of a tool",
        )
        .delivery(Delivery::Answered)),
    }
}

/// A request that waits for its answer. Dropped before, it tells the server.
struct UnderWay<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let given_up = CancelledNotification::new(CancelledNotificationParam::new(
            Some(id),
            Some("the caller gave the call up".to_owned()),
        ));
        // The first poll puts it into the queue of the connection; nobody waits until it is sent.
        let _ = self.peer.send_notification(given_up.into()).now_or_never();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("tools", &self.tools().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
