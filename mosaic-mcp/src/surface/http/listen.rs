//! The ready-made helper that listens.

use axum::Router;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::McpHttp;
use super::connections::listen;

impl McpHttp {
    /// Serves everything that comes in until `stop` is cancelled; then ends sessions and streams, and waits for the requests
    /// that are under way as long as [`ConnectionOptions::stop_time`](super::ConnectionOptions::stop_time) says. Sends without
    /// waiting for more (`TCP_NODELAY`). Where this future is dropped, all connections end at once.
    ///
    /// Speaks plain HTTP, of version 1 or 2: what comes from other machines should come through a proxy that speaks TLS. A
    /// connection that the system cannot give, for want of files, is tried again a second later.
    ///
    /// # Errors
    /// `Config` where the listener can be reached from other machines and nobody is authenticated, or TLS is required and not there. `Network` where the
    /// listener has no address.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> Result<()> {
        self.serve_beside(Router::new(), listener, stop).await
    }

    /// The same, beside the routes of an application. What the application's own routes let in is its own affair; connections that
    /// they make WebSockets end when everything else has.
    ///
    /// # Errors
    /// Those of [`serve`](Self::serve).
    pub async fn serve_beside(
        &self,
        app: Router,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<()> {
        let address = listener.local_addr().map_err(|error| {
            Error::new(ErrorKind::Network, "the listener has no address".to_owned()).source(error)
        })?;
        if !address.ip().is_loopback() && !self.authenticates() {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "{address} can be reached from other machines, and nobody is authenticated: listen on 127.0.0.1, or \
                     give the server an authenticator"
                ),
            ));
        }
        if !address.ip().is_loopback() && self.refuses_clear() {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "{address} can be reached from other machines, and TLS is required: listen on 127.0.0.1 behind a proxy that \
                     speaks TLS, or say with `behind_tls` that one is in front"
                ),
            ));
        }
        let app = app.merge(self.router());
        let (open, options) = (self.open().clone(), self.connection_options().clone());
        listen(listener, app, open, options, stop, || self.close()).await;
        Ok(())
    }
}
