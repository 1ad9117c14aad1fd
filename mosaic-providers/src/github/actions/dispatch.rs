//! Starting a workflow, and finding the run that it became.
//!
//! GitHub says which run it is when it is asked to. An older server answers with nothing: the run is then found by a value that
//! no other run has, where the workflow shows it, else as the only new run that it can be: dispatches of one workflow from here
//! then go one after the other. Between two runs nothing is guessed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::cicd::TriggerRun;
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::{RepoRef, Timestamp};

use super::hub::{Hub, at_actions};
use super::run;
use super::turn::Turn;
use super::wire;
use crate::at;
use crate::github::client::MOST;
use crate::object_id::is_object_id;

/// How often a run is looked for.
const LOOKS: usize = 10;

/// How much older than the answer to the dispatch a run may be by the server's clock.
const SLACK: Duration = Duration::from_secs(5);

/// A workflow to be started.
struct Start<'a> {
    repo: &'a RepoRef,
    pipeline: &'a str,
    /// The whole name of a branch or tag, or the short one.
    reference: Cow<'a, str>,
    /// The name of the input that has a value of its own, and the value.
    mark: Option<(&'a str, String)>,
}

/// What is known of the runs before the dispatch.
enum Before {
    /// The newest of them.
    Newest(i64),
    /// Nothing, but when the dispatch was answered.
    Until(Option<Timestamp>),
}

pub(super) async fn trigger(hub: &Hub, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    if op.at.as_deref().is_some_and(is_object_id) {
        let text = "at: GitHub starts workflows on branches and tags, not on commits";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    // What is only read before must not look like a run that may have been made.
    let quiet = &cx.clone().for_attempt(None);
    let reference = match &op.at {
        Some(at) => Cow::Borrowed(at.as_str()),
        None => run::default_branch(hub, quiet, &op.repo).await.map_err(Error::refused)?.into(),
    };
    let mut inputs = op.inputs.clone();
    let mark = hub
        .correlation
        .as_deref()
        .map(|name| (name, inputs.entry(name.to_owned()).or_insert_with(fresh).clone()));
    let mut start = Start { repo: &op.repo, pipeline: &op.pipeline, reference, mark };
    let mut turn = None;
    loop {
        let silent = hub.silent.load(Ordering::Relaxed);
        if turn.is_none() && (silent || !hub.tells.load(Ordering::Relaxed)) {
            turn = Some(hub.turns.take(format!("{} {}", op.repo, op.pipeline)).await);
            // Whoever had the turn before may have learnt how the server is.
            continue;
        }
        let newest = match silent {
            true => Some(newest(hub, quiet, &start).await.map_err(Error::refused)?),
            false => None,
        };
        turn.iter_mut().for_each(Turn::begin);
        let sent = send(hub, cx, &start, &inputs, !silent).await;
        if sent.as_ref().is_ok_and(|(_, told)| told.is_some())
            || sent.as_ref().is_err_and(|error| error.outcome() == Outcome::NotMade)
        {
            turn.iter_mut().for_each(Turn::end);
        }
        match sent {
            Ok((_, Some(told))) => {
                hub.tells.store(true, Ordering::Relaxed);
                drop(turn);
                return Ok(told_run(hub, cx, &start, told).await);
            }
            Ok((date, None)) => {
                hub.silent.store(true, Ordering::Relaxed);
                let before = newest.map_or(Before::Until(date), Before::Newest);
                let found = find(hub, cx, &start, before, turn.as_ref().is_some_and(Turn::is_clear)).await;
                if found.is_ok() {
                    turn.iter_mut().for_each(Turn::end);
                }
                return found;
            }
            // Each of the two refusals started nothing, and comes once.
            Err(error) if !silent && refuses(&error, "return_run_details") => {
                hub.silent.store(true, Ordering::Relaxed);
            }
            Err(error) => match start.mark.take() {
                Some((name, _)) if !op.inputs.contains_key(name) && refuses(&error, name) => {
                    inputs.remove(name);
                }
                _ => return Err(missing_reference(error)),
            },
        }
    }
}

/// A branch or tag that is not there is answered like a value that makes no sense.
fn missing_reference(error: Error) -> Error {
    if error.status_code() == Some(422) && error.message().contains("No ref found for") {
        return Error::new(ErrorKind::NotFound, error.message().to_owned())
            .status(422)
            .delivery(Delivery::Answered);
    }
    error
}

/// Whether the server refused the request because of a name in it that it does not know.
fn refuses(error: &Error, name: &str) -> bool {
    let text = error.message();
    error.status_code() == Some(422)
        && text.contains(name)
        && (text.contains("not a permitted key") || text.contains("Unexpected inputs"))
}

/// A value that no other run has.
fn fresh() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let (now, count) = (Timestamp::now().as_nanosecond(), LAST.fetch_add(1, Ordering::Relaxed));
    format!("{now:x}-{:x}-{count:x}", std::process::id())
}

/// Starts it; gives the server's time, and the run where the server names it.
async fn send(
    hub: &Hub,
    cx: &CallContext,
    start: &Start<'_>,
    inputs: &BTreeMap<String, String>,
    details: bool,
) -> Result<(Option<Timestamp>, Option<wire::Dispatched>)> {
    let body = wire::Dispatch { reference: &start.reference, inputs, return_run_details: details };
    let path = at_actions(start.repo, "workflows").part(start.pipeline).part("dispatches");
    let answer = hub.client.post(path).json(&body).raw(cx).await?;
    let date = answer.header("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let date = date.map(|date| date.timestamp());
    if answer.value.is_empty() {
        return Ok((date, None));
    }
    let told = serde_json::from_slice(&answer.value).map_err(|error| {
        let text = format!("the workflow was started, and what GitHub answers cannot be read: {error}");
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    })?;
    Ok((date, Some(told)))
}

/// The run that the server named. It was made, so whatever cannot be read of it now is left out.
async fn told_run(hub: &Hub, cx: &CallContext, start: &Start<'_>, told: wire::Dispatched) -> PipelineRun {
    let number = u64::try_from(told.workflow_run_id).unwrap_or_default();
    let mut pace = hub.pace();
    for look in 0..3 {
        if look > 0 {
            pace.rest().await;
        }
        match run::fetch(hub, cx, start.repo, number).await {
            Ok(found) => return run::read(start.repo, found),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => break,
        }
    }
    let mut run = PipelineRun::new(told.workflow_run_id.to_string(), start.repo.clone(), RunState::Queued);
    run.pipeline = Some(start.pipeline.to_owned());
    run.reference = Some(start.short().to_owned());
    run.web_url = told.html_url;
    run
}

/// The newest run that the workflow had of being started by hand; 0 where there is none.
async fn newest(hub: &Hub, cx: &CallContext, start: &Start<'_>) -> Result<i64> {
    Ok(runs(hub, cx, start, 1, false).await?.into_iter().map(|run| run.id).max().unwrap_or(0))
}

/// The latest runs of the workflow that were started by hand.
async fn runs(
    hub: &Hub,
    cx: &CallContext,
    start: &Start<'_>,
    most: usize,
    here: bool,
) -> Result<Vec<wire::Run>> {
    let path = at_actions(start.repo, "workflows").part(start.pipeline).part("runs");
    let request = hub.client.get(path).query("event", "workflow_dispatch").query("per_page", most);
    let request = request.maybe("branch", here.then(|| start.short()));
    Ok(request.send::<wire::Runs>(cx).await?.workflow_runs)
}

impl Start<'_> {
    /// The reference without `refs/heads/` and `refs/tags/`.
    fn short(&self) -> &str {
        let short =
            ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| self.reference.strip_prefix(prefix));
        short.unwrap_or(&self.reference)
    }

    /// Whether a run shows the value that only it has.
    fn is_marked(&self, run: &wire::Run) -> bool {
        let shows =
            |text: &Option<String>, mark: &str| text.as_deref().is_some_and(|text| text.contains(mark));
        self.mark.as_ref().is_some_and(|(_, mark)| shows(&run.display_title, mark) || shows(&run.name, mark))
    }
}

impl Before {
    fn is_new(&self, run: &wire::Run) -> bool {
        match self {
            Self::Newest(id) => run.id > *id,
            Self::Until(Some(date)) => run.created_at.is_some_and(|created| created >= *date - SLACK),
            Self::Until(None) => false,
        }
    }
}

/// Finds the run that a dispatch made. Without a value that only it has, and where runs of earlier dispatches may still show, it is
/// not taken for the only new one.
///
/// # Errors
/// `Protocol`, as of a write that was made, where the run does not show or where it may be one of several.
async fn find(
    hub: &Hub,
    cx: &CallContext,
    start: &Start<'_>,
    before: Before,
    clear: bool,
) -> Result<PipelineRun> {
    let (mut pace, mut seen, mut alone, mut me) = (hub.pace(), 0, None, None);
    for look in 0..LOOKS {
        pace.rest().await;
        // The run was made; a look that fails is made up for by the next one.
        let Ok(mut found) = runs(hub, cx, start, MOST, true).await else { continue };
        if let Some(at) = found.iter().position(|run| start.is_marked(run)) {
            return Ok(run::read(start.repo, found.swap_remove(at)));
        }
        found.retain(|run| before.is_new(run));
        if !found.is_empty() && me.is_none() {
            me = Some(login(hub, cx).await);
        }
        if let Some(Some(me)) = &me {
            found.retain(|run| run.actor.as_ref().is_none_or(|actor| actor.login == *me));
        }
        seen = found.len();
        // A value of its own may take a moment to show, and so may a second run.
        let late = start.mark.is_none() || look > 1;
        match found.pop() {
            Some(run) if seen == 1 && late && clear && alone == Some(run.id) => {
                return Ok(run::read(start.repo, run));
            }
            Some(_) if seen > 1 && late && start.mark.is_none() => break,
            Some(run) => alone = Some(run.id),
            None => {}
        }
    }
    let what = match seen {
        0 => "does not show in the list of runs".to_owned(),
        1 => "cannot be told from that of a dispatch before it, which was given up".to_owned(),
        several => format!("cannot be told from others: {several} runs began at the same time"),
    };
    let text = format!(
        "workflow {} was started on {}, but its run {what}; let the workflow show an input that actions.correlationInput names \
         in its run-name",
        start.pipeline,
        start.short()
    );
    Err(Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered))
}

/// Who the credential belongs to, where that is a person.
async fn login(hub: &Hub, cx: &CallContext) -> Option<String> {
    hub.client.get(at!["user"]).send::<wire::Actor>(cx).await.ok().map(|user| user.login)
}
