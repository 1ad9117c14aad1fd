//! Tasks of the protocol that several servers keep in one state: any of them answers for a call, wherever it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::{Effect, TenantId};
use mosaic_mcp::node::Node;
use mosaic_mcp::security::access::{Access, AccessConfig};
use mosaic_mcp::security::seal::{Keyring, LocalKey};
use mosaic_mcp::state::{Clock, KeyRange, State, StateOptions};
use mosaic_mcp::surface::{
    CallToolResult, Content, Fault, Lasting, McpServer, Question, Tool, ToolCall, ToolSource,
};
use parking_lot::Mutex;
use rmcp::model::{
    CallToolResponse, CancelTaskParams, ElicitationAction, GetTaskParams, TaskPayload, TaskStatus,
    UpdateTaskParams,
};
use serde_json::{Value, json};
use tokio::time::advance;
use tokio_util::sync::CancellationToken;

use super::client::{Heard, Joined, Speaks, call, join};
use super::forge::Anyone;
use crate::coordination::origin;
use crate::ground::{Ground, Spot, on_every_store};
use crate::support::SharedStore;

const SECOND: Duration = Duration::from_secs(1);

on_every_store!(
    a_call_is_asked_for_at_another_node_and_its_result_may_be_large,
    a_call_is_given_up_at_another_node_and_stopped_where_it_runs,
    a_question_is_answered_at_another_node_which_goes_on,
    a_call_whose_node_is_gone_has_failed_and_may_have_done_something,
    a_call_whose_node_closes_has_failed_at_once,
    others_find_nothing_wherever_they_ask,
    the_bound_holds_over_all_nodes,
    whoever_may_no_longer_make_the_call_gets_nothing_anywhere,
);

/// What a tool of a site did.
#[derive(Clone, Default)]
struct Done {
    begun: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
    /// The idempotency keys of the calls that came to their end.
    ended: Arc<Mutex<Vec<Option<String>>>>,
    may: CancellationToken,
}

/// A tool that waits until it may go on, asks where it is told to, and says where it ran.
struct Moves {
    tools: Arc<[Arc<Tool>]>,
    place: &'static str,
    done: Done,
}

/// Counts a call that is dropped before its end.
struct Stopped(Option<Arc<AtomicUsize>>);

impl Drop for Stopped {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl ToolSource for Moves {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.tools)
    }
    async fn call(&self, call: ToolCall) -> CallToolResult {
        self.done.begun.fetch_add(1, Ordering::SeqCst);
        let mut stopped = Stopped(Some(Arc::clone(&self.done.stopped)));
        self.done.may.cancelled().await;
        let asked = match call.arguments["asks"] == true {
            true => call.requester.ask("sure", Question::confirm("Are you sure?")).await.map(drop),
            false => Ok(()),
        };
        stopped.0 = None;
        if let Err(error) = asked {
            return CallToolResult::fault(&Fault::new(&error, Effect::Create));
        }
        self.done.ended.lock().push(call.cx.key().map(str::to_owned));
        let bytes = call.arguments["bytes"].as_u64().unwrap_or(0) as usize;
        let mut result = CallToolResult::content(vec![Content::text("x".repeat(bytes))]);
        result.structured_content = Some(json!({ "at": self.place }));
        result
    }
}

/// A node: a state over a store that others share, and a server.
struct Site {
    state: State,
    server: McpServer,
    done: Done,
}

fn ann() -> CallContext {
    CallContext::new().tenant(TenantId::new("acme").unwrap()).principal(Principal::user("ann"))
}

/// Two stores of one place, at one time.
struct Pair {
    clock: Clock,
    spot: Spot,
}

impl Pair {
    fn new(on: &Ground) -> Self {
        Self { clock: Clock::tokio(origin()), spot: on.spot() }
    }

    async fn site(&self, place: &'static str, who: CallContext) -> Site {
        self.guarded(place, who, Anyone).await
    }

    async fn guarded(
        &self,
        place: &'static str,
        who: CallContext,
        gate: impl mosaic_mcp::function::Gate,
    ) -> Site {
        let options = StateOptions::new().clock(self.clock);
        let state = options.open_shared(self.spot.open().await).await.unwrap();
        let schema = json!({ "type": "object", "properties": {} });
        let tools = [Arc::new(Tool::new("moves", "moves", "Move.", Effect::Create, schema))].into();
        let done = Done::default();
        let source = Moves { tools, place, done: done.clone() };
        let lasting = Lasting::new().after(Duration::ZERO).most(2);
        let server = McpServer::builder().tools(source).acts_as(who).gate(gate);
        let server = server.lasting(lasting).lasting_in(state.clone()).build().unwrap();
        Site { state, server, done }
    }
}

impl Site {
    async fn client(&self) -> Joined {
        client(&self.server).await
    }

    async fn close(self) {
        drop(self.server);
        self.state.close().await.unwrap();
    }
}

async fn client(server: &McpServer) -> Joined {
    let heard = Heard { tasks: true, ..Heard::answering(ElicitationAction::Accept) };
    join(server, Speaks::New, heard).await
}

async fn begin(joined: &Joined, arguments: Value) -> String {
    match joined.client.call_tool_once(call("moves", arguments)).await.unwrap() {
        CallToolResponse::Task(made) => made.task.task_id,
        other => panic!("{other:?}"),
    }
}

async fn get(joined: &Joined, id: &str) -> Result<TaskPayload, String> {
    let found = joined.client.get_task(GetTaskParams::new(id)).await.map_err(|error| error.to_string())?;
    Ok(found.task.payload)
}

async fn update(joined: &Joined, id: &str, key: &str) {
    let said = [(key.to_owned(), json!({ "action": "accept", "content": {} }))].into();
    joined.client.update_task(UpdateTaskParams::new(id, said)).await.unwrap();
}

/// Lets time go on, little by little, until something is so: nodes that share a file look for what others wrote now and then.
async fn until(wanted: &str, is_so: impl AsyncFnMut() -> bool) {
    waiting(wanted, Duration::from_millis(1), is_so).await;
}

/// It has a minute of real time, so that what never happens fails by name.
async fn waiting(wanted: &str, step: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < 60 * SECOND, "{wanted}: waited for in vain");
        advance(step).await;
        tokio::task::yield_now().await;
    }
}

/// What a call has come to, once it is no longer under way.
async fn over(joined: &Joined, id: &str) -> TaskPayload {
    until("the end of a call", async || get(joined, id).await.unwrap().status() != TaskStatus::Working).await;
    get(joined, id).await.unwrap()
}

async fn a_call_is_asked_for_at_another_node_and_its_result_may_be_large(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) = (pair.site("here", ann()).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    // Of several pieces, and of more than are kept.
    let large = 2 * 1024 * 1024 + 7;
    let id = begin(&asks, json!({ "bytes": large })).await;
    let too_large = begin(&asks, json!({ "bytes": 9 * 1024 * 1024 })).await;
    until("the other node to know it", async || get(&other, &id).await.is_ok()).await;
    assert_eq!(get(&other, &id).await.unwrap(), TaskPayload::Working);
    here.done.may.cancel();
    for joined in [&other, &asks] {
        let TaskPayload::Completed { result } = over(joined, &id).await else { panic!("no result") };
        assert_eq!(result["structuredContent"], json!({ "at": "here" }));
        assert_eq!(result["content"][0]["text"].as_str().unwrap().len(), large);
        let TaskPayload::Failed { error } = over(joined, &too_large).await else { panic!("a result") };
        assert!(error["message"].as_str().unwrap().contains("too large"), "{error:?}");
        assert_eq!(error["data"]["outcome"], "unknown");
    }
    // When its time is over nothing is left of it.
    advance(601 * SECOND).await;
    until("its end", async || get(&other, &id).await.is_err()).await;
    let range = KeyRange::prefix("mcp-call");
    until("nothing to be left", async || there.state.range(&range, 10).await.unwrap().is_empty()).await;
    asks.leave().await;
    other.leave().await;
    here.close().await;
    there.close().await;
}

async fn a_call_is_given_up_at_another_node_and_stopped_where_it_runs(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) = (pair.site("here", ann()).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    let (id, stays) = (begin(&asks, json!({})).await, begin(&asks, json!({})).await);
    until("both to begin", async || here.done.begun.load(Ordering::SeqCst) == 2).await;
    other.client.cancel_task(CancelTaskParams::new(&id)).await.unwrap();
    until("it to be stopped", async || here.done.stopped.load(Ordering::SeqCst) == 1).await;
    assert_eq!(get(&other, &id).await.unwrap(), TaskPayload::Cancelled);
    until("the first node to know", async || get(&asks, &id).await.unwrap() == TaskPayload::Cancelled).await;
    here.done.may.cancel();
    assert!(matches!(over(&other, &stays).await, TaskPayload::Completed { .. }));
    assert_eq!(here.done.ended.lock().len(), 1);
    // What is over stays as it is.
    other.client.cancel_task(CancelTaskParams::new(&stays)).await.unwrap();
    assert!(matches!(get(&other, &stays).await.unwrap(), TaskPayload::Completed { .. }));
    asks.leave().await;
    other.leave().await;
    here.close().await;
    there.close().await;
}

async fn a_question_is_answered_at_another_node_which_goes_on(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) =
        (pair.site("here", ann().idempotency_key("k-1")).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    let id = begin(&asks, json!({ "asks": true })).await;
    here.done.may.cancel();
    let TaskPayload::InputRequired { input_requests } = over(&asks, &id).await else { panic!("no question") };
    assert_eq!(input_requests.keys().collect::<Vec<_>>(), ["sure"]);
    until("the other node to know", async || {
        matches!(get(&other, &id).await.unwrap(), TaskPayload::InputRequired { .. })
    })
    .await;
    update(&other, &id, "of nobody").await;
    assert!(matches!(get(&other, &id).await.unwrap(), TaskPayload::InputRequired { .. }));
    update(&other, &id, "sure").await;
    // The same answer again begins nothing.
    update(&asks, &id, "sure").await;
    until("it to begin again", async || there.done.begun.load(Ordering::SeqCst) == 1).await;
    there.done.may.cancel();
    let TaskPayload::Completed { result } = over(&other, &id).await else { panic!("no result") };
    assert_eq!(result["structuredContent"], json!({ "at": "there" }));
    assert_eq!(*there.done.ended.lock(), [Some("k-1".to_owned())], "it is the same call");
    assert_eq!((here.done.begun.load(Ordering::SeqCst), here.done.ended.lock().len()), (1, 0));
    asks.leave().await;
    other.leave().await;
    here.close().await;
    there.close().await;
}

async fn a_call_whose_node_is_gone_has_failed_and_may_have_done_something(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) = (pair.site("here", ann()).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    let id = begin(&asks, json!({})).await;
    // As long as its node says that it is alive, it is.
    for _ in 0..12 {
        advance(5 * SECOND).await;
        let is_alive = async || {
            let nodes = there.state.range(&KeyRange::prefix("mcp-call-node/"), 10).await.unwrap();
            nodes[0].expires.unwrap().duration_since(there.state.now()).as_secs() >= 14
        };
        // Without more time: what is written takes real time.
        waiting("its node to say so", Duration::ZERO, is_alive).await;
    }
    assert_eq!(get(&other, &id).await.unwrap(), TaskPayload::Working);
    asks.leave().await;
    here.close().await;
    assert_eq!(get(&other, &id).await.unwrap(), TaskPayload::Working);
    advance(31 * SECOND).await;
    let TaskPayload::Failed { error } = get(&other, &id).await.unwrap() else { panic!("not failed") };
    assert_eq!(error["data"]["outcome"], "unknown");
    assert!(error["data"]["advice"].as_str().unwrap().starts_with("It may have happened."), "{error:?}");
    // It stays so, and answers change nothing.
    other.client.cancel_task(CancelTaskParams::new(&id)).await.unwrap();
    update(&other, &id, "sure").await;
    assert!(matches!(get(&other, &id).await.unwrap(), TaskPayload::Failed { .. }));
    other.leave().await;
    there.close().await;
}

async fn a_call_whose_node_closes_has_failed_at_once(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) = (pair.site("here", ann()).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    let (id, at_the_other) = (begin(&asks, json!({})).await, begin(&other, json!({})).await);
    until("the other node to know it", async || get(&other, &id).await.is_ok()).await;
    here.server.close().await.unwrap();
    assert_eq!(here.done.stopped.load(Ordering::SeqCst), 1);
    for joined in [&other, &asks] {
        let TaskPayload::Failed { error } = get(joined, &id).await.unwrap() else { panic!("not failed") };
        assert_eq!(error["data"]["outcome"], "unknown");
    }
    // Calls of others go on, and this one answers for them, but keeps none of its own any more.
    assert_eq!(get(&asks, &at_the_other).await.unwrap(), TaskPayload::Working);
    here.done.may.cancel();
    let CallToolResponse::Complete(done) =
        asks.client.call_tool_once(call("moves", json!({}))).await.unwrap()
    else {
        panic!("it was kept")
    };
    assert_eq!(done.structured_content, Some(json!({ "at": "here" })));
    here.server.close().await.unwrap();
    asks.leave().await;
    here.close().await;
    other.leave().await;
    there.close().await;
}

async fn others_find_nothing_wherever_they_ask(on: &Ground) {
    let pair = Pair::new(on);
    let here = pair.site("here", ann()).await;
    let asks = here.client().await;
    let id = begin(&asks, json!({})).await;
    let bob = ann().principal(Principal::user("bob"));
    let agent = ann().principal(Principal::agent("ann"));
    let badged = ann().principal(Principal::user("ann").with_credential("badge"));
    let elsewhere = ann().tenant(TenantId::new("other").unwrap());
    for stranger in [bob, agent, badged, elsewhere] {
        let site = pair.site("there", stranger).await;
        let other = site.client().await;
        assert!(get(&other, &id).await.unwrap_err().contains("no such task"));
        other.client.cancel_task(CancelTaskParams::new(&id)).await.unwrap_err();
        let said = [("sure".to_owned(), json!({}))].into();
        other.client.update_task(UpdateTaskParams::new(&id, said)).await.unwrap_err();
        other.leave().await;
        site.close().await;
    }
    assert_eq!(get(&asks, &id).await.unwrap(), TaskPayload::Working);
    assert_eq!(here.done.stopped.load(Ordering::SeqCst), 0);
    asks.leave().await;
    here.close().await;
}

async fn the_bound_holds_over_all_nodes(on: &Ground) {
    let pair = Pair::new(on);
    let (here, there) = (pair.site("here", ann()).await, pair.site("there", ann()).await);
    let (asks, other) = (here.client().await, there.client().await);
    begin(&asks, json!({})).await;
    begin(&other, json!({})).await;
    // The third waits for its answer.
    let third = async {
        match other.client.call_tool_once(call("moves", json!({}))).await.unwrap() {
            CallToolResponse::Complete(result) => result.structured_content.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let release = async {
        until("it to begin", async || there.done.begun.load(Ordering::SeqCst) == 2).await;
        for _ in 0..50 {
            get(&asks, "019c0000-0000-7000-8000-000000000000").await.unwrap_err();
        }
        there.done.may.cancel();
    };
    let (answer, ()) = tokio::join!(third, release);
    assert_eq!(answer, json!({ "at": "there" }));
    // Another caller has room, and so has this one when the time of those is over.
    let bob = pair.site("bobs", ann().principal(Principal::user("bob"))).await;
    let bobs = bob.client().await;
    begin(&bobs, json!({})).await;
    advance(601 * SECOND).await;
    begin(&asks, json!({})).await;
    for joined in [asks, other, bobs] {
        joined.leave().await;
    }
    for site in [here, there, bob] {
        site.close().await;
    }
}

async fn whoever_may_no_longer_make_the_call_gets_nothing_anywhere(on: &Ground) {
    let allowing = |allow: &[&str]| -> AccessConfig {
        let roles = json!({ "mover": { "allow": allow } });
        let bindings = json!([{ "who": "user:ann", "tenant": "*", "roles": ["mover"] }]);
        serde_json::from_value(json!({ "roles": roles, "bindings": bindings })).unwrap()
    };
    let pair = Pair::new(on);
    let access = Access::new(&allowing(&["mcp:call_tool:*"])).unwrap();
    let here = pair.guarded("here", ann(), access.clone()).await;
    let there = pair.guarded("there", ann(), access.clone()).await;
    let (asks, other) = (here.client().await, there.client().await);
    let id = begin(&asks, json!({ "asks": true })).await;
    here.done.may.cancel();
    there.done.may.cancel();
    assert!(matches!(over(&asks, &id).await, TaskPayload::InputRequired { .. }));
    until("the other node to know", async || {
        matches!(get(&other, &id).await.unwrap(), TaskPayload::InputRequired { .. })
    })
    .await;
    access.replace(&allowing(&["mcp:get_prompt:*"])).unwrap();
    for joined in [&asks, &other] {
        assert!(get(joined, &id).await.unwrap_err().contains("no such task"));
    }
    // What is run again is run with what is allowed now.
    update(&other, &id, "sure").await;
    let is_over = async || {
        let stored = there.state.range(&KeyRange::prefix("mcp-call/"), 10).await.unwrap();
        stored.len() == 1 && String::from_utf8_lossy(&stored[0].value).contains("completed")
    };
    until("it to be over", is_over).await;
    access.replace(&allowing(&["mcp:call_tool:*"])).unwrap();
    for joined in [&asks, &other] {
        let TaskPayload::Completed { result } = over(joined, &id).await else { panic!("no result") };
        assert_eq!(result["isError"], true);
    }
    assert_eq!((here.done.ended.lock().len(), there.done.ended.lock().len()), (0, 0));
    asks.leave().await;
    other.leave().await;
    here.close().await;
    there.close().await;
}

#[tokio::test(start_paused = true)]
async fn nodes_keep_them_in_their_state_and_seal_them() {
    let (store, (key, _)) = (SharedStore::new(), LocalKey::generate().unwrap());
    let keys = Keyring::new(key).unwrap();
    let one = Node::builder(store.clone()).seal(keys.clone()).open().await.unwrap();
    let two = Node::builder(store.clone()).seal(keys).open().await.unwrap();
    let server = |node: &Node| {
        let cx = CallContext::new();
        let server = node.server(super::forge::forge().0).acts_as(cx);
        server.lasting(Lasting::new().after(Duration::ZERO)).build().unwrap()
    };
    let (here, there) = (server(&one), server(&two));
    let (asks, other) = (client(&here).await, client(&there).await);
    let hangs = json!({ "repo": { "owner": "hush-hush", "name": "hangs" } });
    let made = asks.client.call_tool_once(call("git_get_repository", hangs)).await.unwrap();
    let CallToolResponse::Task(made) = made else { panic!("{made:?}") };
    assert_eq!(get(&other, &made.task.task_id).await.unwrap(), TaskPayload::Working);
    let stored = mosaic_mcp::state::StateStore::range(&store, &KeyRange::prefix("mcp-call/"), 10).await;
    let stored = stored.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(!String::from_utf8_lossy(&stored[0].value).contains("hush-hush"));
    // A node that closes says what becomes of those that its servers run.
    one.close().await.unwrap();
    assert!(matches!(get(&other, &made.task.task_id).await.unwrap(), TaskPayload::Failed { .. }));
    asks.leave().await;
    other.leave().await;
    two.close().await.unwrap();
}
