//! Another Mosaic that is called over MCP as if it were here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::{Caller, Dispatch, OpSet, Payload, Reply, catalogue};
use mosaic_core::types::ProviderId;
use tokio::io::{AsyncRead, AsyncWrite};

use super::config::RemoteConfig;
use super::operation;
use super::session::Session;
use crate::surface::tool_name;

/// A connection to another Mosaic. All that is typed works over it; clones share it.
///
/// Every call goes out as a call of the tool of its operation. What the other side knows of the caller is what its own
/// authentication tells: of the context, the idempotency key is sent along, the time limit is kept here, and nothing else
/// travels. Streams come whole, up to the limit of the other side. A call fails with `Network` once the
/// connection is over; it is not opened again.
///
/// ```
/// use mosaic_core::op::git::{GetRepository, Git};
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::client::{HttpServerConfig, RemoteConfig, RemoteMosaic};
///
/// async fn default_branch() -> mosaic_core::Result<String> {
///     let server = HttpServerConfig::new("https://mosaic.example.org/mcp").token(Secret::new("s3cr3t"));
///     let mosaic = RemoteMosaic::connect(RemoteConfig::http(server)).await?;
///     let repository = Git::new(mosaic.clone()).get_repository(GetRepository::new("acme", "widget")).await?;
///     mosaic.close().await;
///     Ok(repository.default_branch.clone())
/// }
/// ```
#[derive(Clone)]
pub struct RemoteMosaic(Arc<Inner>);

struct Inner {
    session: Session,
    limit: Duration,
}

impl RemoteMosaic {
    /// Connects to a server; starts it where it is a program. What the configuration says of operations and tools does not
    /// count here.
    ///
    /// # Errors
    /// `Config` where the program or the address is none; `Network`, `Timeout` or `Protocol` where the connection cannot be
    /// opened.
    pub async fn connect(config: RemoteConfig) -> Result<Self> {
        let limit = config.call_limit();
        Ok(Self(Arc::new(Inner { session: Session::open(&name()?, &config, ()).await?, limit })))
    }

    /// Connects over a pair of streams that are there already, such as those of a socket. What the configuration says of the
    /// way, of operations and of tools does not count here.
    ///
    /// # Errors
    /// `Network`, `Timeout` or `Protocol` where the connection cannot be opened.
    pub async fn over(
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
        config: &RemoteConfig,
    ) -> Result<Self> {
        let limit = config.call_limit();
        Ok(Self(Arc::new(Inner { session: Session::over(&name()?, read, write, config).await?, limit })))
    }

    /// The operations whose tools the other side lists now. It may answer others that it does not list.
    pub fn offers(&self) -> OpSet {
        let tools = self.0.session.link.tools();
        catalogue()
            .all()
            .filter(|def| tools.contains_key(&tool_name(def.meta.name)))
            .fold(OpSet::EMPTY, |set, def| set.with(def.meta))
    }

    /// Closes the connection for all clones, and ends the server where it was started here.
    pub async fn close(&self) {
        self.0.session.end().await;
    }
}

/// The name under which it is spoken of in logs.
fn name() -> Result<ProviderId> {
    Ok(ProviderId::new("remote-mosaic")?)
}

impl Caller for RemoteMosaic {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.dispatch(cx, &payload).await
    }
}

impl Dispatch for RemoteMosaic {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let name = payload.meta().name;
            operation::call(&self.0.session.link, cx, payload, self.0.limit)
                .await
                .map_err(|error| error.operation(name))
        })
    }
}

impl fmt::Debug for RemoteMosaic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteMosaic").field("session", &self.0.session).finish()
    }
}
