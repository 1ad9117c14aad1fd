//! Agents: leases, incarnations, leaving, finding them.

use mosaic_core::error::ErrorKind;
use mosaic_core::types::PageRequest;
use mosaic_mcp::coordination::AgentId;
use mosaic_mcp::coordination::agents::*;
use mosaic_mcp::coordination::tasks::{CompleteTask, Retry, TaskState};
use mosaic_mcp::state::TopicFilter;

use super::{Desk, agent, task, texts};

fn beat(agent: &Agent) -> HeartbeatAgent {
    HeartbeatAgent::new(agent.agent.clone(), agent.incarnation)
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_not_heard_of_loses_its_tasks_and_comes_back() {
    let desk = Desk::open().await;
    let ann = desk.agent(agent("ann").lease_seconds(30u64)).await;
    let id = desk.submit(task("p", "T").retry(Retry::new().first_seconds(0u64))).await.task;
    let claim = desk.claim(&ann).await.unwrap();
    for _ in 0..4 {
        desk.pass(20).await;
        let there = desk.agents.heartbeat_agent(&desk.cx, beat(&ann)).await.unwrap();
        assert_eq!((there.state, there.tasks[0].task == id), (AgentState::Busy, true));
    }
    desk.pass(30).await;
    let lost = desk.agents.get_agent(&desk.cx, GetAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((lost.state, lost.tasks.len()), (AgentState::Lost, 0));
    let back = desk.task(&id).await;
    assert_eq!((back.state, back.error.as_deref()), (TaskState::Ready, Some("the lease of agent ann ended")));
    let refused = desk.agents.heartbeat_agent(&desk.cx, beat(&ann)).await.unwrap_err();
    assert_eq!(refused.message(), "the lease of agent ann has ended: register it again");

    let again = desk.agent(agent("ann").lease_seconds(30u64)).await;
    assert!(again.incarnation > ann.incarnation && again.state == AgentState::Idle);
    let refused = desk.agents.heartbeat_agent(&desk.cx, beat(&ann)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let second = desk.claim(&again).await.unwrap();
    let stale = CompleteTask::new(id.clone(), claim.token);
    assert_eq!(desk.tasks.complete_task(&desk.cx, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    // Registering while it holds something: the old incarnation is fenced off at once.
    let third = desk.agent(agent("ann")).await;
    let stale = CompleteTask::new(id.clone(), second.token);
    assert_eq!(desk.tasks.complete_task(&desk.cx, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(desk.task(&id).await.error.as_deref(), Some("agent ann registered anew"));
    let last = desk.claim(&third).await.unwrap();
    assert_eq!(last.task.attempt, 3);
    let events = desk.state.events(&TopicFilter::new("agent.>").unwrap(), 0, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["agent.registered", "agent.lost", "agent.registered", "agent.registered"]);
    desk.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_leaves_gives_its_tasks_back_uncounted() {
    let desk = Desk::open().await;
    let (ann, bob) = (desk.agent(agent("ann")).await, desk.agent(agent("bob")).await);
    let id = desk.submit(task("p", "T")).await.task;
    let old = desk.claim(&ann).await.unwrap();
    let other = DeregisterAgent::new(ann.agent.clone()).incarnation(ann.incarnation + 1);
    assert_eq!(desk.agents.deregister_agent(&desk.cx, other).await.unwrap_err().kind(), ErrorKind::Conflict);
    let gone = desk.agents.deregister_agent(&desk.cx, DeregisterAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((gone.state, gone.tasks.len()), (AgentState::Gone, 0));
    let new = desk.claim(&bob).await.unwrap();
    assert_eq!((new.task.task, new.task.attempt), (id, 1));
    assert!(new.token > old.token);
    let twice = desk.agents.deregister_agent(&desk.cx, DeregisterAgent::new(ann.agent.clone())).await;
    assert_eq!(twice.unwrap_err().message(), "an agent that is gone cannot take Deregistered");
    desk.pass(86_400).await;
    let forgotten = desk.agents.get_agent(&desk.cx, GetAgent::new(ann.agent)).await.unwrap_err();
    assert_eq!(forgotten.message(), "there is no agent ann: register it");
    desk.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_draining_agent_gets_nothing_new() {
    let desk = Desk::open().await;
    let ann = desk.agent(agent("ann").slots(2u32)).await;
    for _ in 0..3 {
        desk.submit(task("p", "T")).await;
    }
    let claim = desk.claim(&ann).await.unwrap();
    let drain = |resume| DrainAgent::new(ann.agent.clone()).resume(resume);
    let state = desk.agents.drain_agent(&desk.cx, drain(false)).await.unwrap().state;
    assert_eq!(state, AgentState::Draining);
    assert!(desk.claim(&ann).await.is_none());
    let resumed = desk.agents.drain_agent(&desk.cx, drain(true)).await.unwrap();
    assert_eq!(resumed.state, AgentState::Busy);
    desk.agents.drain_agent(&desk.cx, drain(false)).await.unwrap();
    desk.tasks.complete_task(&desk.cx, CompleteTask::new(claim.task.task, claim.token)).await.unwrap();
    let there = desk.agents.get_agent(&desk.cx, GetAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((there.state, there.tasks.len()), (AgentState::Draining, 0));
    desk.agents.drain_agent(&desk.cx, drain(true)).await.unwrap();
    assert!(desk.claim(&ann).await.is_some());
    desk.close().await;
}

#[tokio::test(start_paused = true)]
async fn agents_are_found_by_what_they_offer_and_how_they_are() {
    let desk = Desk::open().await;
    for n in 0..7 {
        let offers: &[&str] = if n % 2 == 0 { &["rust", "gpu"] } else { &["python"] };
        desk.agent(agent(&format!("a{n}")).offers(texts(offers))).await;
    }
    desk.agents.drain_agent(&desk.cx, DrainAgent::new(AgentId::new("a2").unwrap())).await.unwrap();
    let all = async |op: ListAgents| {
        let (mut page, mut names) = (PageRequest::first(2), Vec::new());
        loop {
            let found = desk.agents.list_agents(&desk.cx, op.clone().page(page.clone())).await.unwrap();
            names.extend(found.items.into_iter().map(|agent| agent.agent.to_string()));
            match found.next {
                Some(next) => page = page.at(next),
                None => return names,
            }
        }
    };
    assert_eq!(all(ListAgents::new()).await.len(), 7);
    assert_eq!(all(ListAgents::new().offers("gpu")).await, ["a0", "a2", "a4", "a6"]);
    assert_eq!(all(ListAgents::new().offers("gpu").state(AgentState::Idle)).await, ["a0", "a4", "a6"]);
    assert_eq!(all(ListAgents::new().state(AgentState::Draining)).await, ["a2"]);
    // What it offered before is forgotten.
    desk.agent(agent("a0").offers(texts(&["python"]))).await;
    assert_eq!(all(ListAgents::new().offers("gpu")).await, ["a2", "a4", "a6"]);
    desk.agents.deregister_agent(&desk.cx, DeregisterAgent::new(AgentId::new("a4").unwrap())).await.unwrap();
    assert_eq!(all(ListAgents::new().offers("gpu")).await, ["a2", "a6"]);
    desk.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused_with_the_reason() {
    let desk = Desk::open().await;
    for (op, message) in [
        (agent("a").slots(0u32), "slots is 0: 1 to 256 are allowed"),
        (agent("a").lease_seconds(0u64), "lease_seconds is 0: 1 to 86400 are allowed"),
        (agent("a").about(""), "about has 0 bytes: 1 to 1000 are allowed"),
        (agent("a").offers(vec!["x".to_owned(); 129]), "129 capabilities: 128 are allowed"),
    ] {
        let error = desk.agents.register_agent(&desk.cx, op).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Invalid, message));
    }
    desk.close().await;
}
