//! Logs: stored ones, and streams of events.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use super::shape::steps;
use crate::fake::forge::{JobRun, Run};
use crate::fake::http::Reply;

/// What a step printed so far, and the state of its job; none where there is no such step.
fn lines(runs: &[Run], number: &str, step: &str) -> Option<(Vec<Value>, RunState)> {
    let (number, step) = (number.parse::<u64>().ok()?, step.parse::<u64>().ok()?);
    let run = runs.iter().find(|run| run.number == number)?;
    let job: &JobRun = run.jobs.iter().find(|job| steps(job).contains(&step))?;
    let clone = steps(job)[0] == step;
    let text = match clone {
        true if job.started_at.is_some() => "+ git init\n+ git fetch\n",
        true => "",
        false => job.log.as_str(),
    };
    let state = if clone && job.started_at.is_some() { RunState::Succeeded } else { job.state };
    let line = |(at, text): (usize, &str)| {
        let data = STANDARD.encode(text);
        json!({ "id": step * 1_000 + at as u64, "step_id": step, "time": 0, "line": at, "data": data, "type": 0 })
    };
    Some((text.lines().enumerate().map(line).collect(), state))
}

pub(super) fn stored(runs: &[Run], number: &str, step: &str) -> Reply {
    match lines(runs, number, step) {
        Some((lines, _)) => Reply::json(200, &Value::Array(lines)),
        None => Reply::empty(404),
    }
}

pub(super) fn stream(runs: &[Run], number: &str, step: &str) -> Reply {
    let mut text = String::from(": ping\n\n");
    match lines(runs, number, step) {
        None => text.push_str("event: error\ndata: process not found\n\n"),
        Some((_, state)) if state.is_final() => {
            text.push_str("event: error\ndata: step not running (anymore)\n\n");
        }
        Some((lines, _)) => {
            for (at, line) in lines.iter().enumerate() {
                text.push_str(&format!("id: {}\ndata: {line}\n\n", at + 1));
            }
        }
    }
    Reply::bytes(200, "text/event-stream", text)
}
