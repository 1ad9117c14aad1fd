//! What is asked of tasks.

use mosaic_core::params;
use mosaic_core::types::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{TaskId, TaskState};
use crate::coordination::{AgentId, ProjectId};
use crate::function::AsResource;

/// When a task that depends on others may begin.
///
/// ```
/// use mosaic_mcp::coordination::tasks::Rule;
///
/// assert_eq!(Rule::default(), Rule::All);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// When all of them are completed; it is skipped once one of them ended otherwise.
    #[default]
    All,
    /// When one of them is completed; it is skipped once all of them ended otherwise.
    Any,
    /// When one of them is dead; it is skipped once all of them ended otherwise.
    Failure,
}

/// A permission on a batch is one on the project of its first task; the others are of the same project, or the batch is refused.
impl AsResource for Vec<SubmitTask> {
    fn as_resource(&self) -> String {
        self.first().map(|task| task.project.to_string()).unwrap_or_default()
    }
}

/// As for tasks that are submitted.
impl AsResource for Vec<CompleteTask> {
    fn as_resource(&self) -> String {
        self.first().map(|report| report.task.as_resource()).unwrap_or_default()
    }
}

params! {
    /// Submit a task.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{ProjectId, tasks::SubmitTask};
    ///
    /// let op = SubmitTask::new(ProjectId::new("widget")?, "Review the pull request 7")
    ///     .requires(vec!["rust".to_owned()])
    ///     .priority(10);
    /// assert_eq!(op.priority, 10);
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct SubmitTask {
        required {
            /// The project that it belongs to.
            project: ProjectId,
            /// What is to be done, for people: 1 to 1,000 bytes.
            title: String,
        }
        optional {
            /// A name that other tasks of the same batch use in `after`; 1 to 80 bytes.
            name: String,
            /// What the agent needs to know: any JSON, at most 256 KiB.
            input: Value,
            /// It is not to begin before.
            not_before: Timestamp,
            /// It is dead at this time, unless it ended before.
            deadline: Timestamp,
            /// What is done after an attempt that failed.
            retry: Retry,
            /// How long one attempt may take, in seconds; as long as the agent's lease is renewed where absent.
            attempt_seconds: u64,
            /// Submitting again with the same key gives the task that is there; 1 to 200 bytes. The key of the call where absent.
            idempotency_key: String,
        }
        defaulted {
            /// The capabilities that the agent must have, at most 16; `agent:NAME` for one certain agent.
            requires: Vec<String>,
            /// From -100 to 100: the greater is begun first, among the tasks of the project that require the same.
            priority: i32,
            /// The tasks that it waits for, at most 64: ids, or names of the same batch.
            after: Vec<String>,
            /// When it may begin, where it waits for others.
            rule: Rule,
        }
    }

    /// What is done after an attempt that failed.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::Retry;
    ///
    /// assert_eq!(Retry::new().attempts(5u32).attempts, Some(5));
    /// ```
    pub noun Retry {
        optional {
            /// How often it is tried in all: 1 to 100, 3 where absent.
            attempts: u32,
            /// The wait before the second attempt, in seconds; it doubles with each. 1 where absent, at most a day; what is
            /// really waited is between half of it and all of it.
            first_seconds: u64,
            /// The longest wait, in seconds; 300 where absent, at most a day.
            most_seconds: u64,
        }
    }

    /// Submit several tasks of one project, all or none. They may depend on each other by their names.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{ProjectId, tasks::{SubmitTask, SubmitTasks}};
    ///
    /// let project = ProjectId::new("widget")?;
    /// let build = SubmitTask::new(project.clone(), "Build").name("build");
    /// let test = SubmitTask::new(project, "Test").after(vec!["build".to_owned()]);
    /// assert_eq!(SubmitTasks::new(vec![build, test]).tasks.len(), 2);
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct SubmitTasks {
        required {
            /// The tasks, 1 to 1,000.
            tasks: Vec<SubmitTask>,
        }
    }

    /// Claim tasks for an agent: those that are ready, that require nothing which the agent does not offer, of whichever project
    /// has the first turn.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, tasks::ClaimTasks};
    ///
    /// let op = ClaimTasks::new(AgentId::new("ann")?, 7u64).limit(2u32).wait_seconds(30u64);
    /// assert_eq!(op.limit, Some(2));
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct ClaimTasks {
        required {
            /// The agent.
            agent: AgentId,
            /// Its incarnation, as registering gave it.
            incarnation: u64,
        }
        optional {
            /// How many at most: 1 to 256, 1 where absent; never more than the agent has slots free.
            limit: u32,
            /// How long to wait for a task where none is there: at most 300 seconds, not at all where absent.
            wait_seconds: u64,
            /// Each task is lost after so many seconds without a report of progress: 1 to 86,400. Where absent, it is held as
            /// long as the lease of the agent is renewed.
            lease_seconds: u64,
        }
    }

    /// Report that a task is done.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{CompleteTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(CompleteTask::new(task, 26u64).result(serde_json::json!({"ok": true})).token, 26);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct CompleteTask {
        required {
            /// The task.
            task: TaskId,
            /// The fencing token, as claiming gave it.
            token: u64,
        }
        optional {
            /// What came of it: any JSON, at most 256 KiB.
            result: Value,
        }
    }

    /// Report that several tasks of one project are done. Each report stands for itself.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::CompleteTasks;
    ///
    /// assert!(CompleteTasks::new(Vec::new()).reports.is_empty());
    /// ```
    pub struct CompleteTasks {
        required {
            /// The reports, 1 to 256.
            reports: Vec<CompleteTask>,
        }
    }

    /// Report that an attempt failed.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{FailTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert!(!FailTask::new(task, 26u64, "it does not build").for_good);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct FailTask {
        required {
            /// The task.
            task: TaskId,
            /// The fencing token, as claiming gave it.
            token: u64,
            /// What went wrong: 1 to 4,000 bytes.
            error: String,
        }
        optional {
            /// Try again after so many seconds instead of what `retry` says; at most a day.
            after_seconds: u64,
        }
        defaulted {
            /// Trying again is of no use.
            for_good: bool,
        }
    }

    /// Give a task back, without counting the attempt.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{ReturnTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(ReturnTask::new(task, 26u64).token, 26);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct ReturnTask {
        required {
            /// The task.
            task: TaskId,
            /// The fencing token, as claiming gave it.
            token: u64,
        }
    }

    /// Report progress of a task, and renew its lease. The answer says whether it is to stop.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{ReportProgress, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(ReportProgress::new(task, 26u64).percent(40u32).percent, Some(40));
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct ReportProgress {
        required {
            /// The task.
            task: TaskId,
            /// The fencing token, as claiming gave it.
            token: u64,
        }
        optional {
            /// How much is done: 0 to 100.
            percent: u32,
            /// What is being done: 1 to 1,000 bytes.
            note: String,
        }
        defaulted {
            /// Lines for its log, at most 100 of 1 to 4,096 bytes. The log keeps the last 1,000.
            log: Vec<String>,
        }
    }

    /// Cancel a task. One that an agent works on is told to stop, and is cancelled once the agent reports or its lease ends.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{CancelTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(CancelTask::new(task).reason("no longer needed").reason.as_deref(), Some("no longer needed"));
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct CancelTask {
        required {
            /// The task.
            task: TaskId,
        }
        optional {
            /// Why: 1 to 4,000 bytes.
            reason: String,
        }
    }

    /// Try a dead task again, with all of its attempts. One that died before it could begin, as its deadline was over, waits for what it
    /// waited for. Tasks that were skipped on account of it stay skipped.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{ReplayTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(ReplayTask::new(task).task.project().as_str(), "widget");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct ReplayTask {
        required {
            /// The task.
            task: TaskId,
        }
    }

    /// One task, with what it was given and what came of it.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{GetTask, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert_eq!(GetTask::new(task).task.project().as_str(), "widget");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct GetTask {
        required {
            /// The task.
            task: TaskId,
        }
    }

    /// The tasks: of a project in the order in which they came, or of all. Those that are ready come in the order of their queues,
    /// one after the other: of those that require the same, the first comes first. A page may have fewer than were asked for
    /// although more follow.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{ListTasks, TaskState};
    ///
    /// assert_eq!(ListTasks::new().state(TaskState::Dead).state, Some(TaskState::Dead));
    /// ```
    pub struct ListTasks {
        optional {
            /// Only those of this project.
            project: ProjectId,
            /// Only those in this state.
            state: TaskState,
            /// Only those that this agent holds.
            agent: AgentId,
        }
        paged { page }
    }

    /// The log of a task, oldest line first.
    ///
    /// ```
    /// use mosaic_mcp::coordination::tasks::{ListTaskLog, TaskId};
    ///
    /// let task: TaskId = "widget-1a0000".parse()?;
    /// assert!(ListTaskLog::new(task).page.cursor.is_none());
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct ListTaskLog {
        required {
            /// The task.
            task: TaskId,
        }
        paged { page }
    }

    /// Set the weight of a project: with 2 it gets twice the turns of one with 1, where both have tasks that the same agents take.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{ProjectId, tasks::SetProject};
    ///
    /// assert_eq!(SetProject::new(ProjectId::new("widget")?, 3u32).weight, 3);
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct SetProject {
        required {
            /// The project.
            project: ProjectId,
            /// Its weight: 1 to 1,000. It is 1 unless it is set.
            weight: u32,
        }
    }

    /// What waits of a project.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{ProjectId, tasks::GetProject};
    ///
    /// assert_eq!(GetProject::new(ProjectId::new("widget")?).project.as_str(), "widget");
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct GetProject {
        required {
            /// The project.
            project: ProjectId,
        }
    }
}
