//! An agent: a client of MCP that knows two nodes, and goes on at the other where one is gone.

use std::time::Duration;

use mosaic::ErrorKind;
use mosaic::mcp::client::{HttpServerConfig, RemoteConfig, RemoteServers};
use mosaic::prelude::*;
use mosaic::types::{ProviderId, Secret, ServiceKind};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Failure;

/// How long the work of a task takes.
const WORK: Duration = Duration::from_millis(40);
/// The tools that it needs.
const TOOLS: [&str; 3] = ["agent_register_agent", "task_claim_tasks", "task_complete_task"];
/// How often a call is tried before the agent gives up.
const TRIES: usize = 60;

/// A task that a node said is done.
pub(crate) struct Done {
    pub(crate) task: String,
    pub(crate) by: String,
}

/// What an agent tells at its end.
pub(crate) struct Report {
    pub(crate) done: Vec<Done>,
    /// How often it went on at the other node.
    pub(crate) moves: usize,
    /// How many tasks were somebody else's when it reported them.
    pub(crate) lost: usize,
}

pub(crate) struct Agent {
    name: String,
    servers: RemoteServers,
    mosaic: Mosaic,
    nodes: [ProviderId; 2],
    at: usize,
    report: Report,
}

impl Agent {
    /// Connects to both nodes, with the agent's key; works at the one with this number.
    pub(crate) async fn connect(
        name: String,
        key: &Secret,
        urls: &[String; 2],
        at: usize,
    ) -> Result<Self, Failure> {
        let nodes = [ProviderId::new("node-a")?, ProviderId::new("node-b")?];
        // Each call names the node that it is for.
        let routing = Routing::new().default_rule(Rule::any().to("node-a").fallback(["node-b"]));
        let (servers, mut builder) = (RemoteServers::new(), Mosaic::builder().routing(routing));
        for (node, url) in nodes.iter().zip(urls) {
            let way = HttpServerConfig::new(url).token(key.clone());
            let remote = RemoteConfig::http(way).tools(TOOLS).call_ms(10_000);
            builder =
                builder.provider(node.as_str(), servers.plugin(node.clone(), ServiceKind::Project, remote)?);
        }
        let report = Report { done: Vec::new(), moves: 0, lost: 0 };
        Ok(Self { name, servers, mosaic: builder.build().await?, nodes, at, report })
    }

    /// Works until there is nothing to do for a while.
    pub(crate) async fn work(mut self) -> Result<Report, Failure> {
        let agent = self.call("agent_register_agent", json!({ "agent": self.name })).await?;
        let claim = json!({
            "agent": self.name, "incarnation": agent["incarnation"], "wait_seconds": 3, "lease_seconds": 2,
        });
        loop {
            let claimed = self.call("task_claim_tasks", claim.clone()).await?;
            let tasks = claimed["tasks"].as_array().cloned().unwrap_or_default();
            if tasks.is_empty() {
                break;
            }
            for claimed in tasks {
                self.finish(&claimed).await?;
            }
        }
        self.mosaic.shutdown().await;
        Ok(self.report)
    }

    async fn finish(&mut self, claimed: &Value) -> Result<(), Failure> {
        sleep(WORK).await;
        let (task, token) = (&claimed["task"]["task"], &claimed["token"]);
        let result = json!({ "task": task, "token": token, "result": { "by": self.name } });
        // Whether the node that is gone took the report is not known: the same report again is answered like the first.
        match self.call("task_complete_task", result).await {
            Ok(_) => {
                let task = task.as_str().unwrap_or_default().to_owned();
                self.report.done.push(Done { task, by: self.name.clone() });
            }
            // The task was given to another meanwhile, and this work does not count.
            Err(error) if error.kind() == ErrorKind::Provider => self.report.lost += 1,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Calls a tool; of the other node where this one does not answer.
    async fn call(&mut self, tool: &str, arguments: Value) -> mosaic::Result<Value> {
        let cx = CallContext::new();
        let mut tries = 0;
        loop {
            let node = &self.nodes[self.at];
            let error = match self.servers.call(&self.mosaic, &cx, node, tool, arguments.clone()).await {
                Ok(answer) => return Ok(answer["structuredContent"].clone()),
                Err(error) => error,
            };
            tries += 1;
            let gone = [ErrorKind::Network, ErrorKind::Timeout, ErrorKind::CircuitOpen, ErrorKind::Lifecycle];
            if tries == TRIES || !gone.contains(&error.kind()) {
                return Err(error);
            }
            self.at = 1 - self.at;
            self.report.moves += 1;
            sleep(Duration::from_millis(50)).await;
        }
    }
}
