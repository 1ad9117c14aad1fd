//! What must hold after the kills, and after one agent has finished everything.

use std::collections::{BTreeMap, HashMap, HashSet};

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::agents::RegisterAgent;
use mosaic_mcp::coordination::tasks::{
    Claim, ClaimTasks, CompleteTask, CompleteTasks, GetTask, ListTasks, ReplayTask, Task, TaskId, TaskState,
    Tasks,
};
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions};
use serde::Deserialize;

use super::super::place::events;
use super::super::{Place, kills};
use super::{Said, worker};

/// What an event tells of a task.
#[derive(Deserialize)]
struct Told {
    task: String,
    attempt: u32,
    token: Option<u64>,
}

/// What the log tells of a task.
#[derive(Default)]
struct Course {
    submitted: usize,
    /// The tokens of its claims, and the offset of the first.
    tokens: Vec<u64>,
    first_claim: u64,
    completed: Vec<(u64, u64)>,
}

/// All tasks there are.
async fn all(tasks: &Tasks) -> Vec<Task> {
    let (mut op, mut all) = (ListTasks::new(), Vec::new());
    loop {
        let page = tasks.list_tasks(&CallContext::new(), op.clone()).await.unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => op.page.cursor = Some(next),
            None => return all,
        }
    }
}

/// One agent that finishes everything: what it completed, by task.
async fn finish(node: &Coordination) -> HashMap<String, u64> {
    let (tasks, cx) = (node.tasks(), CallContext::new());
    let survivor =
        RegisterAgent::new(AgentId::new("survivor").unwrap()).slots(256u32).lease_seconds(86_400u64);
    let survivor = node.agents().register_agent(&cx, survivor).await.unwrap();
    let mut done = HashMap::new();
    loop {
        while tasks.tick().await.unwrap().more {}
        for dead in all(&tasks).await.into_iter().filter(|task| task.state == TaskState::Dead) {
            assert!(dead.title.ends_with("fails"), "{dead:?}");
            tasks.replay_task(&cx, ReplayTask::new(dead.task)).await.unwrap();
        }
        let claim = ClaimTasks::new(survivor.agent.clone(), survivor.incarnation).limit(256u32);
        let claimed = tasks.claim_tasks(&cx, claim).await.unwrap().tasks;
        if claimed.is_empty() {
            return done;
        }
        let report = |task: &Claim| {
            let result = worker::result("survivor", task.token);
            CompleteTask::new(task.task.task.clone(), task.token).result(result)
        };
        let reports = CompleteTasks::new(claimed.iter().map(report).collect::<Vec<_>>());
        let completed = tasks.complete_tasks(&cx, reports).await.unwrap();
        assert!(completed.refused.is_empty(), "{:?}", completed.refused);
        done.extend(claimed.into_iter().map(|claim| (claim.task.task.to_string(), claim.token)));
    }
}

pub(super) async fn check(place: &Place, said: &Said) {
    let state = place.open_later().await;
    let node = Coordination::open(state.clone(), CoordinationOptions::new().tick_every(None));
    let before: HashMap<String, Task> =
        all(&node.tasks()).await.into_iter().map(|task| (task.task.to_string(), task)).collect();
    for (id, (token, who)) in &said.completed {
        assert_eq!(before[id].state, TaskState::Completed, "{id}: acknowledged to {who} under {token}");
    }
    let finished = finish(&node).await;
    let tasks = all(&node.tasks()).await;

    let mut courses = BTreeMap::<String, Course>::new();
    for event in events(&state, "*.task.>").await {
        let told: Told = serde_json::from_slice(&event.data).unwrap();
        let course = courses.entry(told.task.clone()).or_default();
        match &*event.kind {
            "task.submitted" => course.submitted += 1,
            "task.claimed" => {
                assert!(course.completed.is_empty(), "{}: claimed after it was completed", told.task);
                let most = if before[&told.task].title.ends_with("fails") { 3 } else { 100 };
                assert!((1..=most).contains(&told.attempt), "{}: attempt {}", told.task, told.attempt);
                course.tokens.push(told.token.unwrap());
                if course.tokens.len() == 1 {
                    course.first_claim = event.offset;
                }
            }
            "task.completed" => course.completed.push((told.token.unwrap(), event.offset)),
            _ => {}
        }
    }
    assert_eq!(courses.len(), tasks.len(), "what has a course is there");
    let mut titles = HashSet::new();
    for task in &tasks {
        let (id, course) = (task.task.to_string(), &courses[&task.task.to_string()]);
        assert!(titles.insert(task.title.clone()), "{} was submitted twice", task.title);
        assert_eq!((course.submitted, task.state), (1, TaskState::Completed), "{task:?}");
        assert!(course.tokens.is_sorted_by(|a, b| a < b), "{id}: tokens grow");
        let [(token, _)] = course.completed[..] else { panic!("{id} was completed {:?}", course.completed) };
        assert_eq!(course.tokens.last(), Some(&token), "{id}: the last claim is the one that counts");
        // Its result is that of who had this token.
        let detail =
            node.tasks().get_task(&CallContext::new(), GetTask::new(task.task.clone())).await.unwrap();
        let result = detail.result.unwrap();
        assert_eq!(result["token"], token, "{id}");
        if let Some(acknowledged) = said.completed.get(&id) {
            assert_eq!((&token, result["by"].as_str()), (&acknowledged.0, Some(&*acknowledged.1)), "{id}");
            assert!(!finished.contains_key(&id), "{id} was done again");
        } else if let Some(by_survivor) = finished.get(&id) {
            assert_eq!(&token, by_survivor, "{id}");
        }
        for after in &task.after {
            let (_, ended) = courses[&after.to_string()].completed[0];
            assert!(ended < course.first_claim, "{id} began before {after} had ended");
        }
    }
    // A batch is there as a whole or not at all, and is there where it was acknowledged.
    let mut batches = HashMap::<&str, usize>::new();
    for title in &titles {
        *batches.entry(title.split_once(' ').unwrap().0).or_default() += 1;
    }
    assert!(batches.values().all(|tasks| *tasks == 4), "{batches:?}");
    for (key, ids) in &said.submitted {
        assert_eq!(batches.get(&**key), Some(&4), "{key} was acknowledged and is lost");
        assert!(
            ids.len() == 4 && ids.iter().all(|id| before[id].title.starts_with(&format!("{key} "))),
            "{key}"
        );
    }
    for (id, token) in said.claimed.keys() {
        assert!(courses[id].tokens.contains(token), "the claim of {id} under {token} is lost");
    }
    let over = said.refused.iter().chain(&said.given_up);
    for (id, token) in over {
        assert_ne!(courses[id].completed[0].0, *token, "{id}: {token} was over");
    }
    // A token of the dead is of no use afterwards, either.
    for (id, token) in &said.refused {
        let late = CompleteTask::new(id.parse::<TaskId>().unwrap(), *token).result("late");
        let error = node.tasks().complete_task(&CallContext::new(), late).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{id}");
    }
    println!(
        "{} batches and {} completions were acknowledged, {} tokens of the dead refused; {} of {} tasks were left",
        said.submitted.len(),
        said.completed.len(),
        said.refused.len(),
        finished.len(),
        tasks.len()
    );
    assert!(
        said.completed.len() > kills() && said.refused.len() > kills() / 10,
        "the workers worked: {said:?}"
    );
    node.close().await;
    state.close().await.unwrap();
}
