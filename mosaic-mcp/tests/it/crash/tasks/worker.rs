//! A process in which several agents submit, claim and report.

use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::agents::{Agent, Agents, HeartbeatAgent, RegisterAgent};
use mosaic_mcp::coordination::tasks::{
    ClaimTasks, CompleteTask, FailTask, ReportProgress, Retry, ReturnTask, SubmitTask, SubmitTasks, TaskId,
    Tasks,
};
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
use serde_json::{Value, json};

use super::super::worker::{Called, called, say};

/// How many agents a worker has.
pub(super) const AGENTS: usize = 3;

/// The key of a batch.
pub(super) fn key(life: &str, agent: usize, batch: u64) -> String {
    format!("{life}-{agent}-{batch}")
}

/// Two tasks, one that waits for both, and one that may fail. The title of each is the key of its batch and its name.
fn batch(key: &str) -> SubmitTasks {
    let often = || Retry::new().attempts(100u32).first_seconds(0u64);
    let task = |name: &str| {
        let project = ProjectId::new("crash").unwrap();
        SubmitTask::new(project, format!("{key} {name}")).name(name).retry(often())
    };
    let after = vec!["a".to_owned(), "b".to_owned()];
    let fails = Retry::new().attempts(3u32).first_seconds(0u64);
    SubmitTasks::new(vec![task("a"), task("b"), task("c").after(after), task("fails").retry(fails)])
}

/// What a worker says came of a task.
pub(super) fn result(life: &str, token: u64) -> Value {
    json!({ "by": life, "token": token })
}

/// Submits a batch; gives the ids of its tasks.
async fn submit(tasks: &Tasks, cx: &CallContext, key: &str) -> String {
    let cx = cx.clone().idempotency_key(key);
    let submitted = tasks.submit_tasks(&cx, batch(key)).await.unwrap().tasks;
    submitted.iter().map(|task| task.task.to_string()).collect::<Vec<_>>().join(" ")
}

/// Reports on a task as one does who is dead, and whose agent has registered anew since.
async fn report_for(tasks: &Tasks, who: &str, id: &str, token: u64) {
    let (cx, id) = (CallContext::new(), id.parse::<TaskId>().unwrap());
    let late = ReportProgress::new(id.clone(), token);
    assert_eq!(tasks.report_progress(&cx, late).await.unwrap_err().kind(), ErrorKind::Conflict);
    let done = CompleteTask::new(id.clone(), token).result(result(who, token));
    match tasks.complete_task(&cx, done).await {
        // It had been reported just so before the end.
        Ok(_) => say(&format!("completed {id} {token} {who}")),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            say(&format!("refused {id} {token} {who}"));
        }
    }
}

/// An agent at work.
struct Worker {
    agents: Agents,
    tasks: Tasks,
    cx: CallContext,
    life: String,
    at: usize,
    agent: Agent,
}

impl Worker {
    async fn work(self) {
        let Self { agents, tasks, cx, life, at, agent } = self;
        let mut random = fastrand::Rng::new();
        for round in 0_u64.. {
            if round % 2 == 0 {
                let ids = submit(&tasks, &cx, &key(&life, at, round / 2)).await;
                say(&format!("submitted {at} {} {ids}", round / 2));
            }
            let beat = HeartbeatAgent::new(agent.agent.clone(), agent.incarnation);
            agents.heartbeat_agent(&cx, beat).await.unwrap();
            let claim = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(2u32);
            for claim in tasks.claim_tasks(&cx, claim).await.unwrap().tasks {
                let (id, token) = (claim.task.task, claim.token);
                say(&format!("claimed {id} {token}"));
                if random.bool() {
                    let progress = ReportProgress::new(id.clone(), token).percent(50u32).note("half");
                    tasks.report_progress(&cx, progress).await.unwrap();
                }
                if claim.task.title.ends_with("fails") && random.bool() {
                    tasks.fail_task(&cx, FailTask::new(id.clone(), token, "it fails")).await.unwrap();
                    say(&format!("up {id} {token}"));
                } else if random.u8(0..10) == 0 {
                    tasks.return_task(&cx, ReturnTask::new(id.clone(), token)).await.unwrap();
                    say(&format!("up {id} {token}"));
                } else {
                    let done = CompleteTask::new(id.clone(), token).result(result(&life, token));
                    tasks.complete_task(&cx, done).await.unwrap();
                    say(&format!("completed {id} {token} {life}"));
                }
            }
        }
    }
}

/// The worker. Does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some(Called { place, slot, life, left }) = called() else { return };
    let options = CoordinationOptions::new().tick_every(Some(Duration::from_millis(50)));
    let node = Coordination::open(place.open().await, options);
    let (agents, tasks) = (node.agents(), node.tasks());
    // Who registers anew takes back what those before it held.
    let mut workers = Vec::new();
    for at in 0..AGENTS {
        let name = format!("{slot}-{at}");
        let cx = CallContext::new().principal(Principal::agent(name.clone()));
        let agent = RegisterAgent::new(AgentId::new(name).unwrap()).slots(2u32).lease_seconds(600u64);
        let agent = agents.register_agent(&cx, agent).await.unwrap();
        workers.push(Worker {
            agents: agents.clone(),
            tasks: tasks.clone(),
            cx,
            life: life.clone(),
            at,
            agent,
        });
    }
    for word in &left {
        match word[0].as_str() {
            "held" => report_for(&tasks, &word[1], &word[2], word[3].parse().unwrap()).await,
            _ => say(&format!("again {} {}", word[1], submit(&tasks, &CallContext::new(), &word[1]).await)),
        }
    }
    // One that is never heard of again: its lease ends by itself.
    let (lost, cx) = (AgentId::new(format!("lost-{life}")).unwrap(), CallContext::new());
    let lost = agents.register_agent(&cx, RegisterAgent::new(lost).lease_seconds(1u64)).await.unwrap();
    match tasks.claim_tasks(&cx, ClaimTasks::new(lost.agent, lost.incarnation)).await {
        Ok(claimed) => {
            for claim in claimed.tasks {
                say(&format!("lost {} {}", claim.task.task, claim.token));
            }
        }
        // It had ended before that.
        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
    }
    let mut work = tokio::task::JoinSet::new();
    for worker in workers {
        work.spawn(worker.work());
    }
    while let Some(end) = work.join_next().await {
        end.unwrap();
    }
}
