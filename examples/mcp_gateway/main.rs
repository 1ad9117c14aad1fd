//! Three MCP servers behind one `/mcp`: a child process, another Mosaic over HTTP, and one that is dead. An agent calls their tools
//! under its roles; limits, breakers, the cache and the audit are those of every call.
//!
//! ```text
//! cargo run --features mcp --example mcp_gateway
//! ```
//!
//! It needs nothing else: the servers are made here, the child is this program started again.

mod agent;
mod remote;

use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agent::Agent;
use axum::Router;
use axum::routing::get;
use mosaic::engine::breaker::BreakerConfig;
use mosaic::engine::limit::LimitsConfig;
use mosaic::mcp::client::{CommandConfig, HttpServerConfig, RemoteConfig, RemoteServers};
use mosaic::mcp::node::Node;
use mosaic::mcp::security::audit::{AuditKeys, AuditSigner, export, verify};
use mosaic::mcp::security::token::TokenIssuer;
use mosaic::mcp::security::{Authenticators, Identity};
use mosaic::mcp::state::MemoryStore;
use mosaic::mcp::surface::{HttpOptions, Menu};
use mosaic::prelude::*;
use mosaic::types::{Secret, ServiceKind};
use remote::Listening;
use serde_json::json;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What agents may do here. Tools of remote servers are called in the servers' own words.
const RULES: &str = r#"{
    "roles": { "agent": { "allow": ["docs:vendor_read:*", "docs:vendor_write:*", "git:get_repository:*"] } },
    "bindings": [{ "who": "agent:*", "tenant": "*", "roles": ["agent"] }]
}"#;

#[tokio::main]
async fn main() -> Done {
    if std::env::args().nth(1).as_deref() == Some("sums") {
        return Ok(remote::sums().await?);
    }
    let (forge, asked) = remote::forge().await?;
    let issuer = TokenIssuer::generate("https://gateway.example", "gateway")?;
    let signer = AuditSigner::generate()?;
    let node = Node::builder(MemoryStore::new())
        .access(serde_json::from_str(RULES)?)
        .audit(signer.clone())
        .authenticators(Authenticators::new().with(issuer.authenticator()?))
        .open()
        .await?;
    let (servers, mosaic) = gateway(&node, &forge.url).await?;
    for standing in servers.standings() {
        match &standing.tools {
            Ok(tools) => println!("{} lives, with {} tools of its own", standing.server, tools.len()),
            Err(why) => println!("{} is dead: {why}", standing.server),
        }
    }

    // Beside the application's own routes. Who comes in proves who it is; the list shows what it may call.
    let server = node.server(mosaic.clone()).tools(servers.source(mosaic.clone()));
    let server = server.menu(Menu::all().groups(["git", "sums"])).build()?;
    let http = server.http(HttpOptions::new().authenticator(node.admission()))?;
    let app = Router::new().route("/", get("An application, with MCP servers at /mcp.\n"));
    let served = Listening::start(http, app).await?;

    let helper = Identity::new(TenantId::default_tenant(), Principal::agent("helper"))?;
    let token = issuer.issue(&helper, Duration::from_secs(600))?;
    let agent = Agent::start(&served.url, token).await?;
    show(&agent).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the forge was asked for two repositories, once each");
    assert!(
        Agent::start(&served.url, Secret::new("let me in")).await.is_err(),
        "nobody comes in without proof"
    );
    agent.stop().await;

    // Writes and denials are in the audit, and nothing of it was changed.
    let audit = node.audit().ok_or("the node has an audit")?;
    audit.flush().await?;
    let mut lines = Vec::new();
    export(node.state(), None, |line| {
        lines.push(line.to_owned());
        Ok(())
    })
    .await?;
    let of = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    assert!(of("docs.vendor_write") >= 3 && of("\"login\"") >= 1 && of("login_refused") >= 1, "{lines:#?}");
    let report = verify(node.state(), &AuditKeys::of(&signer), &[]).await?;
    assert!(report.fault.is_none());
    println!("the audit has {} records, and they hold", report.records);

    served.stop().await?;
    mosaic.shutdown().await;
    node.close().await?;
    forge.stop().await
}

/// An orchestra of three servers, under the access and the audit of the node.
async fn gateway(node: &Node, forge: &str) -> Done<(RemoteServers, Mosaic)> {
    let servers = RemoteServers::new();
    let this = std::env::current_exe()?.display().to_string();
    let sums = CommandConfig::new(this).arg("sums");
    let sums = RemoteConfig::command(sums).tools(["*"]).reads(["add"]);
    let forge = RemoteConfig::http(HttpServerConfig::new(forge)).operations(["git.get_repository"]);
    // Everything goes on without one that is optional.
    let dead = RemoteConfig::command(CommandConfig::new("no-such-program")).tools(["*"]).optional(true);

    let usual = ProviderConfig::default();
    let brittle = BreakerConfig { failures_in_a_row: 2, ..BreakerConfig::default() };
    let scarce = LimitsConfig { rate: Some((2, Duration::from_secs(3_600))), ..LimitsConfig::default() };
    let mut builder = Mosaic::builder().authorizer(node.authorizer());
    if let Some(audit) = node.audit() {
        builder = builder.audit(audit.clone());
    }
    for (name, service, config, treated) in [
        ("sums", ServiceKind::Docs, sums, ProviderConfig { breaker: brittle, ..usual }),
        ("forge", ServiceKind::Git, forge, ProviderConfig { limits: scarce, ..usual }),
        ("dead", ServiceKind::Docs, dead, usual),
    ] {
        builder =
            builder.provider_with(name, servers.plugin(ProviderId::new(name)?, service, config)?, treated);
    }
    // A call of a tool goes to its server alone; of several for one service the rules know each.
    let mosaic = builder.default_rule(Rule::any().to("sums").fallback(["dead"])).build().await?;
    Ok((servers, mosaic))
}

/// What the agent sees.
async fn show(agent: &Agent) -> Done {
    let tools = agent.tools()?;
    println!("the agent sees: {}", tools.join(", "));
    for shown in ["git_get_repository", "sums__add", "sums__fail"] {
        assert!(tools.contains(&shown.to_owned()), "{shown} is not listed");
    }
    // Neither what no role allows nor what is dead.
    assert!(!tools.iter().any(|tool| tool.starts_with("dead__") || tool == "git_delete_branch"));

    let five = agent.call("sums__add", json!({ "a": 2, "b": 3 })).await?;
    assert_eq!(five["sum"], 5);
    println!("the child adds: 2 + 3 = {}", five["sum"]);

    // Asked twice, the forge answers once.
    let repository = |name: &str| json!({ "repo": { "owner": "acme", "name": name } });
    for _ in 0..2 {
        let found = agent.call("git_get_repository", repository("widget")).await?;
        assert_eq!(found["default_branch"], "main");
    }
    agent.call("git_get_repository", repository("gadget")).await?;
    let often = agent.refused("git_get_repository", repository("gizmo")).await?;
    assert!(often.contains("throttled"), "{often}");
    println!("the third repository within an hour: {often}");
    // What is known costs nothing.
    agent.call("git_get_repository", repository("widget")).await?;

    let mut last = String::new();
    for _ in 0..3 {
        last = agent.refused("sums__fail", json!({})).await?;
    }
    assert!(last.contains("circuit"), "{last}");
    println!("after two failures in a row: {last}");

    let denied = agent.refused(
        "git_delete_branch",
        json!({ "repo": { "owner": "acme", "name": "widget" }, "branch": "main" }),
    );
    assert!(denied.await?.contains("permission_denied"));
    let dead = agent.refused("dead__read", json!({})).await?;
    assert!(dead.contains("there is no tool"), "{dead}");
    println!("the dead one: {dead}");
    Ok(())
}
