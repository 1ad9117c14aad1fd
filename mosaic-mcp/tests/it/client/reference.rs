//! The reference servers of the protocol, and its conformance suite, where they are installed: `MOSAIC_NODE22` is the program of
//! Node, `MOSAIC_MCP_TOOLS` the directory with the packages.
//!
//! Servers that listen on all interfaces run in a network of their own, and so does the test that calls them: this program
//! starts itself there.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_mcp::client::{CommandConfig, Handshake, HttpServerConfig, RemoteConfig, RemoteServers};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

/// Node and the directory of a package, where both are installed.
fn installed(package: &str) -> Option<(PathBuf, PathBuf)> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(node), Some(tools)) = (variable("MOSAIC_NODE22"), variable("MOSAIC_MCP_TOOLS")) else {
        eprintln!("skipped: MOSAIC_NODE22 and MOSAIC_MCP_TOOLS are not set");
        return None;
    };
    Some((node, tools.join("node_modules/@modelcontextprotocol").join(package)))
}

async fn orchestra(config: RemoteConfig) -> (RemoteServers, Orchestrator) {
    let servers = RemoteServers::new();
    let plugin = servers.plugin(id(), ServiceKind::Docs, config.tools(["*"])).unwrap();
    let mosaic = Orchestrator::builder().provider("server", plugin).build().await.unwrap();
    (servers, mosaic)
}

fn id() -> ProviderId {
    ProviderId::new("server").unwrap()
}

async fn call(
    (servers, mosaic): &(RemoteServers, Orchestrator),
    tool: &str,
    arguments: Value,
) -> mosaic_core::Result<String> {
    let answer = servers.call(mosaic, &CallContext::new(), &id(), tool, arguments).await?;
    Ok(answer["content"][0]["text"].as_str().unwrap_or_default().to_owned())
}

/// What server-everything can do, whatever the way to it.
async fn everything(config: RemoteConfig) {
    let both = orchestra(config).await;
    let tools = both.0.standings()[0].tools.clone().unwrap();
    assert!(tools.iter().any(|tool| tool.name == "echo"));
    assert!(call(&both, "echo", json!({ "message": "hello" })).await.unwrap().contains("hello"));
    assert!(call(&both, "get-sum", json!({ "a": 5, "b": 3 })).await.unwrap().contains('8'));
    // Arguments that do not fit are refused.
    let error = call(&both, "get-sum", json!({ "a": "five" })).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Provider), "{error:?}");
    both.1.shutdown().await;
}

#[tokio::test]
async fn server_everything_over_stdio() {
    let Some((node, package)) = installed("server-everything") else { return };
    let command = CommandConfig::new(node.display().to_string())
        .arg(package.join("dist/index.js").display().to_string())
        .arg("stdio");
    everything(RemoteConfig::command(command)).await;
}

#[tokio::test]
async fn server_filesystem_over_stdio() {
    let Some((node, package)) = installed("server-filesystem") else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().canonicalize().unwrap().join("plan.md");
    std::fs::write(&file, "the plan\n").unwrap();
    let command = CommandConfig::new(node.display().to_string())
        .arg(package.join("dist/index.js").display().to_string())
        .arg(file.parent().unwrap().display().to_string());
    let both = orchestra(RemoteConfig::command(command).trust_hints(true)).await;
    let read = |path: &Path| json!({ "path": path.display().to_string() });
    assert_eq!(call(&both, "read_text_file", read(&file)).await.unwrap(), "the plan\n");
    let error = call(&both, "read_text_file", read(Path::new("/etc/hostname"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider, "it allows its own directory alone");
    both.1.shutdown().await;
}

/// Runs an ignored test of this program in a network of its own.
async fn apart(test: &str) {
    let this = std::env::current_exe().unwrap();
    let script = r#"ip link set lo up && exec "$0" --ignored --exact "$1" --nocapture"#;
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", script]).arg(this).arg(test).kill_on_drop(true);
    let status = timeout(PATIENCE * 2, command.status()).await.unwrap().unwrap();
    assert!(status.success(), "{test} failed");
}

#[tokio::test]
async fn server_everything_over_http() {
    if installed("server-everything").is_some() {
        apart("client::reference::server_everything_over_http_apart").await;
    }
}

#[tokio::test]
#[ignore = "started by another test, in a network of its own"]
async fn server_everything_over_http_apart() {
    let (node, package) = installed("server-everything").unwrap();
    let mut server = Command::new(node)
        .arg(package.join("dist/index.js"))
        .arg("streamableHttp")
        .env("PORT", "3001")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stderr.take().unwrap()).lines();
    let listens = async {
        while let Some(line) = said.next_line().await.unwrap() {
            if line.contains("3001") {
                return;
            }
        }
        panic!("it ended");
    };
    timeout(PATIENCE, listens).await.unwrap();
    everything(RemoteConfig::http(HttpServerConfig::new("http://127.0.0.1:3001/mcp"))).await;
    server.kill().await.unwrap();
}

#[tokio::test]
async fn the_conformance_suite_of_clients() {
    if installed("conformance").is_some() {
        apart("client::reference::the_conformance_suite_of_clients_apart").await;
    }
}

#[tokio::test]
#[ignore = "started by another test, in a network of its own"]
async fn the_conformance_suite_of_clients_apart() {
    let (node, package) = installed("conformance").unwrap();
    let results = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let client =
        format!("{} --ignored --exact client::reference::plays_a_client --nocapture", this.display());
    for scenario in ["initialize", "tools_call", "sse-retry"] {
        let run = Command::new(&node)
            .arg(package.join("dist/index.js"))
            .args(["client", "--command", &client, "--scenario", scenario, "-o"])
            .arg(results.path())
            .kill_on_drop(true)
            .output();
        let run = timeout(PATIENCE, run).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{scenario}:\n{said}");
        eprintln!("{scenario}: passed");
    }
}

/// The client that the suite starts: it calls what the scenario has to call. Its address is the last argument.
#[tokio::test]
#[ignore = "started by the conformance suite"]
async fn plays_a_client() {
    let url = std::env::args().next_back().unwrap();
    // The servers of the suite answer questions that they do not know with an empty result.
    let config =
        RemoteConfig::http(HttpServerConfig::new(url)).handshake(Handshake::Initialize).call_ms(20_000);
    let both = orchestra(config).await;
    let tools = both.0.standings()[0].tools.clone().unwrap();
    for tool in tools {
        let arguments = match tool.name.as_str() {
            "add_numbers" => json!({ "a": 5, "b": 3 }),
            _ => json!({}),
        };
        call(&both, &tool.name, arguments).await.unwrap();
    }
    both.1.shutdown().await;
}
