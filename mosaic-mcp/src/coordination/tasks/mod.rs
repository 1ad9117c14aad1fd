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

pub(crate) use list::page_of;
pub(crate) use record::TaskRecord;
