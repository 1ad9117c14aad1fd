//! A client of the SDK that remembers what it hears and answers as it is told, joined to a server in memory.
#![expect(deprecated, reason = "clients of the protocols before that of 2026 log")]

use std::sync::Arc;

use mosaic_mcp::surface::McpServer;
use parking_lot::Mutex;
use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, RoleClient, RunningService};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt as _, ErrorData};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a client heard, and how it answers.
#[derive(Clone, Default)]
pub(super) struct Heard {
    pub(super) progress: Arc<Mutex<Vec<(f64, String)>>>,
    pub(super) messages: Arc<Mutex<Vec<Value>>>,
    pub(super) questions: Arc<Mutex<Vec<String>>>,
    pub(super) updates: Arc<Mutex<Vec<String>>>,
    /// The answer to a question; without one the client cannot ask anybody.
    pub(super) answer: Option<ElicitationAction>,
    /// Whether it knows tasks of the protocol.
    pub(super) tasks: bool,
}

impl Heard {
    pub(super) fn answering(answer: ElicitationAction) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }
}

impl ClientHandler for Heard {
    fn get_info(&self) -> ClientConfig {
        let mut able = ClientCapabilities::default();
        if self.tasks {
            able = ClientCapabilities::builder().enable_tasks().build();
        }
        able.elicitation = self.answer.is_some().then(Default::default);
        ClientConfig::new(able, Implementation::new("test", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            return Err(ErrorData::invalid_params("no form", None));
        };
        self.questions.lock().push(message);
        let action = self.answer.clone().ok_or_else(|| ErrorData::internal_error("nobody is here", None))?;
        Ok(ElicitResult::new(action))
    }

    async fn on_progress(&self, note: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().push((note.progress, note.message.unwrap_or_default()));
    }

    async fn on_logging_message(
        &self,
        note: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.messages.lock().push(note.data);
    }

    async fn on_resource_updated(
        &self,
        note: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.updates.lock().push(note.uri);
    }
}

/// Which protocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// The one with `initialize`, of 2025.
    Old,
    /// The one with `server/discover`, of 2026-07-28.
    New,
}

impl Speaks {
    pub(super) const BOTH: [Self; 2] = [Self::Old, Self::New];

    pub(super) fn lifecycle(self) -> ClientLifecycleMode {
        match self {
            Self::Old => ClientLifecycleMode::Initialize,
            Self::New => {
                ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
            }
        }
    }
}

/// A client and the task that serves it.
pub(super) struct Joined {
    pub(super) client: RunningService<RoleClient, Heard>,
    pub(super) heard: Heard,
    pub(super) served: JoinHandle<mosaic_core::Result<()>>,
}

/// A client of a server, in memory.
pub(super) async fn join(server: &McpServer, speaks: Speaks, heard: Heard) -> Joined {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (read, write) = tokio::io::split(there);
    let server = server.clone();
    let served = tokio::spawn(async move { server.serve(read, write, CancellationToken::new()).await });
    let client = heard.clone().serve_with_lifecycle(here, speaks.lifecycle()).await.unwrap();
    Joined { client, heard, served }
}

/// The parameters of a call.
pub(super) fn call(name: &str, arguments: Value) -> CallToolRequestParams {
    let call = CallToolRequestParams::new(name.to_owned());
    match arguments {
        Value::Object(arguments) => call.with_arguments(arguments),
        _ => call,
    }
}

/// The text of the first piece of a result.
pub(super) fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

impl Joined {
    /// Calls a tool to its end.
    pub(super) async fn call(&self, name: &str, arguments: Value) -> CallToolResult {
        self.client.call_tool(call(name, arguments)).await.unwrap()
    }

    /// Goes away, and sees that the server ends well.
    pub(super) async fn leave(self) {
        self.client.cancel().await.unwrap();
        self.served.await.unwrap().unwrap();
    }
}
