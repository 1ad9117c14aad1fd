//! A client that works: reads, writes, tasks, messages, and calls that it gives up.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest, ProtocolVersion};
use rmcp::service::{PeerRequestOptions, RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What the clients did.
pub(super) struct Tally {
    rounds: Vec<AtomicUsize>,
    calls: AtomicUsize,
    given_up: AtomicUsize,
    errors: Mutex<Vec<String>>,
}

impl Tally {
    pub(super) fn new(clients: usize) -> Self {
        let rounds = std::iter::repeat_with(AtomicUsize::default).take(clients).collect();
        Self { rounds, calls: AtomicUsize::new(0), given_up: AtomicUsize::new(0), errors: Mutex::default() }
    }

    /// The rounds of the client that has done fewest.
    pub(super) fn least(&self) -> usize {
        self.rounds.iter().map(|rounds| rounds.load(Ordering::Relaxed)).min().unwrap()
    }

    /// What failed, at most ten of it.
    pub(super) fn errors(&self) -> Vec<String> {
        self.errors.lock().clone()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, given_up) = (self.calls.load(Ordering::Relaxed), self.given_up.load(Ordering::Relaxed));
        write!(f, "{} clients, {calls} calls, {given_up} given up", self.rounds.len())
    }
}

/// A client that has not connected yet.
pub(super) struct Client {
    http: reqwest::Client,
    config: StreamableHttpClientTransportConfig,
}

fn name(number: usize) -> String {
    format!("agent-{number}")
}

pub(super) fn client(address: SocketAddr, number: usize) -> Client {
    // Reading the certificates of the system two hundred times takes longer than the test.
    let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let config = StreamableHttpClientTransportConfig::with_uri(format!("http://{address}/mcp"));
    Client { http, config: config.auth_header(name(number)) }
}

/// Works until it is told to stop, or something fails.
pub(super) async fn work(client: Client, number: usize, tally: Arc<Tally>, stop: CancellationToken) {
    if let Err(error) = try_to_work(client, number, &tally, &stop).await {
        let mut errors = tally.errors.lock();
        if errors.len() < 10 {
            errors.push(format!("client {number}: {error}"));
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn try_to_work(
    client: Client,
    number: usize,
    tally: &Tally,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let name = name(number);
    let lifecycle = match number % 2 {
        0 => ClientLifecycleMode::Initialize,
        _ => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    let transport = StreamableHttpClientTransport::with_client(client.http, client.config);
    let client = ().serve_with_lifecycle(transport, lifecycle).await?;
    let mut listening = None;
    if number % 4 == 1 {
        let filter = rmcp::model::SubscriptionFilter::builder().tools_list_changed().build();
        listening = Some(client.listen(filter).await?);
    }
    let calls = Calls { client: &client, tally };
    let agent = calls.call("agent_register_agent", json!({ "agent": name, "lease_seconds": 3_600 })).await?;
    calls.call("message_open_mailbox", json!({ "mailbox": name })).await?;
    calls.call("message_open_mailbox", json!({ "mailbox": format!("{name}-quiet") })).await?;
    let mut round = 0;
    while !stop.is_cancelled() {
        one_round(&calls, &name, &agent["incarnation"], number, round).await?;
        round += 1;
        tally.rounds[number].store(round, Ordering::Relaxed);
    }
    if let Some(mut listening) = listening {
        listening.cancel().await?;
    }
    client.cancel().await?;
    Ok(())
}

async fn one_round(
    calls: &Calls<'_>,
    name: &str,
    incarnation: &Value,
    number: usize,
    round: usize,
) -> Result<(), Failure> {
    if round.is_multiple_of(8) {
        let tools = calls.client.list_all_tools().await?;
        assert!(!tools.is_empty());
    }
    let repo = json!({ "repo": { "owner": "acme", "name": "whose" } });
    let whose = calls.call("git_get_repository", repo).await?;
    assert_eq!(whose["default_branch"], format!("acme-{name}"));

    let key = format!("load/{name}");
    calls.call("state_put_value", json!({ "key": key, "value": { "round": round } })).await?;
    let value = calls.call("state_get_value", json!({ "key": key })).await?;
    assert_eq!(value["value"], json!({ "round": round }), "{name}");

    let project = format!("load-{}", number % 8);
    calls.call("task_submit_task", json!({ "project": project, "title": format!("Round {round}") })).await?;
    let claim = json!({ "agent": name, "incarnation": incarnation });
    let claimed = calls.call("task_claim_tasks", claim).await?;
    for claim in claimed["tasks"].as_array().into_iter().flatten() {
        let report =
            json!({ "task": claim["task"]["task"], "token": claim["token"], "result": { "by": name } });
        calls.call("task_complete_task", report).await?;
    }

    calls.call("message_send_message", json!({ "to": name, "body": { "round": round } })).await?;
    let received = calls.call("message_receive_messages", json!({ "mailbox": name, "limit": 10 })).await?;
    let messages = received["messages"].as_array().cloned().unwrap_or_default();
    assert_eq!(messages.len(), 1, "{name} in round {round}: {messages:?}");
    let receipts = json!({ "mailbox": name, "receipts": [messages[0]["receipt"]] });
    calls.call("message_acknowledge_messages", receipts).await?;
    calls.call("state_delete_value", json!({ "key": key })).await?;
    if round % 4 == number % 4 {
        calls
            .give_up("message_receive_messages", json!({ "mailbox": format!("{name}-quiet"), "wait": 30 }))
            .await?;
    }
    Ok(())
}

struct Calls<'a> {
    client: &'a RunningService<RoleClient, ()>,
    tally: &'a Tally,
}

fn params(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(arguments.as_object().cloned().unwrap_or_default())
}

impl Calls<'_> {
    /// Calls a tool; one that says that it failed is a failure.
    async fn call(&self, tool: &'static str, arguments: Value) -> Result<Value, Failure> {
        let result = self
            .client
            .call_tool(params(tool, arguments))
            .await
            .map_err(|error| format!("{tool}: {error}"))?;
        if result.is_error == Some(true) {
            return Err(format!("{tool}: {:?}", result.content).into());
        }
        self.tally.calls.fetch_add(1, Ordering::Relaxed);
        Ok(result.structured_content.unwrap_or_default())
    }

    /// Calls a tool, and gives the call up while it is under way.
    async fn give_up(&self, tool: &'static str, arguments: Value) -> Result<(), Failure> {
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params(tool, arguments)));
        let handle = self.client.send_request_with_option(request, PeerRequestOptions::no_options()).await?;
        // Others have their turn meanwhile, so that it arrives now and then.
        tokio::task::yield_now().await;
        handle.cancel(Some("no longer wanted".to_owned())).await?;
        self.tally.given_up.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
