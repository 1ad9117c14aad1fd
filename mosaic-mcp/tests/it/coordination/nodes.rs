//! Several nodes over one store, and a store that survives.

use std::collections::HashSet;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::agents::{Agent, HeartbeatAgent};
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{Coordination, CoordinationOptions};
use mosaic_mcp::state::{Clock, State, StateOptions};

use super::{agent, origin, task};
use crate::support::SharedStore;

struct Node {
    state: State,
    node: Coordination,
}

impl Node {
    async fn open(store: &SharedStore, clock: Clock, options: CoordinationOptions) -> Self {
        let state = StateOptions::new().clock(clock).open(store.clone()).await.unwrap();
        Self { node: Coordination::open(state.clone(), options), state }
    }

    async fn close(self) {
        self.node.close().await;
        self.state.close().await.unwrap();
    }
}

/// Works as an agent on a node until there is nothing left; gives what it completed.
async fn work(tasks: Tasks, agent: Agent) -> Vec<(TaskId, u64)> {
    let cx = CallContext::new();
    let mut done = Vec::new();
    loop {
        let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(3u32);
        let claimed = tasks.claim_tasks(&cx, op).await.unwrap().tasks;
        if claimed.is_empty() {
            return done;
        }
        for claim in claimed {
            let (id, token) = (claim.task.task, claim.token);
            tasks.complete_task(&cx, CompleteTask::new(id.clone(), token)).await.unwrap();
            done.push((id, token));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn agents_on_two_nodes_never_get_the_same_task() {
    let (store, cx, clock) = (SharedStore::new(), CallContext::new(), Clock::tokio(origin()));
    let one = Node::open(&store, clock, CoordinationOptions::new()).await;
    let two = Node::open(&store, clock, CoordinationOptions::new()).await;
    let batch = (0..600).map(|n| task(["p", "q", "r"][n / 200], "T"));
    let mut batch = batch.collect::<Vec<_>>();
    while !batch.is_empty() {
        let some = batch.split_off(batch.len() - 200);
        one.node.tasks().submit_tasks(&cx, SubmitTasks::new(some)).await.unwrap();
    }
    let mut workers = tokio::task::JoinSet::new();
    for n in 0..12 {
        let node = [&one, &two][n % 2];
        // Registered at one node, at work on another.
        let agent = agent(&format!("a{n}")).slots(3u32);
        let agent = two.node.agents().register_agent(&cx, agent).await.unwrap();
        workers.spawn(work(node.node.tasks(), agent));
    }
    let done = workers.join_all().await.concat();
    assert_eq!(done.len(), 600);
    assert_eq!(done.iter().map(|(id, _)| id).collect::<HashSet<_>>().len(), 600);
    one.close().await;
    two.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_agent_of_a_dead_node_held_is_given_to_another() {
    let (store, cx, clock) = (SharedStore::new(), CallContext::new(), Clock::tokio(origin()));
    let one = Node::open(&store, clock, CoordinationOptions::new()).await;
    let two = Node::open(&store, clock, CoordinationOptions::new()).await;
    let ann = one.node.agents().register_agent(&cx, agent("ann").lease_seconds(10u64)).await.unwrap();
    let bob = two.node.agents().register_agent(&cx, agent("bob").lease_seconds(10u64)).await.unwrap();
    let id = one.node.tasks().submit_task(&cx, task("p", "T")).await.unwrap().task;
    let op = ClaimTasks::new(ann.agent, ann.incarnation);
    let old = one.node.tasks().claim_tasks(&cx, op).await.unwrap().tasks.remove(0);
    one.close().await;
    let mut taken = None;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let beat = HeartbeatAgent::new(bob.agent.clone(), bob.incarnation);
        two.node.agents().heartbeat_agent(&cx, beat).await.unwrap();
        let op = ClaimTasks::new(bob.agent.clone(), bob.incarnation);
        taken = two.node.tasks().claim_tasks(&cx, op).await.unwrap().tasks.pop();
        if taken.is_some() {
            break;
        }
    }
    let taken = taken.unwrap();
    assert_eq!((taken.task.task, taken.task.attempt), (id, 2));
    assert!(taken.token > old.token);
    two.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_waits_on_one_node_hears_of_a_task_from_another() {
    let (store, cx, clock) = (SharedStore::new(), CallContext::new(), Clock::tokio(origin()));
    let one = Node::open(&store, clock, CoordinationOptions::new()).await;
    let two = Node::open(&store, clock, CoordinationOptions::new()).await;
    let ann = two.node.agents().register_agent(&cx, agent("ann")).await.unwrap();
    let op = ClaimTasks::new(ann.agent, ann.incarnation).wait_seconds(60u64);
    let (tasks, submitting) = (two.node.tasks(), one.node.tasks());
    let (claimed, submitted) = tokio::join!(tasks.claim_tasks(&cx, op), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        submitting.submit_task(&cx, task("p", "T")).await.unwrap()
    });
    assert_eq!(claimed.unwrap().tasks[0].task.task, submitted.task);
    let waited = two.state.now().duration_since(origin());
    assert!(waited < jiff::SignedDuration::from_secs(6), "{waited}");
    one.close().await;
    two.close().await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn everything_is_there_after_a_file_was_closed_and_opened() {
    use mosaic_mcp::state::SqliteOptions;

    let (folder, cx) = (tempfile::tempdir().unwrap(), CallContext::new());
    let path = folder.path().join("state.db");
    let open = async || {
        let store = SqliteOptions::new().open(&path).await.unwrap();
        let state = State::open(store).await.unwrap();
        Node { node: Coordination::open(state.clone(), CoordinationOptions::new()), state }
    };
    let before = open().await;
    let (agents, tasks) = (before.node.agents(), before.node.tasks());
    let ann = agents.register_agent(&cx, agent("ann").slots(2u32).lease_seconds(3_600u64)).await.unwrap();
    let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).wait_seconds(60u64);
    let (claimed, submitted) = tokio::join!(tasks.claim_tasks(&cx, op.clone()), async {
        let batch = vec![task("p", "A").name("a"), task("p", "B").after(vec!["a".to_owned()])];
        tasks.submit_tasks(&cx, SubmitTasks::new(batch)).await.unwrap().tasks
    });
    let claim = claimed.unwrap().tasks.remove(0);
    before.close().await;

    let after = open().await;
    let tasks = after.node.tasks();
    let done = CompleteTask::new(claim.task.task, claim.token).result(serde_json::json!("done"));
    tasks.complete_task(&cx, done).await.unwrap();
    let next = tasks.claim_tasks(&cx, op).await.unwrap().tasks.remove(0);
    assert_eq!(next.task.task, submitted[1].task);
    let detail = tasks.get_task(&cx, GetTask::new(submitted[0].task.clone())).await.unwrap();
    assert_eq!((detail.task.state, detail.result), (TaskState::Completed, Some(serde_json::json!("done"))));
    after.close().await;
}
