//! The ready-made helper that listens.

use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt as _;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::McpHttp;

impl McpHttp {
    /// Serves everything that comes in until `stop` is cancelled; then ends sessions and streams and waits for the requests
    /// that are under way. Sends without waiting for more (`TCP_NODELAY`).
    ///
    /// Speaks plain HTTP: what comes from other machines should come through a proxy that speaks TLS.
    ///
    /// # Errors
    /// `Config` where the listener can be reached from other machines and nobody is authenticated. `Network` where the
    /// listener has no address, or fails.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> Result<()> {
        self.serve_beside(Router::new(), listener, stop).await
    }

    /// The same, beside the routes of an application. What the application's own routes let in is its own affair.
    ///
    /// # Errors
    /// Those of [`serve`](Self::serve).
    pub async fn serve_beside(
        &self,
        app: Router,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<()> {
        let network =
            |what: &str, error: std::io::Error| Error::new(ErrorKind::Network, what.to_owned()).source(error);
        let address = listener.local_addr().map_err(|error| network("the listener has no address", error))?;
        if !address.ip().is_loopback() && !self.authenticates() {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "{address} can be reached from other machines, and nobody is authenticated: listen on 127.0.0.1, or \
                     give the server an authenticator"
                ),
            ));
        }
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
        });
        let app = app.merge(self.router()).into_make_service_with_connect_info::<SocketAddr>();
        let this = self.clone();
        let stopped = async move {
            stop.cancelled().await;
            this.close();
        };
        let served = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
        served.map_err(|error| network("the listener failed", error))
    }
}
