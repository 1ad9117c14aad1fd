//! A node of the team: a process of its own that serves `/mcp`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use mosaic::mcp::node::{Node, NodeBuilder, TeamConfig};
use mosaic::mcp::security::access::AccessConfig;
use mosaic::mcp::security::audit::AuditSigner;
use mosaic::mcp::surface::HttpOptions;
use mosaic::prelude::*;
use mosaic::types::Secret;
use tokio::net::TcpListener;

use crate::Failure;
use crate::servers::{Running, Servers};

/// What every node of the team is told: by its environment, as there are secrets in it.
pub(crate) struct Told {
    pub(crate) postgres: String,
    pub(crate) redis: String,
    /// The key that signs the audit.
    pub(crate) key: Secret,
    /// The schema in the database: another for each run, as the key is.
    namespace: String,
}

const POSTGRES: &str = "TEAM_NODE_POSTGRES";
const REDIS: &str = "TEAM_NODE_REDIS";
const KEY: &str = "TEAM_NODE_KEY";
const NAMESPACE: &str = "TEAM_NODE_NAMESPACE";

impl Told {
    pub(crate) fn of(servers: &Servers) -> Result<Self, Failure> {
        let (postgres, redis) = (servers.postgres.clone(), servers.redis.clone());
        let namespace = format!("team_node_{}", mosaic::types::Timestamp::now().as_microsecond());
        Ok(Self { postgres, redis, key: AuditSigner::generate_pem()?, namespace })
    }

    /// What this process was told as a node; none where it is the one that the reader started.
    fn here() -> Option<Self> {
        let read = |name| std::env::var(name).ok();
        let key = Secret::new(read(KEY)?);
        Some(Self { postgres: read(POSTGRES)?, redis: read(REDIS)?, key, namespace: read(NAMESPACE)? })
    }

    /// A node of the team. Agents may do what agents do, and nothing else.
    pub(crate) fn node(&self) -> Result<NodeBuilder, Failure> {
        let config = TeamConfig::new(Secret::new(self.postgres.clone()))
            .namespace(&*self.namespace)
            .redis(Secret::new(self.redis.clone()));
        let access: AccessConfig = serde_json::from_value(serde_json::json!({
            "roles": { "worker": { "allow": ["agent:*:*", "task:*:*"] } },
            "bindings": [{ "who": "agent:*", "tenant": "default", "roles": ["worker"] }],
        }))?;
        Ok(Node::team(config).audit(AuditSigner::pem(&self.key)?).access(access).api_keys())
    }

    /// Starts a process that is a node, and gives its address.
    pub(crate) fn spawn(&self) -> Result<(Running, String), Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(POSTGRES, &self.postgres).env(REDIS, &self.redis).env(KEY, self.key.expose());
        command.env(NAMESPACE, &self.namespace);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut running = Running::of(child);
        let output = running.output().ok_or("the node has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        if url.is_empty() {
            return Err("the node ended before it was ready".into());
        }
        Ok((running, url.trim().to_owned()))
    }
}

/// Is a node, where this process was started as one, until whoever started it is gone. Tells whether it was.
pub(crate) async fn serve_if_told() -> Result<bool, Failure> {
    let Some(told) = Told::here() else { return Ok(false) };
    let node = told.node()?.open().await?;
    let mosaic = Mosaic::builder().build().await?;
    let http = node.server(mosaic.clone()).build()?;
    let http = http.http(HttpOptions::new().authenticator(node.admission()))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "http://{}/mcp", listener.local_addr()?)?;
    out.flush()?;
    let stop = tokio_util::sync::CancellationToken::new();
    let parent = stop.clone();
    std::thread::spawn(move || {
        // Its input ends with the process that holds the other end.
        let _ = std::io::stdin().read(&mut [0]);
        parent.cancel();
    });
    http.serve(listener, stop).await?;
    mosaic.shutdown().await;
    node.close().await?;
    Ok(true)
}
