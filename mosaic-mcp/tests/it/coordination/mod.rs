//! Agents, tasks and budgets, over every store.

mod agents;
mod budget_model;
mod budgets;
mod dead;
mod model;
mod nodes;
mod plain;
mod plainly;
mod remains;
mod scale;
mod tasks;
mod together;

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::types::Timestamp;
use mosaic_mcp::coordination::agents::{Agent, Agents, RegisterAgent};
use mosaic_mcp::coordination::tasks::{Claim, ClaimTasks, SubmitTask, Task, TaskId, Tasks};
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::{Clock, State, StateOptions};

use crate::ground::Ground;

/// A node of its own, whose time is tokio's and whose clock is looked at by the test.
pub(crate) struct Rig {
    pub(crate) state: State,
    pub(crate) node: Coordination,
    pub(crate) agents: Agents,
    pub(crate) tasks: Tasks,
    pub(crate) cx: CallContext,
}

pub(crate) fn origin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

impl Rig {
    pub(crate) async fn open(on: &Ground) -> Self {
        Self::with(on, CoordinationOptions::new().tick_every(None)).await
    }

    pub(crate) async fn with(on: &Ground, options: CoordinationOptions) -> Self {
        let options_of_state = StateOptions::new().clock(Clock::tokio(origin()));
        let state = options_of_state.open_shared(on.spot().open().await).await.unwrap();
        let node = Coordination::open(state.clone(), options);
        Self { agents: node.agents(), tasks: node.tasks(), state, node, cx: CallContext::new() }
    }

    pub(crate) async fn agent(&self, op: RegisterAgent) -> Agent {
        self.agents.register_agent(&self.cx, op).await.unwrap()
    }

    pub(crate) async fn submit(&self, op: SubmitTask) -> Task {
        self.tasks.submit_task(&self.cx, op).await.unwrap()
    }

    /// One task for an agent, where there is one.
    pub(crate) async fn claim(&self, agent: &Agent) -> Option<Claim> {
        let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation);
        self.tasks.claim_tasks(&self.cx, op).await.unwrap().tasks.pop()
    }

    pub(crate) async fn task(&self, id: &TaskId) -> Task {
        let op = mosaic_mcp::coordination::tasks::GetTask::new(id.clone());
        self.tasks.get_task(&self.cx, op).await.unwrap().task
    }

    /// Lets time go on and does what is due then.
    pub(crate) async fn pass(&self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        while self.tasks.tick().await.unwrap().more {}
    }

    pub(crate) async fn close(self) {
        self.node.close().await;
        self.state.close().await.unwrap();
    }
}

pub(crate) fn agent(name: &str) -> RegisterAgent {
    RegisterAgent::new(AgentId::new(name).unwrap())
}

pub(crate) fn task(project: &str, title: &str) -> SubmitTask {
    SubmitTask::new(ProjectId::new(project).unwrap(), title)
}

pub(crate) fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}
