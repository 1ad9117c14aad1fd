//! Two agents share the work of a release: tasks that wait for each other, claims that expire, and what happened as events.
//!
//! ```text
//! cargo run --features mcp --example agents_and_tasks
//! ```
//!
//! Everything lies in a folder that is removed at the end; with a folder of one's own it is there again after a restart.

use std::error::Error;

use mosaic::mcp::coordination::agents::{Agents, RegisterAgent};
use mosaic::mcp::coordination::shared::ReadEvents;
use mosaic::mcp::coordination::tasks::{
    ClaimTasks, CompleteTask, GetTask, SubmitTask, SubmitTasks, TaskState, Tasks,
};
use mosaic::mcp::coordination::{AgentId, ProjectId};
use mosaic::mcp::node::Node;
use mosaic::prelude::*;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let node = Node::local(folder.path()).open().await?;
    let (cx, project) = (CallContext::new(), ProjectId::new("widget")?);

    // All of them or none; `after` names tasks of the batch or ids of others.
    let task = |title: &str, name: &str, needs: &str, after: &[&str]| {
        SubmitTask::new(project.clone(), title)
            .name(name)
            .requires(vec![needs.to_owned()])
            .after(after.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    let release = vec![
        task("Build on Linux", "linux", "build", &[]),
        task("Build on macOS", "macos", "build", &[]),
        task("Test both", "test", "test", &["linux", "macos"]),
        task("Publish", "publish", "build", &["test"]),
    ];
    let submitted = node.tasks().submit_tasks(&cx, SubmitTasks::new(release)).await?.tasks;
    println!(
        "submitted: {}",
        submitted.iter().map(|task| task.title.as_str()).collect::<Vec<_>>().join(", ")
    );

    // Each agent asks for what it can do, and waits where there is nothing yet.
    let builder = work(node.agents(), node.tasks(), "ada", "build", 3);
    let tester = work(node.agents(), node.tasks(), "bob", "test", 1);
    let (built, tested) = tokio::join!(builder, tester);
    println!("ada did: {}\nbob did: {}", built?.join(", "), tested?.join(", "));

    for task in &submitted {
        let detail = node.tasks().get_task(&cx, GetTask::new(task.task.clone())).await?;
        assert_eq!(detail.task.state, TaskState::Completed);
    }
    let events = node.shared().read_events(&cx, ReadEvents::new().topic("task.>")).await?.events;
    let done: Vec<_> = events.iter().filter(|event| event.kind == "task.completed").collect();
    assert_eq!(done.len(), submitted.len());
    println!(
        "the log has {} events of the tasks; the last one is {}",
        events.len(),
        events[events.len() - 1].kind
    );
    node.close().await?;
    Ok(())
}

/// An agent that does so many tasks.
async fn work(
    agents: Agents,
    tasks: Tasks,
    name: &str,
    offers: &str,
    count: usize,
) -> Result<Vec<String>, mosaic::Error> {
    let cx = CallContext::new();
    let name = AgentId::new(name)
        .map_err(|error| mosaic::Error::new(mosaic::ErrorKind::Invalid, error.to_string()))?;
    let agent = agents.register_agent(&cx, RegisterAgent::new(name).offers(vec![offers.to_owned()])).await?;
    let mut done = Vec::new();
    while done.len() < count {
        let claim = ClaimTasks::new(agent.agent.clone(), agent.incarnation).wait_seconds(10u64);
        for claim in tasks.claim_tasks(&cx, claim).await?.tasks {
            // The work itself. Whoever is too slow, or dies here, loses the task to another: the token is then refused.
            let result = json!({ "by": agent.agent, "attempt": claim.task.attempt });
            let report = CompleteTask::new(claim.task.task.clone(), claim.token).result(result);
            tasks.complete_task(&cx, report).await?;
            done.push(claim.task.title);
        }
    }
    Ok(done)
}
