//! Calls that go on after their client was answered: tasks of the protocol, for their callers alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::{TenantId, Timestamp};
use parking_lot::Mutex;
use rmcp::model::{self as wire, DetailedTask, ErrorData, InputRequest, TaskPayload};
use serde_json::{Value, json};
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::run::{Ended, Run};
use super::{Answer, Context, Handler};
use crate::state::Clock;
use crate::surface::Requester;
use crate::surface::guard::{to_call, to_show};
use crate::surface::lasting::Lasting;
use crate::surface::menu::SEARCH_TOOLS;
use crate::surface::wire::result as wired;

/// The most calls of all callers.
const ALL: usize = 1_024;
/// The most calls of one tenant.
const EACH: usize = ALL / 2;
/// How often clients are asked to ask, in milliseconds.
const POLL: u64 = 1_000;

type Owner = (TenantId, Principal);
/// A call under way.
pub(super) type Going = AbortOnDropHandle<Ended>;

/// The calls that are kept.
pub(in crate::surface) struct Calls {
    pub(super) options: Lasting,
    entries: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    owner: Owner,
    /// What is run again with the answers to its questions.
    run: Run,
    answers: BTreeMap<String, Value>,
    course: Course,
    made: Timestamp,
    moved: Timestamp,
    ends: Instant,
    /// Takes it away when its time is over.
    _end: AbortOnDropHandle<()>,
}

enum Course {
    Working { _watch: AbortOnDropHandle<()> },
    Asking(BTreeMap<String, InputRequest>),
    Over(TaskPayload),
}

impl Calls {
    pub(in crate::surface) fn new(options: Lasting) -> Arc<Self> {
        Arc::new(Self { options, entries: Mutex::default() })
    }

    /// Keeps a call that is under way, and gives the task that the client is told of; the call itself where there is no room.
    fn keep(
        self: &Arc<Self>,
        run: Run,
        answers: BTreeMap<String, Value>,
        going: Going,
    ) -> Result<wire::Task, Going> {
        let (now, ends) = (Clock::System.now(), Instant::now() + self.options.keep);
        let owner = run.owner();
        let mut entries = self.entries.lock();
        entries.retain(|_, entry| entry.ends > Instant::now());
        let own = entries.values().filter(|entry| entry.owner == owner).count();
        let of_tenant = entries.values().filter(|entry| entry.owner.0 == owner.0).count();
        if own >= self.options.most || of_tenant >= EACH || entries.len() >= ALL {
            return Err(going);
        }
        let id = uuid::Uuid::now_v7().to_string();
        let course = self.watch(id.clone(), going);
        let end = self.end(id.clone(), ends);
        let entry = Entry { owner, run, answers, course, made: now, moved: now, ends, _end: end };
        let task = entry.task(&id, &self.options);
        entries.insert(id, entry);
        Ok(task.task)
    }

    /// Waits for a call in the background. Called under the lock, so that the entry is there when it ends.
    fn watch(self: &Arc<Self>, id: String, going: Going) -> Course {
        let calls: Weak<Self> = Arc::downgrade(self);
        let watch = tokio::spawn(async move {
            // The result may be large: nobody waits for the lock meanwhile.
            let course = Course::of(going.await);
            if let Some(calls) = calls.upgrade() {
                calls.ended(&id, course);
            }
        });
        Course::Working { _watch: AbortOnDropHandle::new(watch) }
    }

    /// Notes how a call ended. One that was given up in the same moment stays so.
    fn ended(&self, id: &str, course: Course) {
        if let Some(entry) = self.entries.lock().get_mut(id)
            && matches!(entry.course, Course::Working { .. })
        {
            (entry.course, entry.moved) = (course, Clock::System.now());
        }
    }

    /// Takes a call away when its time is over: one that is under way is given up, and nobody is told of it any more.
    fn end(self: &Arc<Self>, id: String, ends: Instant) -> AbortOnDropHandle<()> {
        let calls: Weak<Self> = Arc::downgrade(self);
        AbortOnDropHandle::new(tokio::spawn(async move {
            sleep_until(ends).await;
            if let Some(calls) = calls.upgrade() {
                calls.entries.lock().remove(&id);
            }
        }))
    }

    /// What becomes of a caller's own call by `change`; others are told that there is none.
    fn with<T>(&self, owner: &Owner, id: &str, change: impl FnOnce(&mut Entry) -> T) -> Answer<T> {
        let mut entries = self.entries.lock();
        let found = entries.get_mut(id).filter(|entry| entry.owner == *owner && entry.ends > Instant::now());
        found.map(change).ok_or_else(no_task)
    }
}

fn no_task() -> ErrorData {
    ErrorData::invalid_params("there is no such task, or its time is over", None)
}

impl Course {
    fn of(ended: Result<Ended, JoinError>) -> Self {
        match ended {
            Ok((_, asked)) if !asked.is_empty() => Self::Asking(asked),
            Ok((result, _)) => match serde_json::to_value(wired(result)) {
                Ok(Value::Object(result)) => Self::Over(TaskPayload::Completed { result }),
                _ => Self::failed("the result has no JSON form"),
            },
            Err(_) => Self::failed("the call ended without a result"),
        }
    }

    fn failed(why: &str) -> Self {
        let error = json!({ "code": wire::ErrorCode::INTERNAL_ERROR.0, "message": why });
        Self::Over(TaskPayload::Failed { error: error.as_object().cloned().unwrap_or_default() })
    }
}

impl Entry {
    fn task(&self, id: &str, options: &Lasting) -> DetailedTask {
        let payload = match &self.course {
            Course::Working { .. } => TaskPayload::Working,
            Course::Asking(asked) => TaskPayload::InputRequired { input_requests: asked.clone() },
            Course::Over(payload) => payload.clone(),
        };
        let (made, moved) = (self.made.to_string(), self.moved.to_string());
        let keep = u64::try_from(options.keep.as_millis()).unwrap_or(u64::MAX);
        let task =
            wire::Task::new(id, payload.status(), made, moved).with_ttl_ms(keep).with_poll_interval_ms(POLL);
        DetailedTask::new(task, payload)
    }

    fn over(&mut self, payload: TaskPayload) {
        (self.course, self.moved) = (Course::Over(payload), Clock::System.now());
    }
}

impl Handler {
    /// Waits for a call as long as a client does, and keeps it from then on.
    pub(super) async fn wait_or_keep(
        &self,
        calls: &Arc<Calls>,
        run: Run,
        answers: BTreeMap<String, Value>,
        requester: Requester,
        cx: &Context,
    ) -> Answer<Result<Ended, wire::CreateTaskResult>> {
        let work = run.clone().go(Arc::clone(&self.server), requester.clone());
        let mut going = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
        let lost = |_| ErrorData::internal_error("the call ended without a result", None);
        tokio::select! {
            biased;
            () = cx.ct.cancelled() => return Err(super::calls::cancelled()),
            ended = &mut going => return Ok(Ok(ended.map_err(lost)?)),
            () = tokio::time::sleep(calls.options.after) => {}
        }
        match calls.keep(run, answers, going) {
            Ok(task) => {
                // The request is answered: nothing more belongs to it.
                requester.hush();
                Ok(Err(wire::CreateTaskResult::new(task)))
            }
            Err(mut going) => tokio::select! {
                biased;
                () = cx.ct.cancelled() => Err(super::calls::cancelled()),
                ended = &mut going => Ok(Ok(ended.map_err(lost)?)),
            },
        }
    }

    fn calls_of(&self, cx: &Context) -> Answer<(Arc<Calls>, Owner)> {
        let acting = self.acting(cx)?;
        let none = || ErrorData::invalid_request("this server has no tasks", None);
        let calls = self.server.lasting.clone().ok_or_else(none)?;
        Ok((calls, (acting.tenant_id().clone(), acting.caller().clone())))
    }

    /// Whether a caller could call a tool now: who no longer may is given none of its results.
    async fn may_still(&self, acting: &CallContext, tool: &str) -> bool {
        if tool == SEARCH_TOOLS {
            return true;
        }
        let Some((_, tool)) = self.server.find(tool) else { return false };
        let guard = &self.server.guard;
        match tool.asks {
            Some(_) => guard.reach(acting).has(to_show(&tool)),
            None => guard.passes(acting, to_call(&tool)).await,
        }
    }

    /// Answers `tasks/get`, with what the caller is allowed now.
    pub(super) async fn task(&self, id: &str, cx: &Context) -> Answer<wire::GetTaskResult> {
        let (calls, owner) = self.calls_of(cx)?;
        let options = calls.options;
        let tool = calls.with(&owner, id, |entry| entry.run.tool.clone())?;
        if !self.may_still(&self.acting(cx)?, &tool).await {
            return Err(no_task());
        }
        calls.with(&owner, id, |entry| entry.task(id, &options)).map(wire::GetTaskResult::new)
    }

    /// Answers `tasks/cancel`: a call that is under way is given up; one that is over stays as it is.
    pub(super) fn give_up(&self, id: &str, cx: &Context) -> Answer<()> {
        let (calls, owner) = self.calls_of(cx)?;
        calls.with(&owner, id, |entry| {
            if !matches!(entry.course, Course::Over(_)) {
                entry.over(TaskPayload::Cancelled);
            }
        })
    }

    /// Answers `tasks/update`: answers to questions that were asked; with the last of them the call is run again, with
    /// what the caller that answers is allowed.
    pub(super) fn told(&self, id: &str, said: BTreeMap<String, Value>, cx: &Context) -> Answer<()> {
        let (calls, owner) = self.calls_of(cx)?;
        let acting = self.acting(cx)?;
        calls.with(&owner, id, |entry| {
            let Course::Asking(asked) = &mut entry.course else { return };
            for (key, value) in said {
                // Of what nobody asked nothing counts.
                if asked.remove(&key).is_some() {
                    entry.answers.insert(key, value);
                }
            }
            entry.moved = Clock::System.now();
            if asked.is_empty() {
                entry.run.acting = match entry.run.acting.key().map(str::to_owned) {
                    Some(key) => acting.idempotency_key(key),
                    None => acting,
                };
                let requester = self.requester(cx, entry.answers.clone());
                requester.hush();
                let work = entry.run.clone().go(Arc::clone(&self.server), requester);
                let going = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
                entry.course = calls.watch(id.to_owned(), going);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::surface::CallToolResult;

    fn run() -> Run {
        Run { acting: CallContext::new(), tool: "slow".to_owned(), arguments: Value::Null }
    }

    fn going() -> Going {
        AbortOnDropHandle::new(tokio::spawn(std::future::pending()))
    }

    fn kept(calls: &Arc<Calls>, run: Run) -> Option<String> {
        calls.keep(run, BTreeMap::new(), going()).ok().map(|task| task.task_id)
    }

    fn done() -> Course {
        Course::of(Ok((CallToolResult::value(json!({ "done": true })), BTreeMap::new())))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_given_up_is_not_completed_afterwards() {
        let calls = Calls::new(Lasting::new());
        let (id, other) = (kept(&calls, run()).unwrap(), kept(&calls, run()).unwrap());
        let owner = run().owner();
        calls.with(&owner, &id, |entry| entry.over(TaskPayload::Cancelled)).unwrap();
        calls.ended(&id, done());
        calls.ended(&other, done());
        let payload =
            |id: &str| calls.with(&owner, id, |entry| entry.task(id, &calls.options).payload).unwrap();
        assert!(matches!(payload(&id), TaskPayload::Cancelled));
        assert!(matches!(payload(&other), TaskPayload::Completed { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn results_are_let_go_when_their_time_is_over_though_nobody_asks() {
        let calls = Calls::new(Lasting::new().keep(Duration::from_secs(60)));
        let id = kept(&calls, run()).unwrap();
        calls.ended(&id, done());
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(calls.entries.lock().len(), 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(calls.entries.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_tenant_leaves_room_for_others() {
        let calls = Calls::new(Lasting::new().most(ALL));
        assert_eq!((0..ALL).filter_map(|_| kept(&calls, run())).count(), EACH);
        let mut other = run();
        other.acting = other.acting.tenant(TenantId::new("other").unwrap());
        assert!(kept(&calls, other).is_some());
    }
}
