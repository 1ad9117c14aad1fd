//! A remote MCP server as a plugin: its tools travel the one path, as operations or as calls in its own words.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{Dispatch, OpSet, Payload, Reply, catalogue, unsupported};
use mosaic_core::plugin::{Alarm, HandlerTable, Handlers, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{ProviderId, ServiceKind};
use parking_lot::RwLock;
use serde_json::Value;

use super::answer::of_foreign;
use super::board::{Board, Seat, Standing};
use super::config::{RemoteConfig, config_error};
use super::link::Link;
use super::operation;
use super::path::ToolPath;
use super::session::{Hears, Session};
use super::source::BETWEEN;
use super::text::shown;
use super::tool::RemoteTool;
use crate::surface::tool_name;

/// A remote MCP server as a plugin; made by [`RemoteServers`](super::RemoteServers).
///
/// It connects when it is started and is restarted when the connection ends. Operations that its configuration names are
/// called as tools of the names that Mosaic gives them. Other tools are called by `vendor_write` and, those that change
/// nothing, by `vendor_read`, at the path `/tools/NAME` with the arguments as the body; the answer is what the server said.
pub struct RemoteServer(Arc<Inner>);

struct Inner {
    info: PluginInfo,
    service: ServiceKind,
    config: Arc<RemoteConfig>,
    session: RwLock<Option<Arc<Session>>>,
    board: Arc<Board>,
    seat: Seat,
    alarm: Alarm,
}

impl RemoteServer {
    /// # Errors
    /// `Config` where its name would make those of its tools ambiguous, and where it names operations that there are not, or
    /// nothing that may be called.
    pub(super) fn new(
        board: Arc<Board>,
        server: ProviderId,
        service: ServiceKind,
        config: RemoteConfig,
    ) -> Result<Self> {
        if server.as_str().contains(BETWEEN) || server.as_str().ends_with('_') {
            // Whose tool `a__b__c` is would be open.
            return Err(config_error(format!(
                "a remote server cannot be called {server}: it has `{BETWEEN}` in it, or `_` at its end"
            )));
        }
        let mut operations = config.declared()?;
        if !config.tools.is_empty() {
            operations = operations.and(OpSet::vendor(service));
        }
        if operations.is_empty() {
            return Err(config_error("nothing of the server may be called: name `operations` or `tools`"));
        }
        let info = PluginInfo::new("mcp", env!("CARGO_PKG_VERSION"), operations)
            .reports_delivery(true)
            .honours_keys(config.honours_keys);
        let seat = board.seat(server);
        Ok(Self(Arc::new(Inner {
            info,
            service,
            config: Arc::new(config),
            session: RwLock::new(None),
            board,
            seat,
            alarm: Alarm::new(),
        })))
    }
}

impl Inner {
    fn link(&self) -> Result<Arc<Link>> {
        match &*self.session.read() {
            Some(session) if !session.link.over.is_cancelled() => Ok(Arc::clone(&session.link)),
            Some(_) => Err(Error::new(ErrorKind::Network, "the connection to the server is over")),
            None => Err(Error::new(ErrorKind::Lifecycle, "the server is not connected")),
        }
    }

    fn write(&self, standing: Standing) {
        self.board.write(&self.seat, self.service, &self.config, standing);
    }

    /// Whether the server has what it is to answer.
    fn check(&self, link: &Link) -> Result<()> {
        let tools = link.tools();
        let lacks: Vec<_> = catalogue()
            .all()
            .filter(|def| !def.meta.vendor && self.info.operations.has(def.meta))
            .map(|def| tool_name(def.meta.name))
            .filter(|name| !tools.contains_key(name))
            .collect();
        match lacks.is_empty() {
            true => Ok(()),
            false => {
                Err(config_error(format!("operations: the server lacks the tools {}", lacks.join(", "))))
            }
        }
    }

    async fn open(&self, hears: Heard) -> Result<Arc<Session>> {
        let session = Session::open(&self.seat.server, &self.config, hears).await?;
        match self.check(&session.link) {
            Ok(()) => Ok(Arc::new(session)),
            Err(error) => {
                session.end().await;
                Err(error)
            }
        }
    }

    async fn answer(&self, cx: &CallContext, payload: &Payload) -> Result<Reply> {
        let link = self.link()?;
        if payload.meta().vendor {
            return self.call_tool(&link, cx, payload).await.map(Reply::value);
        }
        if !link.tools().contains_key(&tool_name(payload.meta().name)) {
            // It is no longer there, or not there again.
            return Err(unsupported(payload.meta().name));
        }
        operation::call(&link, cx, payload, self.config.call_limit()).await
    }

    /// A call in the server's own words.
    async fn call_tool(&self, link: &Link, cx: &CallContext, payload: &Payload) -> Result<VendorAnswer> {
        let asked = ToolPath::read(payload)?;
        let tools = link.tools();
        let Some(tool) = tools.get(&asked.tool).filter(|_| self.config.allows(&asked.tool)) else {
            let text = match self.config.allows(&asked.tool) {
                true => format!("the server has no tool {}", shown(&asked.tool)),
                false => format!("the tool {} is not among the `tools` of this provider", shown(&asked.tool)),
            };
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        if payload.meta().effect.is_read() && !reads(&self.config, tool) {
            let text =
                format!("the tool {} may change something: it is called by a write", shown(&asked.tool));
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        let result = link.call(cx, &asked.tool, asked.arguments, None, self.config.call_limit()).await?;
        if result.is_error == Some(true) {
            return Err(of_foreign(&result));
        }
        let body = serde_json::to_value(&result)
            .map_err(|error| Error::new(ErrorKind::Internal, "the result has no JSON form").source(error))?;
        Ok(VendorAnswer::new(200u16, body))
    }
}

/// Whether a tool counts as one that changes nothing.
pub(super) fn reads(config: &RemoteConfig, tool: &RemoteTool) -> bool {
    config.reads.contains(&tool.name) || (config.trust_hints && tool.read_only)
}

/// The operation as which a tool is called.
pub(super) fn verb(config: &RemoteConfig, tool: &RemoteTool) -> &'static str {
    if reads(config, tool) { "vendor_read" } else { "vendor_write" }
}

impl Dispatch for Inner {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.answer(cx, payload))
    }
}

/// Hears for an instance what becomes of its connection.
struct Heard(std::sync::Weak<Inner>);

impl Hears for Heard {
    fn tools_changed(&self) {
        if let Some(server) = self.0.upgrade() {
            server.board.tell();
        }
    }

    fn ended(&self, why: Error) {
        if let Some(server) = self.0.upgrade() {
            server.write(Standing::Dead(why.message().to_owned()));
            server.alarm.raise(why);
        }
    }
}

#[async_trait]
impl Plugin for RemoteServer {
    fn info(&self) -> &PluginInfo {
        &self.0.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        let serves = |kind: &ServiceKind| self.0.info.operations.serves(*kind);
        ServiceKind::ALL.into_iter().filter(serves).fold(HandlerTable::new(), |table, kind| {
            table.with(Handlers::dispatching(kind, Arc::clone(&self.0) as Arc<dyn Dispatch>))
        })
    }

    async fn start(&self) -> Result<()> {
        match self.0.open(Heard(Arc::downgrade(&self.0))).await {
            Ok(session) => {
                let link = Arc::clone(&session.link);
                *self.0.session.write() = Some(session);
                self.0.write(Standing::Live(Arc::clone(&link)));
                if link.over.is_cancelled() {
                    // It ended before it could be written that it lives.
                    self.0.write(Standing::Dead("the connection to the server ended".to_owned()));
                }
                Ok(())
            }
            Err(error) => {
                self.0.write(Standing::Dead(error.message().to_owned()));
                if !self.0.config.optional {
                    return Err(error);
                }
                self.0.alarm.raise(error);
                Ok(())
            }
        }
    }

    async fn stop(&self) -> Result<()> {
        let session = self.0.session.write().take();
        if let Some(session) = session {
            session.end().await;
        }
        self.0.write(Standing::Dead("the server was stopped".to_owned()));
        Ok(())
    }

    async fn dispose(&self) {
        self.0.board.leave(&self.0.seat);
    }

    async fn health(&self) -> HealthReport {
        let pinged = match self.0.link() {
            Ok(link) => link.ping().await,
            Err(error) => Err(error),
        };
        match pinged {
            Ok(()) => HealthReport::healthy(),
            Err(error) if self.0.config.optional => HealthReport::degraded(error.message()),
            Err(error) => HealthReport::unhealthy(error.message()),
        }
    }

    async fn failed(&self) -> Error {
        self.0.alarm.raised().await
    }

    fn metrics(&self) -> Vec<Measure> {
        let tools = self.0.link().map_or(0, |link| link.tools().len());
        // No server has so many that it matters.
        vec![Measure::new("remote_tools", u32::try_from(tools).unwrap_or(u32::MAX).into())]
    }
}

impl fmt::Debug for RemoteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteServer")
            .field("server", &self.0.seat.server)
            .field("service", &self.0.service)
            .finish()
    }
}

/// The answer of a tool as the body of an answer of a vendor.
pub(super) fn body_of(answer: Value) -> Result<Value> {
    serde_json::from_value::<VendorAnswer>(answer).map(|answer| answer.body).map_err(|error| {
        Error::new(ErrorKind::Protocol, "the answer has another form than that of a tool").source(error)
    })
}
