//! Two nodes of a team, each a process of its own, over one PostgreSQL and one Redis. One of them is killed in the middle of the
//! work: nothing is lost, and nothing is done twice.
//!
//! ```text
//! cargo run --features team --example team_node
//! cargo run --features team --example team_node -- --postgres postgres://me@localhost/test --redis redis://localhost/
//! ```
//!
//! Without addresses it starts servers of its own, where their programs are on this machine, and removes them at the end.

mod agent;
mod node;
mod servers;

use std::collections::HashMap;
use std::time::Duration;

use agent::{Agent, Report};
use futures_util::StreamExt as _;
use mosaic::context::Principal;
use mosaic::mcp::coordination::ProjectId;
use mosaic::mcp::coordination::tasks::{GetTask, Retry, SubmitTask, SubmitTasks, Task, TaskState};
use mosaic::mcp::node::Node;
use mosaic::mcp::security::Identity;
use mosaic::mcp::security::audit::{AuditKeys, AuditSigner, verify};
use mosaic::mcp::security::token::NewApiKey;
use mosaic::mcp::state::{Event, Since, Subscription, TopicFilter};
use mosaic::prelude::*;
use mosaic::types::TenantId;
use node::Told;
use servers::{Running, Servers};
use tokio::task::JoinSet;

/// Whatever went wrong.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

const TASKS: usize = 80;
const AGENTS: usize = 4;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    if node::serve_if_told().await? {
        return Ok(());
    }
    let servers = wanted()?;
    let told = Told::of(&servers)?;
    let ((first, url_a), (second, url_b)) = (told.spawn()?, told.spawn()?);
    println!("two nodes: {url_a} and {url_b}");

    // This process is a third node, which serves nobody: it gives out keys and tasks, and hears what happens on the others.
    let here = told.node()?.open().await?;
    let (cx, tenant) = (CallContext::new(), TenantId::default_tenant());
    let topics = TopicFilter::of_tenant(&tenant, "task.>")?;
    let heard = here.state().subscribe(topics.clone(), Since::Now);
    let project = ProjectId::new("release")?;
    let part = |n| {
        let retry = Retry::new().attempts(5u32).first_seconds(0u64);
        SubmitTask::new(project.clone(), format!("Part {n}")).retry(retry)
    };
    let batch = SubmitTasks::new((1..=TASKS).map(part).collect::<Vec<_>>());
    let tasks = here.tasks().submit_tasks(&cx, batch).await?.tasks;

    let watching = tokio::spawn(watch(heard, first, here.clone()));
    let (urls, mut working) = ([url_a, url_b], JoinSet::new());
    for n in 0..AGENTS {
        let name = format!("agent-{n}");
        let who = Identity::new(tenant.clone(), Principal::agent(&*name))?;
        let (_, key) = here.api_keys().create(NewApiKey::new(who, "an agent of the example")).await?;
        working.spawn(Agent::connect(name, &key, &urls, n % 2).await?.work());
    }
    let mut reports = Vec::new();
    while let Some(report) = working.join_next().await {
        reports.push(report??);
    }
    let slowest = tokio::time::timeout(Duration::from_secs(10), watching).await???;
    println!("this node heard of every task as it was completed, within {} ms", slowest.as_millis());
    assert!(slowest < Duration::from_secs(1), "what another node writes is heard within a second");
    compare(&here, &topics, &tasks, &reports).await?;
    // The second node ends as nodes do: it writes what it has, and goes.
    second.end()?;
    here.close().await?;

    let again = told.node()?.open().await?;
    let report = verify(again.state(), &AuditKeys::of(&AuditSigner::pem(&told.key)?), &[]).await?;
    assert!(report.fault.is_none(), "{report:?}");
    println!("the audit of all of them is one chain of {} records, and it holds", report.records);
    again.close().await?;
    Ok(())
}

/// The servers that the command line names, or new ones.
fn wanted() -> Result<Servers, Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Servers::start(),
        ["--postgres", postgres, "--redis", redis] | ["--redis", redis, "--postgres", postgres] => {
            Ok(Servers::at((*postgres).to_owned(), (*redis).to_owned()))
        }
        _ => Err("usage: team_node [--postgres URL --redis URL]".into()),
    }
}

/// Hears of completed tasks until there is nothing left to hear of, and kills a node when half of them are. Gives how long after it
/// happened an event was heard at most.
async fn watch(mut heard: Subscription, mut victim: Running, here: Node) -> Result<Duration, Failure> {
    let (mut completed, mut slowest) = (0, Duration::ZERO);
    while completed < TASKS {
        let event = heard.next().await.ok_or("the state was closed")??.event;
        let late = here.state().now().duration_since(event.at);
        slowest = slowest.max(Duration::try_from(late).unwrap_or_default());
        if &*event.kind != "task.completed" {
            continue;
        }
        completed += 1;
        if completed == TASKS / 2 {
            victim.kill()?;
            println!("{completed} of {TASKS} tasks are done, and the first node is killed");
        }
    }
    Ok(slowest)
}

/// Holds what agents were told against what is there, and against the log.
async fn compare(
    here: &Node,
    topics: &TopicFilter,
    tasks: &[Task],
    reports: &[Report],
) -> Result<(), Failure> {
    let mut told = HashMap::new();
    for done in reports.iter().flat_map(|report| &report.done) {
        let before = told.insert(done.task.clone(), done);
        assert!(before.is_none(), "{} is done twice", done.task);
    }
    assert_eq!(told.len(), TASKS, "every task was reported, and every report was answered");
    for task in tasks {
        let detail = here.tasks().get_task(&CallContext::new(), GetTask::new(task.task.clone())).await?;
        let done = told.get(&task.task.to_string()).ok_or("a task that nobody did")?;
        assert_eq!(detail.task.state, TaskState::Completed);
        assert_eq!(
            detail.result.unwrap_or_default()["by"],
            *done.by,
            "what was acknowledged is what is kept"
        );
    }
    let log = events(here, topics).await?;
    let completed = log.iter().filter(|event| &*event.kind == "task.completed").count();
    let claimed = log.iter().filter(|event| &*event.kind == "task.claimed").count();
    assert_eq!(completed, TASKS, "each was completed once");
    let (moves, lost): (usize, usize) =
        reports.iter().fold((0, 0), |sum, report| (sum.0 + report.moves, sum.1 + report.lost));
    println!(
        "{completed} tasks are done, each once, by {AGENTS} agents that went on at the other node {moves} times; {claimed} claims, \
         {lost} reports came too late"
    );
    Ok(())
}

/// All events of the topics.
async fn events(here: &Node, topics: &TopicFilter) -> Result<Vec<Event>, Failure> {
    let mut log: Vec<Event> = Vec::new();
    loop {
        let after = log.last().map_or(0, |event| event.offset);
        let piece = here.state().events(topics, after, 500).await?;
        if piece.is_empty() {
            return Ok(log);
        }
        log.extend(piece);
    }
}
