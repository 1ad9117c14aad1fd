//! What is kept of a call that goes on after its client was answered, and how it moves from one state to the next.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use mosaic_core::error::{Delivery, Error, ErrorKind};
use mosaic_core::types::{Effect, Timestamp};
use rmcp::model::{self as wire, DetailedTask, InputRequest, JsonObject, TaskPayload};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinError;

use super::super::run::Ended;
use crate::surface::Fault;
use crate::surface::lasting::Lasting;
use crate::surface::wire::result as wired;

/// How often clients are asked to ask, in milliseconds.
const POLL: u64 = 1_000;

/// What was called: what it takes to run it again with the answers to its questions, and to know who may see its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) tool: String,
    pub(super) arguments: Value,
    /// The idempotency key.
    pub(super) key: Option<String>,
    pub(super) effect: Effect,
    /// What it is about, as permissions name it.
    pub(super) about: Vec<String>,
}

/// A call that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) called: Called,
    pub(super) answers: BTreeMap<String, Value>,
    pub(super) course: Course,
    /// How often it was begun.
    pub(super) turn: u32,
    made: Timestamp,
    moved: Timestamp,
    /// When it is kept no longer.
    pub(super) ends: Timestamp,
    /// The result, as JSON text. It is stored beside the rest.
    #[serde(skip)]
    pub(super) result: Option<Bytes>,
}

/// Where a call is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Course {
    /// A node runs it.
    Working { node: String },
    /// Its client has questions to answer first.
    Asking(BTreeMap<String, InputRequest>),
    /// It has a result, of so many bytes.
    Completed { bytes: usize },
    /// It has none, and never will.
    Failed(JsonObject),
    /// Its client gave it up.
    Cancelled,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    course: Course,
    result: Option<Bytes>,
}

impl End {
    pub(super) fn of(ended: Result<Ended, JoinError>, effect: Effect) -> Self {
        match ended {
            Ok((_, asked)) if !asked.is_empty() => Self { course: Course::Asking(asked), result: None },
            Ok((result, _)) => match serde_json::to_vec(&wired(result)) {
                Ok(json) => {
                    Self { course: Course::Completed { bytes: json.len() }, result: Some(json.into()) }
                }
                Err(_) => Self::failed(ErrorKind::Internal, "the result has no JSON form", effect),
            },
            Err(_) => Self::failed(ErrorKind::Internal, "the call ended without a result", effect),
        }
    }

    /// It was run; what came of it cannot be kept.
    pub(super) fn too_large(effect: Effect) -> Self {
        let why =
            "the call has ended, and what it answers or asks is too large to be kept: ask for less at once";
        Self::failed(ErrorKind::Invalid, why, effect)
    }

    fn failed(kind: ErrorKind, why: &'static str, effect: Effect) -> Self {
        Self { course: failed(kind, why, effect), result: None }
    }

    /// How many bytes the result has.
    pub(super) fn bytes(&self) -> usize {
        self.result.as_ref().map_or(0, Bytes::len)
    }
}

/// A call without a result: whether it took effect is not known.
fn failed(kind: ErrorKind, why: &'static str, effect: Effect) -> Course {
    let error = Error::new(kind, why).delivery(Delivery::Unknown);
    let data = Fault::new(&error, effect);
    let error = json!({ "code": wire::ErrorCode::INTERNAL_ERROR.0, "message": why, "data": data });
    Course::Failed(error.as_object().cloned().unwrap_or_default())
}

/// What answers to questions changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There are more questions to answer.
    More,
    /// It is to be run again, for this turn.
    Again { turn: u32 },
}

impl Record {
    /// A call that a node runs.
    pub(super) fn begun(
        called: Called,
        answers: BTreeMap<String, Value>,
        node: &str,
        now: Timestamp,
        keep: Duration,
    ) -> Self {
        let course = Course::Working { node: node.to_owned() };
        let ends = after(now, keep);
        Self { called, answers, course, turn: 1, made: now, moved: now, ends, result: None }
    }

    /// The node that runs it, and for which turn.
    pub(super) fn runner(&self) -> Option<(&str, u32)> {
        match &self.course {
            Course::Working { node } => Some((node, self.turn)),
            _ => None,
        }
    }

    fn move_to(&mut self, course: Course, now: Timestamp) {
        (self.course, self.moved) = (course, now);
    }

    /// Notes how a run ended. A call that was given up in the same moment stays so.
    pub(super) fn ended(&mut self, node: &str, turn: u32, end: End, now: Timestamp) -> Option<()> {
        if self.runner() != Some((node, turn)) {
            return None;
        }
        self.result = end.result;
        self.move_to(end.course, now);
        Some(())
    }

    /// Gives it up; one that is over stays as it is.
    pub(super) fn give_up(&mut self, now: Timestamp) -> Option<()> {
        if !matches!(self.course, Course::Working { .. } | Course::Asking(_)) {
            return None;
        }
        self.move_to(Course::Cancelled, now);
        Some(())
    }

    /// Takes answers to its questions; nothing changes where none of them is one. With the last of them this node runs it again.
    pub(super) fn told(&mut self, said: BTreeMap<String, Value>, node: &str, now: Timestamp) -> Option<Told> {
        let Course::Asking(asked) = &mut self.course else { return None };
        let before = asked.len();
        for (key, value) in said {
            // Of what nobody asked nothing counts.
            if asked.remove(&key).is_some() {
                self.answers.insert(key, value);
            }
        }
        if asked.len() == before {
            return None;
        }
        self.moved = now;
        if !asked.is_empty() {
            return Some(Told::More);
        }
        self.turn = self.turn.saturating_add(1);
        self.move_to(Course::Working { node: node.to_owned() }, now);
        Some(Told::Again { turn: self.turn })
    }

    /// The node that ran it is gone.
    pub(super) fn lost(&mut self, now: Timestamp) {
        let why = "the node that ran the call is gone, and with it the result";
        self.move_to(failed(ErrorKind::Cancelled, why, self.called.effect), now);
    }

    /// What its client is told. One whose result is not at hand is none.
    pub(super) fn task(&self, id: &str, options: &Lasting) -> Option<DetailedTask> {
        let payload = match &self.course {
            Course::Working { .. } => TaskPayload::Working,
            Course::Asking(asked) => TaskPayload::InputRequired { input_requests: asked.clone() },
            Course::Completed { .. } => {
                TaskPayload::Completed { result: serde_json::from_slice(self.result.as_ref()?).ok()? }
            }
            Course::Failed(error) => TaskPayload::Failed { error: error.clone() },
            Course::Cancelled => TaskPayload::Cancelled,
        };
        let (made, moved) = (self.made.to_string(), self.moved.to_string());
        let keep = u64::try_from(options.keep.as_millis()).unwrap_or(u64::MAX);
        let task =
            wire::Task::new(id, payload.status(), made, moved).with_ttl_ms(keep).with_poll_interval_ms(POLL);
        Some(DetailedTask::new(task, payload))
    }
}

/// A time some time later.
pub(super) fn after(now: Timestamp, time: Duration) -> Timestamp {
    let time = jiff::SignedDuration::try_from(time).unwrap_or(jiff::SignedDuration::MAX);
    now.saturating_add(time).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
