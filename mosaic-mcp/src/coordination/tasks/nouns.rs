//! What is answered of tasks.

use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::params;
use mosaic_core::types::Timestamp;
use serde_json::Value;

use super::{Rule, TaskId, TaskState};
use crate::coordination::{AgentId, ProjectId};

params! {
    /// A task.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Task;
    /// fn line(task: &Task) -> String {
    ///     format!("{} {}: {}", task.task, task.state, task.title)
    /// }
    /// ```
    pub noun Task {
        required {
            /// Its id.
            task: TaskId,
            /// The project that it belongs to.
            project: ProjectId,
            /// What is to be done, for people.
            title: String,
            /// Its state.
            state: TaskState,
            /// When it was submitted.
            created_at: Timestamp,
            /// When it last changed.
            changed_at: Timestamp,
        }
        optional {
            /// It is not to begin before.
            not_before: Timestamp,
            /// It is dead at this time, unless it ended before.
            deadline: Timestamp,
            /// When it is tried next, where it waits for that.
            due_at: Timestamp,
            /// The agent that holds it.
            agent: AgentId,
            /// How much is done, from 0 to 100, as the agent reported it.
            percent: u32,
            /// What is being done, as the agent reported it.
            note: String,
            /// What went wrong last, or why it ended.
            error: String,
            /// When it ended.
            ended_at: Timestamp,
        }
        defaulted {
            /// The capabilities that the agent must have.
            requires: Vec<String>,
            /// The greater is begun first.
            priority: i32,
            /// The tasks that it waits for.
            after: Vec<TaskId>,
            /// When it may begin, where it waits for others.
            rule: Rule,
            /// Which attempt it is, or how many there were: 0 before the first.
            attempt: u32,
            /// How many attempts there are.
            attempts: u32,
        }
    }

    /// A task, with what it was given and what came of it.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::TaskDetail;
    /// fn is_done(detail: &TaskDetail) -> bool {
    ///     detail.result.is_some()
    /// }
    /// ```
    pub noun TaskDetail {
        required {
            /// The task.
            task: Task,
        }
        optional {
            /// What the agent needs to know.
            input: Value,
            /// What came of it.
            result: Value,
        }
    }

    /// Tasks that were submitted.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Submitted;
    /// fn ids(submitted: &Submitted) -> Vec<String> {
    ///     submitted.tasks.iter().map(|task| task.task.to_string()).collect()
    /// }
    /// ```
    pub noun Submitted {
        required {
            /// The tasks, in the order in which they were given.
            tasks: Vec<Task>,
        }
    }

    /// A task that was claimed.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::{Claim, CompleteTask};
    /// fn done(claim: &Claim) -> CompleteTask {
    ///     CompleteTask::new(claim.task.task.clone(), claim.token)
    /// }
    /// ```
    pub noun Claim {
        required {
            /// The task.
            task: Task,
            /// The fencing token: each report on the task carries it, and is refused once somebody else holds the task.
            token: u64,
        }
        optional {
            /// What the agent needs to know.
            input: Value,
        }
    }

    /// Tasks that were claimed.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Claimed;
    /// fn is_empty(claimed: &Claimed) -> bool {
    ///     claimed.tasks.is_empty()
    /// }
    /// ```
    pub noun Claimed {
        required {
            /// The tasks; none where there was nothing to do.
            tasks: Vec<Claim>,
        }
    }

    /// What became of several reports.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Completed;
    /// fn all(completed: &Completed) -> bool {
    ///     completed.refused.is_empty()
    /// }
    /// ```
    pub noun Completed {
        required {
            /// The tasks whose reports were taken.
            tasks: Vec<Task>,
            /// The reports that were refused.
            refused: Vec<Refusal>,
        }
    }

    /// A report that was refused.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Refusal;
    /// fn line(refusal: &Refusal) -> String {
    ///     format!("{}: {}", refusal.task, refusal.message)
    /// }
    /// ```
    pub noun Refusal {
        required {
            /// The task.
            task: TaskId,
            /// What kind of error it is.
            kind: ErrorKind,
            /// What is wrong.
            message: String,
        }
    }

    /// A line of the log of a task.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::LogLine;
    /// fn line(line: &LogLine) -> String {
    ///     format!("{} {}", line.at, line.text)
    /// }
    /// ```
    pub noun LogLine {
        required {
            /// Its number within the log, from 1; numbers that are missing at the beginning were dropped.
            number: u64,
            /// When it was reported.
            at: Timestamp,
            /// In which attempt.
            attempt: u32,
            /// The line.
            text: String,
        }
    }

    /// A project among which work is shared.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::tasks::Project;
    /// fn is_quiet(project: &Project) -> bool {
    ///     project.ready == 0
    /// }
    /// ```
    pub noun Project {
        required {
            /// The project.
            project: ProjectId,
            /// Its weight.
            weight: u32,
            /// How many of its tasks are ready.
            ready: u64,
        }
    }
}

impl Refusal {
    pub(super) fn of(task: TaskId, error: &Error) -> Self {
        Self { task, kind: error.kind(), message: error.message().to_owned() }
    }
}
