//! The handle of tasks: what applications and agents call.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::Page;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::aside::Aside;
use super::claim::Ask;
use super::queue::{self, Weight};
use super::waiting::{Answer, Unread, Waiting, closed, serve};
use super::{
    CancelTask, ClaimTasks, Claimed, CompleteTask, CompleteTasks, Completed, FailTask, GetProject, GetTask,
    ListTaskLog, ListTasks, LogLine, Project, Refusal, ReplayTask, ReportProgress, ReturnTask, SetProject,
    SubmitTask, SubmitTasks, Submitted, Task, TaskDetail, Ticked, due, list, report, submit,
};
use crate::coordination::names::{invalid, within};
use crate::coordination::slate::{Rules, Slate};
use crate::coordination::untracked;
use crate::state::State;

/// The most reports of a batch.
const REPORTS: usize = 256;
/// The longest wait for a task, in seconds.
const WAIT: u64 = 300;
/// How many claims wait to be looked at; more wait outside until there is room.
const INBOX: usize = 4_096;

/// Submits, claims and reports tasks. Clones share it; made by [`Coordination::open`](crate::coordination::Coordination::open).
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::coordination::tasks::{ListTasks, TaskState, Tasks};
///
/// async fn dead_letters(tasks: &Tasks) -> mosaic_core::Result<usize> {
///     let page = tasks.list_tasks(&CallContext::new(), ListTasks::new().state(TaskState::Dead)).await?;
///     Ok(page.items.len())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Tasks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: State,
    rules: Rules,
    claims: mpsc::Sender<Waiting>,
    unread: mpsc::UnboundedSender<Unread>,
    aside: Aside,
}

impl Tasks {
    /// The handle, and what serves its claims.
    pub(crate) fn open(
        state: State,
        rules: Rules,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (claims, inbox) = mpsc::channel(INBOX);
        let (unread, returned) = mpsc::unbounded_channel();
        let serve = serve(state.clone(), rules, inbox, returned, stop);
        (Self(Arc::new(Inner { state, rules, claims, unread, aside: Aside::default() })), serve)
    }

    /// Runs a transaction of the caller's tenant on a slate, and puts back what it changed.
    async fn on_slate<T, F>(&self, cx: &CallContext, work: F) -> Result<T>
    where
        F: for<'d> FnOnce(&'d mut Slate<'_, '_>) -> BoxFuture<'d, Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let (tenant, rules) = (cx.tenant_id().clone(), self.0.rules);
        let run = self.0.state.run(move |tx| {
            Box::pin(async move {
                let mut slate = Slate::new(tx, &tenant, rules);
                let answer = work(&mut slate).await?;
                slate.settle().await?;
                slate.put_back().await?;
                Ok(answer)
            })
        });
        run.await
    }

    /// Submits a task. With an idempotency key, its own or the one of the call, the task is made once.
    ///
    /// # Errors
    /// `Invalid` for what does not fit; `NotFound` for a task to wait for that is not there; `Conflict` where the key was used for
    /// something else; `QuotaExceeded` where tasks of too many different sets of requirements have not ended.
    pub async fn submit_task(&self, cx: &CallContext, op: SubmitTask) -> Result<Task> {
        let mut tasks = self.submit(cx, vec![op]).await?;
        tasks.pop().ok_or_else(|| invalid("no task was given".to_owned()))
    }

    /// Submits several tasks, all or none.
    ///
    /// # Errors
    /// As for [`Tasks::submit_task`], with the place of the task; `Invalid` where tasks wait for each other in a circle.
    pub async fn submit_tasks(&self, cx: &CallContext, op: SubmitTasks) -> Result<Submitted> {
        Ok(Submitted { tasks: self.submit(cx, op.tasks).await? })
    }

    async fn submit(&self, cx: &CallContext, ops: Vec<SubmitTask>) -> Result<Vec<Task>> {
        let drafts = submit::check(ops, cx.key())?;
        self.on_slate(cx, move |slate| Box::pin(submit::submit(slate, drafts))).await
    }

    /// Claims ready tasks for an agent, and waits for one where that is asked and none is there. Dropping the future gives back
    /// what was claimed for it.
    ///
    /// # Errors
    /// `NotFound` for an agent that is not registered; `Conflict` where it has registered anew or its lease has ended;
    /// `PermissionDenied` where somebody else registered it; `Invalid` for what does not fit.
    pub async fn claim_tasks(&self, cx: &CallContext, op: ClaimTasks) -> Result<Claimed> {
        let ask = Ask::new(&op, cx.caller())?;
        let wait = Duration::from_secs(within("wait_seconds", op.wait_seconds, 0, 0..=WAIT)?);
        let wait = cx.limit().map_or(wait, |limit| limit.min(wait));
        let (reply, answer) = oneshot::channel();
        let answer = Answer { tenant: cx.tenant_id().clone(), reply: answer, unread: self.0.unread.clone() };
        let waiting =
            Waiting { tenant: cx.tenant_id().clone(), ask, until: Instant::now() + wait, reply, offer: None };
        self.0.claims.send(waiting).await.map_err(|_| closed())?;
        answer.read().await
    }

    /// Reports that a task is done. The same report again gives the same answer.
    ///
    /// # Errors
    /// `Conflict` where the token is over, or something else was reported under it; `PermissionDenied` where somebody else
    /// claimed it; `NotFound`; `Invalid` for a result that is too large.
    pub async fn complete_task(&self, cx: &CallContext, op: CompleteTask) -> Result<Task> {
        let caller = cx.caller().clone();
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                report::take_out(slate, [&op.task]).await?;
                report::complete(slate, &op, &caller)
            })
        })
        .await
    }

    /// Reports that several tasks are done, in one transaction. A report that is refused does not stand in the way of the others.
    ///
    /// # Errors
    /// `Invalid` for no reports or too many, or for those of several projects.
    pub async fn complete_tasks(&self, cx: &CallContext, op: CompleteTasks) -> Result<Completed> {
        let count = op.reports.len();
        if count == 0 || count > REPORTS {
            return Err(invalid(format!("{count} reports: 1 to {REPORTS} are taken at once")));
        }
        let mut projects = op.reports.iter().map(|report| report.task.project());
        if let Some(first) = projects.next()
            && let Some(other) = projects.find(|project| *project != first)
        {
            let message =
                format!("a batch is of one project: this one has reports on {first} and on {other}");
            return Err(invalid(message));
        }
        let caller = cx.caller().clone();
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                report::take_out(slate, op.reports.iter().map(|report| &report.task)).await?;
                let (mut tasks, mut refused) = (Vec::with_capacity(op.reports.len()), Vec::new());
                for report in &op.reports {
                    match report::complete(slate, report, &caller) {
                        Ok(task) => tasks.push(task),
                        Err(error) => refused.push(Refusal::of(report.task.clone(), &error)),
                    }
                }
                Ok(Completed { tasks, refused })
            })
        })
        .await
    }

    /// Reports that an attempt failed. The task is tried again after a wait, or is dead where no attempts are left.
    ///
    /// # Errors
    /// As for [`Tasks::complete_task`].
    pub async fn fail_task(&self, cx: &CallContext, op: FailTask) -> Result<Task> {
        let caller = cx.caller().clone();
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                report::take_out(slate, [&op.task]).await?;
                report::fail(slate, &op, &caller)
            })
        })
        .await
    }

    /// Gives a task back, without counting the attempt.
    ///
    /// # Errors
    /// As for [`Tasks::complete_task`].
    pub async fn return_task(&self, cx: &CallContext, op: ReturnTask) -> Result<Task> {
        let caller = cx.caller().clone();
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                report::take_out(slate, [&op.task]).await?;
                report::give_back(slate, &op, &caller)
            })
        })
        .await
    }

    /// Reports progress, writes to the log of the task, and renews its lease. A task that is `stopping` in the answer is to be
    /// given up.
    ///
    /// # Errors
    /// `Conflict` where the token is over; `PermissionDenied` where somebody else claimed it; `NotFound`; `Invalid` for what
    /// does not fit.
    pub async fn report_progress(&self, cx: &CallContext, op: ReportProgress) -> Result<Task> {
        let caller = cx.caller().clone();
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                slate.take_tasks([&op.task]).await?;
                report::progress(slate, &op, &caller)
            })
        })
        .await
    }

    /// Cancels a task. One that an agent works on is `stopping` until the agent reports or its lease ends.
    ///
    /// # Errors
    /// `Conflict` where it ended otherwise already; `NotFound`.
    pub async fn cancel_task(&self, cx: &CallContext, op: CancelTask) -> Result<Task> {
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                report::take_out(slate, [&op.task]).await?;
                report::cancel(slate, &op)
            })
        })
        .await
    }

    /// Tries a dead task again. One that died before it could begin waits for what it waited for.
    ///
    /// # Errors
    /// `Conflict` where it is not dead, or died before it could begin and what it waited for can no longer come, and for the moment in
    /// which those that wait for it, being many, are told that it is dead; `NotFound`; `QuotaExceeded` as for [`Tasks::submit_task`].
    pub async fn replay_task(&self, cx: &CallContext, op: ReplayTask) -> Result<Task> {
        self.on_slate(cx, move |slate| {
            Box::pin(async move {
                slate.take_tasks([&op.task]).await?;
                report::replay(slate, &op.task)
            })
        })
        .await
    }

    /// One task, with what it was given and what came of it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_task(&self, cx: &CallContext, op: GetTask) -> Result<TaskDetail> {
        list::get(&self.0.state, cx.tenant_id(), &op).await
    }

    /// A page of tasks.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `NotFound` for an agent that is not there.
    pub async fn list_tasks(&self, cx: &CallContext, op: ListTasks) -> Result<Page<Task>> {
        list::list(&self.0.state, cx.tenant_id(), &op).await
    }

    /// A page of the log of a task.
    ///
    /// # Errors
    /// As for [`Tasks::list_tasks`]; `NotFound` for the task.
    pub async fn list_task_log(&self, cx: &CallContext, op: ListTaskLog) -> Result<Page<LogLine>> {
        list::log(&self.0.state, cx.tenant_id(), &op).await
    }

    /// Sets the weight of a project, for turns from now on.
    ///
    /// # Errors
    /// `Invalid` for a weight out of bounds.
    pub async fn set_project(&self, cx: &CallContext, op: SetProject) -> Result<Project> {
        let weight = within("weight", Some(op.weight), 1, 1..=1_000)?;
        let key = queue::weight_key(cx.tenant_id(), &op.project)?;
        // The weight of every project is not kept.
        let set = self.0.state.run(move |tx| {
            Box::pin(async move {
                if weight == 1 { tx.delete(key) } else { untracked::write(tx, &key, &Weight { weight }) }
            })
        });
        set.await?;
        self.get_project(cx, GetProject::new(op.project)).await
    }

    /// The weight of a project, and how many of its tasks are ready.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get_project(&self, cx: &CallContext, op: GetProject) -> Result<Project> {
        list::project(&self.0.state, cx.tenant_id(), &op).await
    }

    /// Does a part of what is due, for every tenant: leases that ended, deadlines, tasks whose time has come, and ended tasks that
    /// were kept long enough. [`Coordination`](crate::coordination::Coordination) calls it by itself. What cannot be done, as a record
    /// of it is not readable, is logged and left alone for a minute; everything else is done.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tick(&self) -> Result<Ticked> {
        due::tick(&self.0.state, self.0.rules, &self.0.aside).await
    }

    pub(crate) fn state(&self) -> &State {
        &self.0.state
    }
}
