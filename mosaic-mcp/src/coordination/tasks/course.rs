//! The course of a task after it was claimed or ended: what every way of ending an attempt has in common.

use jiff::SignedDuration;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use super::record::{self, Lease};
use super::{Rule, TaskEvent, TaskId, TaskState};
use crate::coordination::index;
use crate::coordination::names::{later, micros};
use crate::coordination::slate::Slate;
use crate::coordination::untracked;
use crate::state::KeyRange;
use crate::state::ordered;

/// How many dependants are told in one transaction; the others follow in the next ones.
const TOLD_AT_ONCE: usize = 250;

impl Slate<'_, '_> {
    /// Ends a task that is out, with its holder, for good.
    pub(crate) fn end_task(&mut self, id: &TaskId, event: TaskEvent, why: Option<String>) -> Result<()> {
        let (now, keep) = (self.now, self.rules.keep_seconds);
        let task = self.task_mut(id)?;
        task.take(event, now)?;
        task.ended_at = Some(now);
        task.purge_at = Some(later(now, keep));
        task.due_at = None;
        task.doom = None;
        task.error = why.or_else(|| task.error.take().filter(|_| event != TaskEvent::Completed));
        let kind = match task.state {
            TaskState::Completed => "task.completed",
            TaskState::Dead => "task.dead",
            TaskState::Cancelled => "task.cancelled",
            _ => "task.skipped",
        };
        self.tell_task(kind, id)?;
        self.free(id)?;
        self.ended.push_back(id.clone());
        Ok(())
    }

    /// Takes a task from who holds it.
    fn free(&mut self, id: &TaskId) -> Result<()> {
        if let Some(Lease { agent, token, .. }) = self.task_mut(id)?.lease.take() {
            self.agent_mut(&agent)?.let_go(id, token)?;
        }
        Ok(())
    }

    /// Puts a running task back: at once, or at a time.
    pub(crate) fn return_task(
        &mut self,
        id: &TaskId,
        at: Option<Timestamp>,
        why: Option<String>,
    ) -> Result<()> {
        let now = self.now;
        let task = self.task_mut(id)?;
        task.take(TaskEvent::Returned, now)?;
        if why.is_some() {
            task.error = why;
        }
        (task.percent, task.note) = (None, None);
        self.tell_task("task.returned", id)?;
        self.free(id)?;
        self.task_mut(id)?.schedule(at, now)
    }

    /// Ends an attempt that came to nothing: the task is tried again, or it is dead, or, where it was to stop, it has stopped.
    pub(crate) fn fail_attempt(&mut self, id: &TaskId, why: String, again: Again) -> Result<()> {
        let task = self.task(id)?;
        if let Some(doom) = task.doom {
            return self.end_task(id, doom.into(), None);
        }
        let wait = match again {
            _ if task.attempt >= task.retry.attempts => None,
            Again::Never => None,
            Again::After(seconds) => Some(later(self.now, seconds)),
            Again::Later => {
                let seed = self.rules.seed ^ id.number();
                let wait = task.retry.wait_millis(task.attempt, seed);
                let wait = SignedDuration::from_millis(i64::try_from(wait).unwrap_or(i64::MAX));
                Some(self.now.saturating_add(wait).unwrap_or(self.now))
            }
        };
        match wait {
            Some(at) => self.return_task(id, Some(at), Some(why)),
            None => self.end_task(id, TaskEvent::GaveUp, Some(why)),
        }
    }

    /// Tells the agent of a running task to stop, and how the task then ends.
    pub(crate) fn stop_task(&mut self, id: &TaskId, doom: record::Doom, why: Option<String>) -> Result<()> {
        let now = self.now;
        let task = self.task_mut(id)?;
        task.take(TaskEvent::StopAsked, now)?;
        task.doom = Some(doom);
        task.error = why;
        let agent = task.lease.as_ref().map(|lease| lease.agent.clone());
        if let Some(agent) = agent
            && let Some(held) = self.agent_mut(&agent)?.running.get_mut(id)
        {
            held.stop = true;
        }
        self.tell_task("task.stopping", id)
    }

    /// Tells those that wait for tasks that ended, and those that wait for them in turn; some of them in later transactions,
    /// where there are many.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        let mut left = TOLD_AT_ONCE;
        while let Some(id) = self.ended.pop_front() {
            if !self.task(&id)?.awaited {
                continue;
            }
            let (project, number) = (id.project().as_str(), ordered(id.number()));
            let range = KeyRange::below(&["task-edge", self.tenant.as_str(), project, &number])?;
            let edges = if left == 0 { Vec::new() } else { self.tx.range(&range, left + 1).await? };
            let more = left == 0 || edges.len() > left;
            let told = &edges[..edges.len().min(left)];
            let waiting: Vec<TaskId> =
                told.iter().map(|edge| index::task_at_end(&edge.key)).collect::<Result<_>>()?;
            self.take_tasks(&waiting).await?;
            for (waiting, edge) in waiting.iter().zip(told) {
                self.tell_dependant(waiting, &id)?;
                self.tx.delete(edge.key.clone())?;
            }
            left -= told.len();
            if more {
                let key = index::due(micros(self.now), &self.tenant, &index::Due::Release(id))?;
                untracked::put(self.tx, key, "")?;
            } else {
                self.task_mut(&id)?.awaited = false;
            }
        }
        Ok(())
    }

    /// Tells a task that one that it waits for has ended.
    pub(crate) fn tell_dependant(&mut self, id: &TaskId, ended: &TaskId) -> Result<()> {
        let (now, how) = (self.now, self.task(ended)?.state);
        let Ok(task) = self.task_mut(id) else { return Ok(()) };
        if task.open == 0 || !matches!(task.state, TaskState::Blocked | TaskState::Dead) {
            return Ok(());
        }
        task.open = task.open.saturating_sub(1);
        let last = task.open == 0;
        let begins = match (task.rule, how) {
            (Rule::All, TaskState::Completed) => last.then_some(true),
            (Rule::All, _) => Some(false),
            (Rule::Any, TaskState::Completed) | (Rule::Failure, TaskState::Dead) => Some(true),
            (Rule::Any | Rule::Failure, _) => last.then_some(false),
        };
        if begins.is_some() {
            task.open = 0;
        }
        let why = || format!("task {ended}, for which it waited, is {how}");
        match begins {
            None => Ok(()),
            Some(begins) if task.state == TaskState::Dead => {
                task.lost = (!begins).then(why);
                Ok(())
            }
            Some(true) => {
                task.take(TaskEvent::Unblocked, now)?;
                task.schedule(None, now)?;
                let kind = if task.state == TaskState::Ready { "task.ready" } else { "task.scheduled" };
                self.tell_task(kind, id)
            }
            Some(false) => self.end_task(id, TaskEvent::Skipped, Some(why())),
        }
    }
}

/// When a task is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Again {
    /// After the wait of its own rules.
    Later,
    /// After so many seconds.
    After(u64),
    /// Not at all.
    Never,
}
