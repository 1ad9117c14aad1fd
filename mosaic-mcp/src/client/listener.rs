//! What a server says by itself: that its tools changed, how far it is, and what it logs.

#![expect(deprecated, reason = "the next revision drops log messages; the servers of today send them")]

use std::sync::Arc;

use mosaic_core::types::ProviderId;
use rmcp::ClientHandler;
use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, LoggingLevel, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion,
};
use rmcp::service::{NotificationContext, RoleClient};
use tokio::sync::Notify;

use super::text::told;

pub(super) struct Listener {
    pub(super) server: ProviderId,
    pub(super) changed: Arc<Notify>,
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("mosaic", env!("CARGO_PKG_VERSION"));
        // Later revisions have no greeting in which this is said.
        ClientConfig::new(ClientCapabilities::default(), us)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }

    async fn on_progress(&self, said: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let message = said.message.as_deref().map(told);
        tracing::debug!(target: "mosaic::mcp", server = %self.server, said.progress, said.total, message, "progress");
    }

    async fn on_logging_message(
        &self,
        said: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text = told(&match said.data {
            serde_json::Value::String(text) => text,
            data => data.to_string(),
        });
        let server = &self.server;
        match said.level {
            LoggingLevel::Debug => tracing::debug!(target: "mosaic::mcp", %server, "{text}"),
            LoggingLevel::Info | LoggingLevel::Notice => {
                tracing::info!(target: "mosaic::mcp", %server, "{text}");
            }
            LoggingLevel::Warning => tracing::warn!(target: "mosaic::mcp", %server, "{text}"),
            _ => tracing::error!(target: "mosaic::mcp", %server, "{text}"),
        }
    }
}
