//! Agents: leases, incarnations, leaving, finding them.

use mosaic_core::context::Principal;
use mosaic_core::error::ErrorKind;
use mosaic_core::types::PageRequest;
use mosaic_mcp::coordination::AgentId;
use mosaic_mcp::coordination::agents::*;
use mosaic_mcp::coordination::tasks::{ClaimTasks, CompleteTask, Retry, TaskState};
use mosaic_mcp::state::TopicFilter;

use super::{Rig, agent, task, texts};
use crate::ground::{Ground, on_every_store};

fn beat(agent: &Agent) -> HeartbeatAgent {
    HeartbeatAgent::new(agent.agent.clone(), agent.incarnation)
}

async fn an_agent_that_is_not_heard_of_loses_its_tasks_and_comes_back(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").lease_seconds(30u64)).await;
    let id = rig.submit(task("p", "T").retry(Retry::new().first_seconds(0u64))).await.task;
    let claim = rig.claim(&ann).await.unwrap();
    for _ in 0..4 {
        rig.pass(20).await;
        let there = rig.agents.heartbeat_agent(&rig.cx, beat(&ann)).await.unwrap();
        assert_eq!((there.state, there.tasks[0].task == id), (AgentState::Busy, true));
    }
    rig.pass(30).await;
    let lost = rig.agents.get_agent(&rig.cx, GetAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((lost.state, lost.tasks.len()), (AgentState::Lost, 0));
    let back = rig.task(&id).await;
    assert_eq!((back.state, back.error.as_deref()), (TaskState::Ready, Some("the lease of agent ann ended")));
    let refused = rig.agents.heartbeat_agent(&rig.cx, beat(&ann)).await.unwrap_err();
    assert_eq!(refused.message(), "the lease of agent ann has ended: register it again");

    let again = rig.agent(agent("ann").lease_seconds(30u64)).await;
    assert!(again.incarnation > ann.incarnation && again.state == AgentState::Idle);
    let refused = rig.agents.heartbeat_agent(&rig.cx, beat(&ann)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let second = rig.claim(&again).await.unwrap();
    let stale = CompleteTask::new(id.clone(), claim.token);
    assert_eq!(rig.tasks.complete_task(&rig.cx, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    // Registering while it holds something: the old incarnation is fenced off at once.
    let third = rig.agent(agent("ann")).await;
    let stale = CompleteTask::new(id.clone(), second.token);
    assert_eq!(rig.tasks.complete_task(&rig.cx, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(rig.task(&id).await.error.as_deref(), Some("agent ann registered anew"));
    let last = rig.claim(&third).await.unwrap();
    assert_eq!(last.task.attempt, 3);
    let events = rig.state.events(&TopicFilter::new("*.agent.>").unwrap(), 0, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["agent.registered", "agent.lost", "agent.registered", "agent.registered"]);
    rig.close().await;
}

async fn an_agent_that_leaves_gives_its_tasks_back_uncounted(on: &Ground) {
    let rig = Rig::open(on).await;
    let (ann, bob) = (rig.agent(agent("ann")).await, rig.agent(agent("bob")).await);
    let id = rig.submit(task("p", "T")).await.task;
    let old = rig.claim(&ann).await.unwrap();
    let other = DeregisterAgent::new(ann.agent.clone()).incarnation(ann.incarnation + 1);
    assert_eq!(rig.agents.deregister_agent(&rig.cx, other).await.unwrap_err().kind(), ErrorKind::Conflict);
    let gone = rig.agents.deregister_agent(&rig.cx, DeregisterAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((gone.state, gone.tasks.len()), (AgentState::Gone, 0));
    let new = rig.claim(&bob).await.unwrap();
    assert_eq!((new.task.task, new.task.attempt), (id, 1));
    assert!(new.token > old.token);
    let twice = rig.agents.deregister_agent(&rig.cx, DeregisterAgent::new(ann.agent.clone())).await;
    assert_eq!(twice.unwrap_err().message(), "an agent that is gone cannot take Deregistered");
    rig.pass(86_400).await;
    let forgotten = rig.agents.get_agent(&rig.cx, GetAgent::new(ann.agent)).await.unwrap_err();
    assert_eq!(forgotten.message(), "there is no agent ann: register it");
    rig.close().await;
}

async fn a_draining_agent_gets_nothing_new(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(2u32)).await;
    for _ in 0..3 {
        rig.submit(task("p", "T")).await;
    }
    let claim = rig.claim(&ann).await.unwrap();
    let drain = |resume| DrainAgent::new(ann.agent.clone()).resume(resume);
    let state = rig.agents.drain_agent(&rig.cx, drain(false)).await.unwrap().state;
    assert_eq!(state, AgentState::Draining);
    assert!(rig.claim(&ann).await.is_none());
    let resumed = rig.agents.drain_agent(&rig.cx, drain(true)).await.unwrap();
    assert_eq!(resumed.state, AgentState::Busy);
    rig.agents.drain_agent(&rig.cx, drain(false)).await.unwrap();
    rig.tasks.complete_task(&rig.cx, CompleteTask::new(claim.task.task, claim.token)).await.unwrap();
    let there = rig.agents.get_agent(&rig.cx, GetAgent::new(ann.agent.clone())).await.unwrap();
    assert_eq!((there.state, there.tasks.len()), (AgentState::Draining, 0));
    rig.agents.drain_agent(&rig.cx, drain(true)).await.unwrap();
    assert!(rig.claim(&ann).await.is_some());
    rig.close().await;
}

async fn agents_are_found_by_what_they_offer_and_how_they_are(on: &Ground) {
    let rig = Rig::open(on).await;
    for n in 0..7 {
        let offers: &[&str] = if n % 2 == 0 { &["rust", "gpu"] } else { &["python"] };
        rig.agent(agent(&format!("a{n}")).offers(texts(offers))).await;
    }
    rig.agents.drain_agent(&rig.cx, DrainAgent::new(AgentId::new("a2").unwrap())).await.unwrap();
    let all = async |op: ListAgents| {
        let (mut page, mut names) = (PageRequest::first(2), Vec::new());
        loop {
            let found = rig.agents.list_agents(&rig.cx, op.clone().page(page.clone())).await.unwrap();
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
    rig.agent(agent("a0").offers(texts(&["python"]))).await;
    assert_eq!(all(ListAgents::new().offers("gpu")).await, ["a2", "a4", "a6"]);
    rig.agents.deregister_agent(&rig.cx, DeregisterAgent::new(AgentId::new("a4").unwrap())).await.unwrap();
    assert_eq!(all(ListAgents::new().offers("gpu")).await, ["a2", "a6"]);
    rig.close().await;
}

async fn what_does_not_fit_is_refused_with_the_reason(on: &Ground) {
    let rig = Rig::open(on).await;
    for (op, message) in [
        (agent("a").slots(0u32), "slots is 0: 1 to 256 are allowed"),
        (agent("a").lease_seconds(0u64), "lease_seconds is 0: 1 to 86400 are allowed"),
        (agent("a").about(""), "about has 0 bytes: 1 to 1000 are allowed"),
        (agent("a").offers(vec!["x".to_owned(); 129]), "129 capabilities: 128 are allowed"),
    ] {
        let error = rig.agents.register_agent(&rig.cx, op).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Invalid, message));
    }
    rig.close().await;
}

async fn only_who_registered_an_agent_speaks_for_it(on: &Ground) {
    let rig = Rig::open(on).await;
    let (ann, eve) = (Principal::agent("ann"), Principal::user("eve"));
    let (ann, eve) = (rig.cx.clone().principal(ann), rig.cx.clone().principal(eve));
    let agent = rig.agents.register_agent(&ann, agent("worker")).await.unwrap();
    let id = rig.submit(task("p", "T")).await.task;
    let claim = ClaimTasks::new(agent.agent.clone(), agent.incarnation);
    let taken = rig.agents.register_agent(&eve, RegisterAgent::new(agent.agent.clone())).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::PermissionDenied);
    assert_eq!(taken.message(), "agent worker was registered by another caller: register one of your own");
    let refused = [
        rig.agents.heartbeat_agent(&eve, beat(&agent)).await.map(drop),
        rig.tasks.claim_tasks(&eve, claim.clone()).await.map(drop),
    ];
    assert!(refused.into_iter().all(|done| done.unwrap_err().kind() == ErrorKind::PermissionDenied));
    let claimed = rig.tasks.claim_tasks(&ann, claim).await.unwrap().tasks.remove(0);
    let done = CompleteTask::new(id.clone(), claimed.token);
    let refused = rig.tasks.complete_task(&eve, done.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    assert_eq!(refused.message(), format!("task {id} was claimed by another caller: claim one of your own"));
    assert_eq!(rig.tasks.complete_task(&ann, done).await.unwrap().state, TaskState::Completed);
    // The application itself may; and once the agent has left, its name is free.
    rig.agents.heartbeat_agent(&rig.cx, beat(&agent)).await.unwrap();
    rig.agents.deregister_agent(&rig.cx, DeregisterAgent::new(agent.agent.clone())).await.unwrap();
    assert!(rig.agents.register_agent(&eve, RegisterAgent::new(agent.agent)).await.is_ok());
    rig.close().await;
}

on_every_store! {
    an_agent_that_is_not_heard_of_loses_its_tasks_and_comes_back,
    an_agent_that_leaves_gives_its_tasks_back_uncounted,
    a_draining_agent_gets_nothing_new,
    agents_are_found_by_what_they_offer_and_how_they_are,
    what_does_not_fit_is_refused_with_the_reason,
    only_who_registered_an_agent_speaks_for_it,
}
