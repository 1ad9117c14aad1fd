//! Several remote servers: what all of them offer, and who is dead. One that is dead hides nothing of the others.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Caller;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::{ProviderId, ServiceKind};
use schemars::{Schema, schema_for};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::board::{Board, Entry, Standing};
use super::config::{RemoteConfig, config_error};
use super::path::path_of;
use super::server::{RemoteServer, body_of, reads, verb};
use super::source::RemoteTools;
use super::text::shown;
use super::tool::RemoteTool;

/// Remote servers that are plugins of one orchestra. Clones are the same servers.
///
/// ```
/// use mosaic_core::orchestrator::Orchestrator;
/// use mosaic_core::types::{ProviderId, ServiceKind};
/// use mosaic_mcp::client::{CommandConfig, RemoteConfig, RemoteServers};
///
/// async fn orchestra(servers: &RemoteServers) -> mosaic_core::Result<Orchestrator> {
///     let files = RemoteConfig::command(CommandConfig::new("files-server").arg("/srv/files")).tools(["*"]).optional(true);
///     let files = servers.plugin(ProviderId::new("files")?, ServiceKind::Docs, files)?;
///     Orchestrator::builder().provider("files", files).build().await
/// }
/// async fn read(servers: &RemoteServers, mosaic: &Orchestrator) -> mosaic_core::Result<serde_json::Value> {
///     let arguments = serde_json::json!({ "path": "/srv/files/plan.md" });
///     servers.call(mosaic, &Default::default(), &ProviderId::new("files")?, "read_text_file", arguments).await
/// }
/// ```
#[derive(Clone, Default)]
pub struct RemoteServers {
    board: Arc<Board>,
}

/// How it stands with one server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RemoteStanding {
    /// The provider that it is.
    pub server: ProviderId,
    /// The service whose limits and breaker count for its tools.
    pub service: ServiceKind,
    /// The tools that may be called by their own names, or why there are none.
    pub tools: std::result::Result<Vec<RemoteTool>, String>,
}

impl RemoteServers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A server as a plugin, to be added to an orchestra under the same name. The limits and the breaker of `service` count
    /// for its tools.
    ///
    /// # Errors
    /// `Config` where the configuration names operations that there are not, or nothing that may be called.
    pub fn plugin(
        &self,
        server: ProviderId,
        service: ServiceKind,
        config: RemoteConfig,
    ) -> Result<RemoteServer> {
        RemoteServer::new(Arc::clone(&self.board), server, service, config)
    }

    /// Makes servers from configurations: of the provider `mcp`, for this service.
    pub fn factory(&self, service: ServiceKind) -> RemoteFactory {
        RemoteFactory { board: Arc::clone(&self.board), service }
    }

    /// How it stands with each server, by name: those that cannot be called are there with the reason.
    pub fn standings(&self) -> Vec<RemoteStanding> {
        let standing = |(server, entry): (ProviderId, Entry)| {
            let tools = match &entry.standing {
                Standing::Live(link) => {
                    let tools = link.tools();
                    Ok(tools.values().filter(|tool| entry.config.allows(&tool.name)).cloned().collect())
                }
                Standing::Dead(why) => Err(why.clone()),
            };
            RemoteStanding { server, service: entry.service, tools }
        };
        self.board.entries().into_iter().map(standing).collect()
    }

    /// Their tools as a source of tools of a server of our own, each named after its server: `files__read_text_file`. Calls go
    /// through the caller, which is to be the orchestra that the servers are plugins of.
    ///
    /// ```
    /// use mosaic_core::context::{CallContext, Principal};
    /// use mosaic_core::orchestrator::Orchestrator;
    /// use mosaic_mcp::client::RemoteServers;
    /// use mosaic_mcp::security::access::Access;
    /// use mosaic_mcp::surface::McpServer;
    ///
    /// fn gateway(servers: &RemoteServers, mosaic: &Orchestrator, access: Access) -> mosaic_core::Result<McpServer> {
    ///     let me = CallContext::new().principal(Principal::user("me"));
    ///     McpServer::builder().tools(servers.source(mosaic.clone())).acts_as(me).gate(access).build()
    /// }
    /// ```
    pub fn source<C: Caller>(&self, caller: C) -> RemoteTools<C> {
        RemoteTools::new(self.clone(), caller)
    }

    /// What is made of each tool that may be called.
    pub(super) fn offered<T>(
        &self,
        make: impl Fn(&ProviderId, ServiceKind, &RemoteConfig, &RemoteTool) -> T,
    ) -> Vec<T> {
        let mut made = Vec::new();
        for (server, entry) in self.board.entries() {
            if let Standing::Live(link) = &entry.standing {
                let tools = link.tools();
                let allowed = tools.values().filter(|tool| entry.config.allows(&tool.name));
                made.extend(allowed.map(|tool| make(&server, entry.service, &entry.config, tool)));
            }
        }
        made
    }

    /// Changes whenever a server comes or goes, and when its tools change.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.board.changed()
    }

    /// Calls a tool of a server by its own name, through the orchestra that the server is a plugin of: rules, limits, breaker
    /// and audit count as for every call. Gives what the server said, as the protocol has it: `content`, and
    /// `structuredContent` where there is one.
    ///
    /// A tool that is known to change nothing is a read and may be called again where it failed; every other one is a write
    /// that is not called again once it may have run.
    ///
    /// # Errors
    /// `NotFound` where there is no such server or tool, `Lifecycle` where the server is dead, `Invalid` where the arguments
    /// are no object, `Provider` where the tool says that it failed; else those of every call.
    pub async fn call(
        &self,
        caller: &impl Caller,
        cx: &CallContext,
        server: &ProviderId,
        tool: &str,
        arguments: Value,
    ) -> Result<Value> {
        let Some(entry) = self.board.entry(server) else {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no remote server {server}")));
        };
        let link = match &entry.standing {
            Standing::Live(link) => link,
            Standing::Dead(why) => {
                let text = format!("the remote server {server} cannot be called: {why}");
                return Err(Error::new(ErrorKind::Lifecycle, text));
            }
        };
        if tool.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "the name of the tool is missing"));
        }
        let tools = link.tools();
        let Some(known) = tools.get(tool).filter(|_| entry.config.allows(tool)) else {
            let text = format!("the remote server {server} has no tool {} that may be called", shown(tool));
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        let mut params = json!({ "path": path_of(tool) });
        if !reads(&entry.config, known) {
            params["method"] = "POST".into();
        }
        if !arguments.is_null() {
            params["body"] = arguments;
        }
        let cx = cx.clone().pinned_to(server.clone());
        let answer = caller
            .call_json(&cx, &format!("{}.{}", entry.service, verb(&entry.config, known)), params)
            .await?;
        body_of(answer.into_value()?)
    }
}

impl fmt::Debug for RemoteServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.board.entries().keys()).finish()
    }
}

/// Makes remote servers from configurations: the provider `mcp` of a service.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_core::types::ServiceKind;
/// use mosaic_mcp::client::RemoteServers;
///
/// let factory = RemoteServers::new().factory(ServiceKind::Docs);
/// assert_eq!((factory.provider(), factory.service()), ("mcp", ServiceKind::Docs));
/// ```
#[derive(Clone)]
pub struct RemoteFactory {
    board: Arc<Board>,
    service: ServiceKind,
}

#[async_trait]
impl Factory for RemoteFactory {
    fn provider(&self) -> &str {
        "mcp"
    }

    fn service(&self) -> ServiceKind {
        self.service
    }

    fn config_schema(&self) -> Schema {
        schema_for!(RemoteConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let config = RemoteConfig::read(input.config)?;
        let of_others =
            config.operations.iter().find(|name| !name.starts_with(&format!("{}.", self.service)));
        if let Some(name) = of_others {
            return Err(config_error(format!("operations: {name:?} is not of the service {}", self.service)));
        }
        let server = RemoteServer::new(Arc::clone(&self.board), input.id, self.service, config)?;
        Ok(Arc::new(server))
    }
}

impl fmt::Debug for RemoteFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteFactory").field("service", &self.service).finish_non_exhaustive()
    }
}
