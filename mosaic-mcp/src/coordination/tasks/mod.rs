//! Tasks: durable work that agents claim, under leases, with retries, dependencies and fair turns between projects.
//!
//! ```
//! use mosaic_core::context::CallContext;
//! use mosaic_mcp::coordination::agents::RegisterAgent;
//! use mosaic_mcp::coordination::tasks::{ClaimTasks, CompleteTask, SubmitTask};
//! use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
//! use mosaic_mcp::state::{MemoryStore, State};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let state = State::open(MemoryStore::new()).await?;
//! let coordination = Coordination::open(state.clone(), CoordinationOptions::new());
//! let (cx, ann) = (CallContext::new(), AgentId::new("ann")?);
//!
//! let agent = coordination.agents().register_agent(&cx, RegisterAgent::new(ann.clone())).await?;
//! let tasks = coordination.tasks();
//! tasks.submit_task(&cx, SubmitTask::new(ProjectId::new("widget")?, "Review")).await?;
//! let claimed = tasks.claim_tasks(&cx, ClaimTasks::new(ann, agent.incarnation).wait_seconds(30u64)).await?;
//! for claim in claimed.tasks {
//!     // The work; every report on it carries the token.
//!     tasks.complete_task(&cx, CompleteTask::new(claim.task.task, claim.token)).await?;
//! }
//! coordination.close().await;
//! state.close().await?;
//! # Ok(())
//! # }
//! ```
mod aside;
mod claim;
mod course;
mod due;
mod handle;
mod id;
mod list;
mod nouns;
mod params;
pub(super) mod queue;
pub(super) mod record;
mod report;
mod state;
mod submit;
mod waiting;

pub use due::Ticked;
pub use handle::Tasks;
pub use id::TaskId;
pub use nouns::{Claim, Claimed, Completed, LogLine, Project, Refusal, Submitted, Task, TaskDetail};
pub use params::{
    CancelTask, ClaimTasks, CompleteTask, CompleteTasks, FailTask, GetProject, GetTask, ListTaskLog,
    ListTasks, ReplayTask, ReportProgress, Retry, ReturnTask, Rule, SetProject, SubmitTask, SubmitTasks,
};
pub use state::{TaskEvent, TaskState};

use mosaic_core::types::Page;

use crate::function::functions;

functions! {
    /// The functions on tasks.
    pub table TABLE of Tasks = "task";
    /// Submit a task that agents may claim.
    fn submit_task(SubmitTask) -> Task { Create on project }
    /// Submit several tasks of a project, all or none; they may wait for each other.
    fn submit_tasks(SubmitTasks) -> Submitted { Create on tasks }
    /// Claim ready tasks for an agent, and wait for one where that is asked.
    fn claim_tasks(ClaimTasks) -> Claimed { Create on agent }
    /// Report that a task is done.
    fn complete_task(CompleteTask) -> Task { Idempotent on task }
    /// Report that several tasks of a project are done.
    fn complete_tasks(CompleteTasks) -> Completed { Idempotent on reports }
    /// Report that an attempt failed.
    fn fail_task(FailTask) -> Task { Idempotent on task }
    /// Give a task back, without counting the attempt.
    fn return_task(ReturnTask) -> Task { Idempotent on task }
    /// Report progress of a task, write to its log, and renew its lease.
    fn report_progress(ReportProgress) -> Task { Create on task }
    /// Cancel a task; an agent that works on it is told to stop.
    fn cancel_task(CancelTask) -> Task { Idempotent on task }
    /// Try a dead task again.
    fn replay_task(ReplayTask) -> Task { Create on task }
    /// Fetch a task, with what it was given and what came of it.
    fn get_task(GetTask) -> TaskDetail { Read on task }
    /// List tasks.
    fn list_tasks(ListTasks) -> Page<Task> { Read of project }
    /// List the log of a task.
    fn list_task_log(ListTaskLog) -> Page<LogLine> { Read on task }
    /// Set the weight of a project in the turns among projects.
    fn set_project(SetProject) -> Project { Idempotent on project }
    /// Fetch the weight of a project, and how many of its tasks are ready.
    fn get_project(GetProject) -> Project { Read on project }
}

pub(crate) use list::page_of;
pub(crate) use record::TaskRecord;
