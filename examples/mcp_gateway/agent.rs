//! An agent: a client of the gateway, here another Mosaic that knows the gateway as its only server.

use mosaic::engine::breaker::BreakerConfig;
use mosaic::mcp::client::{HttpServerConfig, RemoteConfig, RemoteServers};
use mosaic::prelude::*;
use mosaic::types::{Secret, ServiceKind};
use serde_json::{Value, json};

use super::Done;

/// The agent.
pub(crate) struct Agent {
    servers: RemoteServers,
    mosaic: Mosaic,
    gateway: ProviderId,
}

impl Agent {
    /// Connects to the gateway with a token.
    pub(crate) async fn start(url: &str, token: Secret) -> Done<Self> {
        let (servers, gateway) = (RemoteServers::new(), ProviderId::new("gateway")?);
        let config = RemoteConfig::http(HttpServerConfig::new(url).token(token)).tools(["*"]);
        let plugin = servers.plugin(gateway.clone(), ServiceKind::Docs, config)?;
        // It shows how the gateway refuses, and goes on.
        let breaker =
            BreakerConfig { failures_in_a_row: 100, failure_percent: 100, ..BreakerConfig::default() };
        let treated = ProviderConfig { breaker, ..ProviderConfig::default() };
        let mosaic = Mosaic::builder().provider_with("gateway", plugin, treated).build().await?;
        Ok(Self { servers, mosaic, gateway })
    }

    /// The names of the tools that the gateway lists for it.
    pub(crate) fn tools(&self) -> Done<Vec<String>> {
        let standing = self.servers.standings().into_iter().next().ok_or("the gateway is not there")?;
        Ok(standing.tools?.into_iter().map(|tool| tool.name).collect())
    }

    /// What a tool answers.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Done<Value> {
        let listed = self.tools()?.iter().any(|known| known == tool);
        // What the list hides is called through the tool that calls others.
        let (tool, arguments) = match listed {
            true => (tool, arguments),
            false => ("call_tool", json!({ "name": tool, "arguments": arguments })),
        };
        let cx = CallContext::new();
        let answer = self.servers.call(&self.mosaic, &cx, &self.gateway, tool, arguments).await?;
        Ok(answer["structuredContent"].clone())
    }

    /// Why a tool is not answered.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> Done<String> {
        match self.call(tool, arguments).await {
            Ok(answer) => Err(format!("{tool} was answered: {answer}").into()),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Goes away.
    pub(crate) async fn stop(self) {
        self.mosaic.shutdown().await;
    }
}
