//! Reports of agents on what they hold: done, failed, given back, progress.

use crate::coordination::untracked;
use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Serialize;

use super::course::Again;
use super::queue;
use super::record::{self, Doom, Reported};
use super::submit::{DAY, body};
use super::{
    CancelTask, CompleteTask, FailTask, LogLine, ReportProgress, ReturnTask, Task, TaskEvent, TaskId,
    TaskState,
};
use crate::coordination::names::{invalid, later, text, within};
use crate::coordination::slate::{Slate, encode};

/// The most lines of one report.
const LINES: usize = 100;
/// How many lines the log of a task keeps.
const KEPT: u64 = 1_000;

/// Whether a report was taken already: the same one again changes nothing, another one is refused.
fn is_repeated(slate: &Slate<'_, '_>, id: &TaskId, token: u64, digest: &str) -> Result<bool> {
    match &slate.task(id)?.reported {
        Some(reported) if reported.token == token => {
            if reported.digest == digest {
                return Ok(true);
            }
            let message = format!("task {id} was reported under token {token} already, with something else");
            Err(Error::new(ErrorKind::Conflict, message).refused())
        }
        _ => Ok(false),
    }
}

fn digest<T: Serialize>(kind: &str, report: &T) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(b"\0").update(&encode(report)?);
    Ok(hasher.finalize().to_hex().chars().take(32).collect())
}

/// Takes the tasks and who holds them out: two questions, with the sets of requirements in the first.
pub(super) async fn take_out<'i>(
    slate: &mut Slate<'_, '_>,
    ids: impl IntoIterator<Item = &'i TaskId>,
) -> Result<()> {
    let ids: Vec<&TaskId> = ids.into_iter().collect();
    let mut keys = vec![queue::sets_key(&slate.tenant)?];
    for id in &ids {
        keys.push(record::key("task", &slate.tenant, id)?);
    }
    slate.tx.get_many(&keys).await?;
    slate.take_tasks(ids).await?;
    slate.take_holders().await
}

pub(super) fn complete(slate: &mut Slate<'_, '_>, op: &CompleteTask, caller: &Principal) -> Result<Task> {
    let (id, token) = (&op.task, op.token);
    let result = op.result.as_ref().filter(|result| !result.is_null());
    let result = result.map(|result| body("result", result)).transpose()?;
    let digest = digest("complete", op)?;
    if !is_repeated(slate, id, token, &digest)? {
        slate.task(id)?.check(token, caller)?;
        slate.task_mut(id)?.reported = Some(Reported { token, digest });
        match slate.task(id)?.doom {
            Some(doom) => slate.end_task(id, doom.into(), None)?,
            None => {
                if let Some(result) = result {
                    untracked::put(slate.tx, record::key("task-result", &slate.tenant, id)?, result)?;
                }
                slate.end_task(id, TaskEvent::Completed, None)?;
            }
        }
    }
    Ok(slate.task(id)?.view())
}

pub(super) fn fail(slate: &mut Slate<'_, '_>, op: &FailTask, caller: &Principal) -> Result<Task> {
    let (id, token) = (&op.task, op.token);
    text("error", &op.error, 4_000)?;
    within("after_seconds", op.after_seconds, 0, 0..=DAY)?;
    let digest = digest("fail", op)?;
    if !is_repeated(slate, id, token, &digest)? {
        slate.task(id)?.check(token, caller)?;
        slate.task_mut(id)?.reported = Some(Reported { token, digest });
        let again = match op.after_seconds {
            _ if op.for_good => Again::Never,
            Some(seconds) => Again::After(seconds),
            None => Again::Later,
        };
        slate.fail_attempt(id, op.error.clone(), again)?;
    }
    Ok(slate.task(id)?.view())
}

pub(super) fn give_back(slate: &mut Slate<'_, '_>, op: &ReturnTask, caller: &Principal) -> Result<Task> {
    let (id, token) = (&op.task, op.token);
    let digest = digest("return", op)?;
    if !is_repeated(slate, id, token, &digest)? {
        slate.task(id)?.check(token, caller)?;
        slate.task_mut(id)?.reported = Some(Reported { token, digest });
        slate.uncount(id)?;
    }
    Ok(slate.task(id)?.view())
}

pub(super) fn progress(slate: &mut Slate<'_, '_>, op: &ReportProgress, caller: &Principal) -> Result<Task> {
    let (id, now) = (&op.task, slate.now);
    within("percent", op.percent, 0, 0..=100)?;
    if let Some(note) = &op.note {
        text("note", note, 1_000)?;
    }
    if op.log.len() > LINES {
        return Err(invalid(format!("{} lines for the log: {LINES} are allowed at once", op.log.len())));
    }
    for line in &op.log {
        text("a line of the log", line, 4_096)?;
    }
    slate.task(id)?.check(op.token, caller)?;
    let task = slate.task_mut(id)?;
    if let Some((until, seconds)) = task.lease.as_mut().and_then(|lease| lease.until.as_mut()) {
        *until = later(now, *seconds);
    }
    task.percent = op.percent.or(task.percent);
    task.note = op.note.clone().or_else(|| task.note.take());
    task.changed_at = now;
    write_log(slate, id, &op.log)?;
    if op.percent.is_some() || op.note.is_some() || !op.log.is_empty() {
        slate.tell_task("task.progress", id)?;
    }
    Ok(slate.task(id)?.view())
}

fn write_log(slate: &mut Slate<'_, '_>, id: &TaskId, lines: &[String]) -> Result<()> {
    let (at, task) = (slate.now, slate.task_mut(id)?);
    let (attempt, (first, next)) = (task.attempt, task.log);
    let end = next + u64::try_from(lines.len()).unwrap_or(0);
    let begin = first.max(end.saturating_sub(KEPT));
    task.log = (begin, end);
    for number in first..begin {
        slate.tx.delete(record::log_key(&slate.tenant, id, number)?)?;
    }
    for (number, text) in (next..end).zip(lines) {
        let line = LogLine { number, at, attempt, text: text.clone() };
        untracked::write(slate.tx, &record::log_key(&slate.tenant, id, number)?, &line)?;
    }
    Ok(())
}

pub(super) fn cancel(slate: &mut Slate<'_, '_>, op: &CancelTask) -> Result<Task> {
    let id = &op.task;
    if let Some(reason) = &op.reason {
        text("reason", reason, 4_000)?;
    }
    match slate.task(id)?.state {
        TaskState::Cancelled => {}
        TaskState::Stopping => {
            let (now, task) = (slate.now, slate.task_mut(id)?);
            if task.doom != Some(Doom::Cancelled) {
                (task.doom, task.changed_at) = (Some(Doom::Cancelled), now);
                task.error = op.reason.clone();
            }
        }
        TaskState::Running => slate.stop_task(id, Doom::Cancelled, op.reason.clone())?,
        state if state.is_ended() => {
            let message = format!("task {id} is {state} already: there is nothing to cancel");
            return Err(Error::new(ErrorKind::Conflict, message).refused());
        }
        _ => slate.end_task(id, TaskEvent::Cancelled, op.reason.clone())?,
    }
    Ok(slate.task(id)?.view())
}

pub(super) fn replay(slate: &mut Slate<'_, '_>, id: &TaskId) -> Result<Task> {
    let now = slate.now;
    let task = slate.task_mut(id)?;
    task.take(TaskEvent::Replayed, now)?;
    if task.awaited {
        // What they are told is how it ended: it must not have another state meanwhile.
        let message = format!(
            "those that wait for task {id} are still being told that it is dead: try again in a second"
        );
        return Err(Error::new(ErrorKind::Conflict, message).refused());
    }
    if let Some(why) = &task.lost {
        let message = format!("task {id} died before it could begin, and {why}: submit another one");
        return Err(Error::new(ErrorKind::Conflict, message).refused());
    }
    // Its deadline may be why it died.
    task.deadline = task.deadline.filter(|deadline| now < *deadline);
    (task.ended_at, task.purge_at, task.attempt) = (None, None, 0);
    (task.percent, task.note) = (None, None);
    if task.open == 0 {
        task.take(TaskEvent::Unblocked, now)?;
        task.schedule(None, now)?;
    }
    slate.tell_task("task.replayed", id)?;
    Ok(slate.task(id)?.view())
}

impl Slate<'_, '_> {
    /// Gives a held task back as if it had not been claimed.
    pub(crate) fn uncount(&mut self, id: &TaskId) -> Result<()> {
        match self.task(id)?.doom {
            Some(doom) => self.end_task(id, doom.into(), None),
            None => {
                let task = self.task_mut(id)?;
                task.attempt = task.attempt.saturating_sub(1);
                self.return_task(id, None, None)
            }
        }
    }
}
