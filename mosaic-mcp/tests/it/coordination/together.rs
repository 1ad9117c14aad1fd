//! Two things at once: what each promises holds while the other happens.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::agents::{AgentState, GetAgent, HeartbeatAgent, ListAgents, RegisterAgent};
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::{Clock, Key, KeyRange, StateOptions};
use serde_json::json;

use super::{Rig, agent, origin, task, texts};
use crate::ground::{Ground, on_every_store};
use crate::support::SharedStore;

async fn a_task_is_not_replayed_while_those_that_wait_for_it_are_being_told(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(2u32)).await;
    let once = Retry::new().attempts(1u32);
    let root = rig.submit(task("p", "Root").retry(once).priority(9)).await.task;
    let after = texts(&[&root.to_string()]);
    let many = (0..300).map(|_| task("p", "Clean up").after(after.clone()).rule(Rule::Failure));
    rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(many.collect::<Vec<_>>())).await.unwrap();
    let claim = rig.claim(&ann).await.unwrap();
    rig.tasks.fail_task(&rig.cx, FailTask::new(root.clone(), claim.token, "broken")).await.unwrap();
    let replay = async || rig.tasks.replay_task(&rig.cx, ReplayTask::new(root.clone())).await;
    let early = replay().await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Conflict);
    let wanted = format!(
        "those that wait for task {root} are still being told that it is dead: try again in a second"
    );
    assert_eq!(early.message(), wanted);

    rig.pass(0).await;
    let ready = rig.tasks.get_project(&rig.cx, GetProject::new(ProjectId::new("p").unwrap())).await.unwrap();
    assert_eq!(ready.ready, 300, "every one of them heard that it is dead");
    assert_eq!(replay().await.unwrap().state, TaskState::Ready);
    let next = rig.submit(task("p", "Next").after(after)).await.task;
    rig.pass(0).await;
    assert_eq!(rig.task(&next).await.state, TaskState::Blocked, "it waits for the new attempt");
    rig.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_dropped_with_its_answer_unread_is_given_back() {
    let rig = Rig::open(&Ground::memory()).await;
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).wait_seconds(60u64);
    let mut claim = Box::pin(rig.tasks.claim_tasks(&rig.cx, op));
    tokio::select! {
        biased;
        _ = &mut claim => unreachable!("there is no task"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    let id = rig.submit(task("p", "T")).await.task;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.task(&id).await.state, TaskState::Running, "the answer waits to be read");
    drop(claim);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let back = rig.task(&id).await;
    assert_eq!((back.state, back.attempt), (TaskState::Ready, 0));
    rig.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_waits_has_its_task_although_the_store_was_silent_when_it_came() {
    let store = SharedStore::new();
    let state = StateOptions::new().clock(Clock::tokio(origin())).open(store.clone()).await.unwrap();
    let node = Coordination::open(state.clone(), CoordinationOptions::new());
    let (tasks, cx) = (node.tasks(), CallContext::new());
    let ann = agent("ann").lease_seconds(86_400u64);
    let ann = node.agents().register_agent(&cx, ann).await.unwrap();
    let began = tokio::time::Instant::now();
    let op = ClaimTasks::new(ann.agent, ann.incarnation).wait_seconds(300u64);
    let waiting = tokio::spawn({
        let (tasks, cx) = (tasks.clone(), cx.clone());
        async move { tasks.claim_tasks(&cx, op).await.unwrap().tasks.len() }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.mute(true);
    tasks.submit_task(&cx, task("p", "T")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    store.mute(false);
    assert_eq!(waiting.await.unwrap(), 1);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    node.close().await;
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_of_what_is_due_that_cannot_be_read_keeps_nothing_waiting() {
    let rig = Rig::with(&Ground::memory(), CoordinationOptions::new()).await;
    let bad = Key::of(&["due", "0"]).unwrap();
    rig.state.put(bad.clone(), "").await.unwrap();
    let at = origin() + jiff::SignedDuration::from_secs(5);
    let id = rig.submit(task("p", "T").not_before(at)).await.task;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(rig.task(&id).await.state, TaskState::Ready);
    assert!(rig.state.get(&bad).await.unwrap().is_some(), "it is left alone");
    rig.close().await;
}

async fn a_batch_of_results_that_is_too_large_reports_nothing(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(80u32)).await;
    let batch = (0..70).map(|_| task("p", "T")).collect::<Vec<_>>();
    rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
    let op = ClaimTasks::new(ann.agent, ann.incarnation).limit(70u32);
    let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
    let result = json!("x".repeat(250 << 10));
    let reports: Vec<_> = claimed
        .iter()
        .map(|claim| CompleteTask::new(claim.task.task.clone(), claim.token).result(result.clone()))
        .collect();
    let refused = rig.tasks.complete_tasks(&rig.cx, CompleteTasks::new(reports.clone())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    for half in reports.chunks(35) {
        let done = rig.tasks.complete_tasks(&rig.cx, CompleteTasks::new(half.to_vec())).await.unwrap();
        assert!(done.refused.is_empty());
        assert!(done.tasks.iter().all(|task| task.state == TaskState::Completed));
    }
    rig.close().await;
}

async fn what_an_agent_never_heard_of_having_it_learns_by_its_heartbeat(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann")).await;
    let id = rig.submit(task("p", "T").input(json!(7))).await.task;
    drop(rig.claim(&ann).await);
    let beat = HeartbeatAgent::new(ann.agent.clone(), ann.incarnation);
    let held = rig.agents.heartbeat_agent(&rig.cx, beat).await.unwrap().tasks.remove(0);
    assert_eq!(held.task, id);
    let detail = rig.tasks.get_task(&rig.cx, GetTask::new(id.clone())).await.unwrap();
    assert_eq!(detail.input, Some(json!(7)), "it has what it needs to do it");
    let back = rig.tasks.return_task(&rig.cx, ReturnTask::new(id, held.token)).await.unwrap();
    assert_eq!((back.state, back.attempt), (TaskState::Ready, 0));
    rig.close().await;
}

async fn submitting_again_under_a_key_needs_nothing_that_was_removed_meanwhile(on: &Ground) {
    let options = CoordinationOptions::new().tick_every(None).keep(Duration::from_secs(60));
    let rig = Rig::with(on, options).await;
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let first = rig.submit(task("p", "First")).await.task;
    let claim = rig.claim(&ann).await.unwrap();
    rig.tasks.complete_task(&rig.cx, CompleteTask::new(first.clone(), claim.token)).await.unwrap();
    let second = task("p", "Second").after(texts(&[&first.to_string()])).idempotency_key("second");
    let submitted = rig.submit(second.clone()).await;
    rig.pass(61).await;
    let gone = rig.tasks.get_task(&rig.cx, GetTask::new(first)).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(rig.submit(second.clone()).await.task, submitted.task);
    let other = rig.tasks.submit_task(&rig.cx, second.idempotency_key("other")).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::NotFound);
    rig.close().await;
}

async fn an_agent_that_never_comes_back_is_forgotten_with_all_that_leads_to_it(on: &Ground) {
    let rig = Rig::open(on).await;
    let here = rig.agent(agent("here").lease_seconds(86_400u64)).await;
    for n in 0..3 {
        let one = agent(&format!("run-{n}")).offers(texts(&["rust"])).lease_seconds(30u64);
        rig.agent(one).await;
    }
    let count = async || {
        let mut keys = 0;
        for room in ["agent", "agent-offers", "due"] {
            keys += rig.state.range(&KeyRange::below(&[room]).unwrap(), 100).await.unwrap().len();
        }
        keys
    };
    rig.pass(31).await;
    let lost = rig.agents.list_agents(&rig.cx, ListAgents::new().state(AgentState::Lost)).await.unwrap();
    assert_eq!(lost.items.len(), 3);
    // One comes back.
    rig.pass(3_600).await;
    rig.agent(agent("run-0").offers(texts(&["rust"])).lease_seconds(30u64)).await;
    rig.pass(6 * 86_400).await;
    let again = RegisterAgent::new(here.agent.clone()).lease_seconds(86_400u64);
    rig.agent(again).await;
    rig.pass(86_400).await;
    let run = |n: usize| {
        let name = mosaic_mcp::coordination::AgentId::new(format!("run-{n}")).unwrap();
        rig.agents.get_agent(&rig.cx, GetAgent::new(name))
    };
    assert_eq!(run(1).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(run(0).await.unwrap().state, AgentState::Lost, "it was heard of later");
    rig.pass(60).await;
    assert_eq!(run(0).await.unwrap_err().kind(), ErrorKind::NotFound);
    // One record of who was here last, and when to look at it.
    assert_eq!(count().await, 2);
    rig.close().await;
}

on_every_store! {
    a_task_is_not_replayed_while_those_that_wait_for_it_are_being_told,
    a_batch_of_results_that_is_too_large_reports_nothing,
    what_an_agent_never_heard_of_having_it_learns_by_its_heartbeat,
    submitting_again_under_a_key_needs_nothing_that_was_removed_meanwhile,
    an_agent_that_never_comes_back_is_forgotten_with_all_that_leads_to_it,
}
