//! What a claim costs, however much waits; and how turns are shared.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::State;

use super::{Rig, agent, task, texts};
use crate::ground::Ground;
use crate::support::SharedStore;

/// How many questions one claim of one, and one of fifty, ask, and how many entries they touch, where so many tasks wait.
async fn cost(store: SharedStore, waiting: usize) -> [(u64, u64); 2] {
    let cx = CallContext::new();
    let state = State::open(store.clone()).await.unwrap();
    let node = Coordination::open(state.clone(), CoordinationOptions::new().tick_every(None));
    let tasks = node.tasks();
    let mut left = waiting;
    while left > 0 {
        let some = left.min(1_000);
        let batch = (0..some).map(|_| task("p", "T").requires(texts(&["rust"]))).collect::<Vec<_>>();
        tasks.submit_tasks(&cx, SubmitTasks::new(batch)).await.unwrap();
        left -= some;
    }
    let ann = agent("ann").offers(texts(&["rust"])).slots(256u32);
    let ann = node.agents().register_agent(&cx, ann).await.unwrap();
    let claim = async |limit: u32| {
        let before = (store.questions(), store.rows());
        let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(limit);
        let claimed = tasks.claim_tasks(&cx, op).await.unwrap().tasks.len();
        assert_eq!(claimed, usize::try_from(limit).unwrap());
        (store.questions() - before.0, store.rows() - before.1)
    };
    let asked = [claim(1).await, claim(50).await];
    node.close().await;
    state.close().await.unwrap();
    asked
}

#[tokio::test]
async fn what_a_claim_costs_does_not_grow_with_the_backlog() {
    let few = cost(SharedStore::new(), 200).await;
    assert_eq!(few, cost(SharedStore::new(), 100_000).await);
    assert!(few[0].0 <= 6 && few[1].0 <= 6, "{few:?}");
}

#[tokio::test]
async fn what_a_claim_costs_does_not_grow_with_the_sets_of_requirements() {
    let store = SharedStore::new();
    let cx = CallContext::new();
    let state = State::open(store.clone()).await.unwrap();
    let node = Coordination::open(state.clone(), CoordinationOptions::new().tick_every(None));
    let tasks = node.tasks();
    let offers: Vec<String> = (0..8).map(|n| format!("o{n}")).collect();
    // Each of the subsets of eight: the agent can do them all.
    let batch = (0..250_u32).map(|n| {
        let requires =
            offers.iter().enumerate().filter(|(at, _)| n >> at & 1 == 1).map(|(_, offer)| offer.clone());
        task("p", "T").requires(requires.collect::<Vec<_>>())
    });
    tasks.submit_tasks(&cx, SubmitTasks::new(batch.collect::<Vec<_>>())).await.unwrap();
    let ann = agent("ann").offers(offers).slots(256u32);
    let ann = node.agents().register_agent(&cx, ann).await.unwrap();
    let mut left = 250;
    while left > 0 {
        let before = store.questions();
        let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(10u32);
        let claimed = tasks.claim_tasks(&cx, op).await.unwrap().tasks;
        assert_eq!(claimed.len(), 10, "{left} are left");
        // For each of 32 sets the turns and the queues, for each task the first of its queue, and what they share.
        let asked = store.questions() - before;
        assert!(asked <= 2 * 32 + 10 + 4, "{asked} questions");
        left -= claimed.len();
        let reports = claimed.into_iter().map(|claim| CompleteTask::new(claim.task.task, claim.token));
        let done = CompleteTasks::new(reports.collect::<Vec<_>>());
        assert_eq!(tasks.complete_tasks(&cx, done).await.unwrap().tasks.len(), 10);
    }
    node.close().await;
    state.close().await.unwrap();
}

/// 20,000 tasks in a file; a million where `MOSAIC_SOAK` is `full`.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn soak_what_a_claim_costs_in_a_file_does_not_grow_with_the_backlog() {
    use mosaic_mcp::state::SqliteStore;

    let folder = tempfile::tempdir().unwrap();
    let store = async |name| SharedStore::over(SqliteStore::open(folder.path().join(name)).await.unwrap());
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    let few = cost(store("few.db").await, 200).await;
    assert_eq!(few, cost(store("many.db").await, if full { 1_000_000 } else { 20_000 }).await);
    assert!(few[0].0 <= 6 && few[1].0 <= 6, "{few:?}");
}

#[tokio::test(start_paused = true)]
async fn projects_have_turns_by_weight_and_none_starves() {
    let rig = Rig::open(&Ground::memory()).await;
    let weights = [("a", 1_u32), ("b", 2), ("c", 5)];
    for (project, weight) in weights {
        let op = SetProject::new(ProjectId::new(project).unwrap(), weight);
        assert_eq!(rig.tasks.set_project(&rig.cx, op).await.unwrap().weight, weight);
        for _ in 0..3 {
            let batch = (0..1_000).map(|n| task(project, "T").priority(n % 3)).collect::<Vec<_>>();
            rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
        }
    }
    let ann = rig.agent(agent("ann").slots(256u32).lease_seconds(86_400u64)).await;
    let take = async |limit: u32, had: &mut BTreeMap<String, u32>| {
        let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(limit);
        let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
        for claim in &claimed {
            *had.entry(claim.task.project.to_string()).or_default() += 1;
        }
        let done = claimed.into_iter().map(|claim| (claim.task, claim.token));
        for (task, token) in done {
            rig.tasks.complete_task(&rig.cx, CompleteTask::new(task.task, token)).await.unwrap();
        }
    };
    // One by one and many at once come to the same.
    for limit in [1, 7, 160] {
        let mut had = BTreeMap::new();
        for _ in 0..160 / limit {
            take(limit, &mut had).await;
        }
        let total: u32 = had.values().sum();
        for (project, weight) in weights {
            let off = f64::from(had[project]) - f64::from(total) * f64::from(weight) / 8.0;
            assert!(off.abs() <= 3.0, "{limit} at once: {had:?}");
        }
    }
    // One that comes late has its turns at once, and not more than those.
    rig.tasks
        .submit_tasks(&rig.cx, SubmitTasks::new((0..500).map(|_| task("late", "T")).collect::<Vec<_>>()))
        .await
        .unwrap();
    let mut had = BTreeMap::new();
    take(90, &mut had).await;
    assert!((8..=12).contains(&had["late"]), "{had:?}");
    rig.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_set_of_requirements_that_is_rarely_served_does_not_starve_nor_take_over() {
    let rig = Rig::open(&Ground::memory()).await;
    let plain = rig.agent(agent("plain").slots(256u32).lease_seconds(86_400u64)).await;
    let both = rig.agent(agent("both").offers(texts(&["gpu"])).slots(256u32).lease_seconds(86_400u64)).await;
    for requires in [&[][..], &["gpu"]] {
        for _ in 0..2 {
            let batch = (0..500).map(|_| task("p", "T").requires(texts(requires))).collect::<Vec<_>>();
            rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
        }
    }
    let claim = async |agent: &mosaic_mcp::coordination::agents::Agent, limit: u32| {
        let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(limit);
        let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
        claimed.iter().filter(|claim| claim.task.requires.is_empty()).count()
    };
    assert_eq!(claim(&plain, 250).await, 250);
    let plain_tasks = claim(&both, 100).await;
    assert!((30..=50).contains(&plain_tasks), "{plain_tasks} of 100");
    rig.close().await;
}
