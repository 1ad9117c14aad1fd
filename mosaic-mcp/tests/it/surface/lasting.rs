//! Calls that take long, as tasks of the protocol.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::types::Effect;
use mosaic_mcp::surface::{CallToolResult, Lasting, McpServer, Question, Reply, Tool, ToolCall, ToolSource};
use rmcp::model::{
    CallToolResponse, CancelTaskParams, ElicitationAction, GetTaskParams, TaskPayload, TaskStatus,
    UpdateTaskParams,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::client::{Heard, Joined, Speaks, call, join};
use super::forge;

const SECOND: Duration = Duration::from_secs(1);

fn knowing(answer: Option<ElicitationAction>) -> Heard {
    Heard { tasks: true, answer, ..Heard::default() }
}

fn server() -> (McpServer, Arc<forge::Counts>) {
    let (builder, counts) = forge::server();
    let lasting = Lasting::new().after(2 * SECOND).keep(60 * SECOND).most(2);
    (builder.tools(Slow::new()).lasting(lasting).build().unwrap(), counts)
}

/// A tool that looks around for three seconds, asks, and only then does something.
struct Slow(Arc<[Arc<Tool>]>);

impl Slow {
    fn new() -> Self {
        let schema = json!({ "type": "object", "properties": {} });
        Self([Arc::new(Tool::new("slow", "slow_move", "Move slowly.", Effect::Create, schema))].into())
    }
}

#[async_trait]
impl ToolSource for Slow {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.0)
    }
    async fn call(&self, call: ToolCall) -> CallToolResult {
        sleep(3 * SECOND).await;
        match call.requester.ask("sure", Question::confirm("Are you sure?")).await {
            Ok(Reply::Given(_)) => CallToolResult::value(json!({ "moved": true })),
            Ok(_) => CallToolResult::value(json!({ "moved": false })),
            Err(error) => CallToolResult::fault(&mosaic_mcp::surface::Fault::new(&error, Effect::Create)),
        }
    }
}

/// Calls a tool and gives the id of the task that it has become.
async fn begin(joined: &Joined, tool: &str, arguments: Value) -> String {
    match joined.client.call_tool_once(call(tool, arguments)).await.unwrap() {
        CallToolResponse::Task(made) => made.task.task_id,
        other => panic!("{other:?}"),
    }
}

async fn get(joined: &Joined, id: &str) -> Result<(TaskStatus, TaskPayload), String> {
    let found = joined.client.get_task(GetTaskParams::new(id)).await.map_err(|error| error.to_string())?;
    Ok((found.task.task.status, found.task.payload))
}

fn log() -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" }, "run": "1", "job": "2" })
}

fn hangs() -> Value {
    json!({ "repo": { "owner": "acme", "name": "hangs" } })
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_long_is_answered_later_even_over_another_connection() {
    let (server, _) = server();
    let joined = join(&server, Speaks::New, knowing(None)).await;
    // What is quick is answered at once.
    let quick = json!({ "repo": { "owner": "acme", "name": "widget" } });
    let quick = joined.client.call_tool_once(call("git_get_repository", quick)).await.unwrap();
    assert!(matches!(quick, CallToolResponse::Complete(_)), "{quick:?}");
    let id = begin(&joined, "cicd_job_log", log()).await;
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Working);
    joined.leave().await;

    let joined = join(&server, Speaks::New, knowing(None)).await;
    sleep(3 * SECOND).await;
    let (status, payload) = get(&joined, &id).await.unwrap();
    let TaskPayload::Completed { result } = payload else { panic!("{payload:?}") };
    assert_eq!(status, TaskStatus::Completed);
    assert_eq!(result["structuredContent"]["items"].as_array().unwrap().len(), 4);
    // It is there until its time is over.
    joined.client.cancel_task(CancelTaskParams::new(&id)).await.unwrap();
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Completed);
    sleep(60 * SECOND).await;
    assert!(get(&joined, &id).await.unwrap_err().contains("no such task"));
    joined.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_can_be_given_up_and_is_when_its_time_is_over() {
    let (server, counts) = server();
    let joined = join(&server, Speaks::New, knowing(None)).await;
    let id = begin(&joined, "git_get_repository", hangs()).await;

    joined.client.cancel_task(CancelTaskParams::new(&id)).await.unwrap();
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Cancelled);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(counts.given_up(), 1);
    for none in ["", "0", "019c0000-0000-7000-8000-000000000000"] {
        assert!(get(&joined, none).await.is_err());
        joined.client.cancel_task(CancelTaskParams::new(none)).await.unwrap_err();
    }
    // One that still runs when its time is over is given up.
    begin(&joined, "git_get_repository", hangs()).await;
    sleep(61 * SECOND).await;
    assert_eq!(counts.given_up(), 2);
    joined.leave().await;
}

#[tokio::test(start_paused = true)]
async fn tasks_are_bounded_and_only_for_clients_that_know_them() {
    let (server, counts) = server();
    let joined = join(&server, Speaks::New, knowing(None)).await;
    let first = begin(&joined, "git_get_repository", hangs()).await;
    begin(&joined, "git_get_repository", hangs()).await;
    // The third waits as long as it takes.
    let waits = joined.call("cicd_job_log", log()).await;
    assert_eq!(waits.structured_content.unwrap()["items"].as_array().unwrap().len(), 4);
    for speaks in Speaks::BOTH {
        let plain = join(&server, speaks, Heard::default()).await;
        assert_eq!(plain.call("cicd_job_log", log()).await.is_error, Some(false));
        assert!(get(&plain, &first).await.is_err(), "{speaks:?}");
        plain.leave().await;
    }
    joined.leave().await;
    // What runs ends with the server.
    assert_eq!(counts.given_up(), 0);
    drop(server);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(counts.given_up(), 2);

    let never = forge::server().0.lasting(None).build().unwrap();
    let joined = join(&never, Speaks::New, knowing(None)).await;
    assert!(get(&joined, &first).await.unwrap_err().contains("tasks/get"));
    joined.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_on_the_way_is_answered_by_an_update() {
    let (server, _) = server();
    let joined = join(&server, Speaks::New, knowing(Some(ElicitationAction::Accept))).await;
    let id = begin(&joined, "slow_move", json!({})).await;
    sleep(2 * SECOND).await;
    let (status, payload) = get(&joined, &id).await.unwrap();
    let TaskPayload::InputRequired { input_requests } = payload else { panic!("{payload:?}") };
    assert_eq!(status, TaskStatus::InputRequired);
    assert_eq!(input_requests.keys().collect::<Vec<_>>(), ["sure"]);

    let update = async |key: &str| {
        let said = [(key.to_owned(), json!({ "action": "accept", "content": {} }))].into();
        joined.client.update_task(UpdateTaskParams::new(&id, said)).await.unwrap();
    };
    // What was not asked changes nothing.
    update("other").await;
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::InputRequired);
    update("sure").await;
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Working);
    sleep(4 * SECOND).await;
    let (_, payload) = get(&joined, &id).await.unwrap();
    let TaskPayload::Completed { result } = payload else { panic!("{payload:?}") };
    assert_eq!(result["structuredContent"], json!({ "moved": true }));
    joined.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_is_given_to_those_who_may_see_what_it_is_about() {
    use mosaic_mcp::security::access::{Access, AccessConfig};

    let allowing = |allow: &str| -> AccessConfig {
        let bindings = json!([{ "who": "user:ann", "tenant": "*", "roles": ["reader"] }]);
        let roles = json!({ "reader": { "allow": [allow] } });
        serde_json::from_value(json!({ "roles": roles, "bindings": bindings })).unwrap()
    };
    let access = Access::new(&allowing("cicd:job_log:*")).unwrap();
    let server =
        forge::server().0.gate(access.clone()).lasting(Lasting::new().after(SECOND)).build().unwrap();
    let joined = join(&server, Speaks::New, knowing(None)).await;
    let id = begin(&joined, "cicd_job_log", log()).await;
    sleep(5 * SECOND).await;
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Completed);
    // The tool may still be called, but not about this.
    access.replace(&allowing("cicd:job_log:acme/other")).unwrap();
    assert!(get(&joined, &id).await.unwrap_err().contains("no such task"));
    access.replace(&allowing("cicd:job_log:acme/widget")).unwrap();
    assert_eq!(get(&joined, &id).await.unwrap().0, TaskStatus::Completed);
    joined.leave().await;
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_task_is_its_callers_alone() {
    use rmcp::ClientServiceExt as _;
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    use super::http::guarded;
    use super::listening::Listening;

    let (builder, counts) = forge::server();
    let server = builder.lasting(Lasting::new().after(Duration::ZERO)).build().unwrap();
    let listening = Listening::new(&server, guarded()).await;
    let client = async |name: &str| {
        let config = StreamableHttpClientTransportConfig::with_uri(listening.url()).auth_header(name);
        let transport = StreamableHttpClientTransport::from_config(config);
        knowing(None).serve_with_lifecycle(transport, Speaks::New.lifecycle()).await.unwrap()
    };
    let (bob, carol) = (client("bob").await, client("carol").await);
    let made = bob.call_tool_once(call("git_get_repository", hangs())).await.unwrap();
    let CallToolResponse::Task(made) = made else { panic!("{made:?}") };
    let id = made.task.task_id;
    let said = [("confirm".to_owned(), json!({ "action": "accept" }))].into();
    carol.get_task(GetTaskParams::new(&id)).await.unwrap_err();
    carol.cancel_task(CancelTaskParams::new(&id)).await.unwrap_err();
    carol.update_task(UpdateTaskParams::new(&id, said)).await.unwrap_err();
    let task = bob.get_task(GetTaskParams::new(&id)).await.unwrap().task;
    assert_eq!((task.status(), counts.given_up()), (TaskStatus::Working, 0));
    bob.cancel_task(CancelTaskParams::new(&id)).await.unwrap();
    while counts.given_up() == 0 {
        tokio::task::yield_now().await;
    }
    bob.cancel().await.unwrap();
    carol.cancel().await.unwrap();
    listening.stop().await;
}

/// Knows ann by two tokens: one of a role, one of none.
#[cfg(feature = "http")]
struct Broad;

#[cfg(feature = "http")]
#[async_trait]
impl mosaic_mcp::security::Authenticator for Broad {
    async fn authenticate(
        &self,
        token: &mosaic_core::types::Secret,
    ) -> mosaic_core::Result<Option<mosaic_mcp::security::Identity>> {
        use mosaic_mcp::security::{Identity, RoleName};

        let ann = mosaic_core::context::Principal::user("ann");
        let ann = Identity::new(mosaic_core::types::TenantId::new("acme").unwrap(), ann)?;
        Ok(Some(if token.expose() == "broad" { ann.with_roles([RoleName::new("broad")?])? } else { ann }))
    }
}

/// A tool that asks when it may, and then does something.
#[cfg(feature = "http")]
struct Asks {
    tools: Arc<[Arc<Tool>]>,
    may_ask: tokio_util::sync::CancellationToken,
    done: Arc<std::sync::atomic::AtomicUsize>,
}

#[cfg(feature = "http")]
#[async_trait]
impl ToolSource for Asks {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.tools)
    }
    async fn call(&self, call: ToolCall) -> CallToolResult {
        self.may_ask.cancelled().await;
        match call.requester.ask("sure", Question::confirm("Are you sure?")).await {
            Ok(_) => {
                self.done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                CallToolResult::value(json!({ "moved": true }))
            }
            Err(error) => CallToolResult::fault(&mosaic_mcp::surface::Fault::new(&error, Effect::Create)),
        }
    }
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_token_of_few_permissions_gets_nothing_out_of_a_call_of_another() {
    use mosaic_mcp::security::access::{Access, AccessConfig};
    use mosaic_mcp::security::{Admission, Authenticators};
    use mosaic_mcp::surface::HttpOptions;
    use rmcp::ClientServiceExt as _;
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    use super::listening::Listening;

    let rules = json!({ "roles": { "broad": { "allow": ["mcp:call_tool:*"] } } });
    let rules: AccessConfig = serde_json::from_value(rules).unwrap();
    let access = Access::new(&rules).unwrap();
    let schema = json!({ "type": "object", "properties": {} });
    let tools = [Arc::new(Tool::new("asks", "asks", "Ask, then move.", Effect::Create, schema))].into();
    let (may_ask, done) = (tokio_util::sync::CancellationToken::new(), Arc::default());
    let source = Asks { tools, may_ask: may_ask.clone(), done: Arc::clone(&done) };
    let builder = forge::server().0.tools(source).gate(access.clone());
    let server = builder.lasting(Lasting::new().after(Duration::ZERO)).build().unwrap();
    let door = Admission::new(Authenticators::new().with(Broad), access.clone());
    let listening = Listening::new(&server, HttpOptions::new().authenticator(door)).await;
    let client = async |name: &str| {
        let config = StreamableHttpClientTransportConfig::with_uri(listening.url()).auth_header(name);
        let transport = StreamableHttpClientTransport::from_config(config);
        knowing(Some(ElicitationAction::Accept))
            .serve_with_lifecycle(transport, Speaks::New.lifecycle())
            .await
            .unwrap()
    };
    let (broad, narrow) = (client("broad").await, client("narrow").await);
    let made = broad.call_tool_once(call("asks", json!({}))).await.unwrap();
    let CallToolResponse::Task(made) = made else { panic!("{made:?}") };
    // The client was answered with a task first.
    may_ask.cancel();
    let id = made.task.task_id;
    let get = async || broad.get_task(GetTaskParams::new(&id)).await.unwrap().task;
    while get().await.status() == TaskStatus::Working {
        tokio::task::yield_now().await;
    }
    assert_eq!(get().await.status(), TaskStatus::InputRequired);
    let error = narrow.get_task(GetTaskParams::new(&id)).await.unwrap_err();
    assert!(error.to_string().contains("no such task"), "{error}");

    let said = [("sure".to_owned(), json!({ "action": "accept", "content": {} }))].into();
    narrow.update_task(UpdateTaskParams::new(&id, said)).await.unwrap();
    while get().await.status() == TaskStatus::Working {
        tokio::task::yield_now().await;
    }
    let TaskPayload::Completed { result } = get().await.payload else { panic!("not over") };
    assert_eq!(result["isError"], true, "it ran again as whoever answered");
    assert_eq!(done.load(std::sync::atomic::Ordering::SeqCst), 0);
    // Nor is the result given out when the permission was taken away.
    access.replace(&AccessConfig::default()).unwrap();
    broad.get_task(GetTaskParams::new(&id)).await.unwrap_err();
    broad.cancel().await.unwrap();
    narrow.cancel().await.unwrap();
    listening.stop().await;
}
