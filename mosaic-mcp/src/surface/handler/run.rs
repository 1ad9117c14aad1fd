//! One call from its check to its end: found, confirmed, run.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::from_params;
use mosaic_core::types::{Effect, TenantId};
use rmcp::model as wire;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::function::unrecorded;
use crate::surface::call::no_tool;
use crate::surface::guard::{CALL, to_call};
use crate::surface::menu::{SEARCH_TOOLS, Search};
use crate::surface::server::{Confirm, Inner};
use crate::surface::{CallToolResult, Fault, LogLevel, Question, Reply, Requester, Tool, ToolCall};

/// How often the client of a long call hears that it still runs.
const BEAT: Duration = Duration::from_secs(5);
/// The name of the question before something irreversible.
const CONFIRM: &str = "confirm";

/// The result of a call, and the questions that the client is to answer first.
pub(super) type Ended = (CallToolResult, BTreeMap<String, wire::InputRequest>);

/// What is called, by whom, with what.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) acting: CallContext,
    pub(super) tool: String,
    pub(super) arguments: Value,
}

impl Run {
    /// Whose call it is.
    pub(super) fn owner(&self) -> (TenantId, Principal) {
        (self.acting.tenant_id().clone(), self.acting.caller().clone())
    }

    /// Runs a call to its end; gives its result, and the questions that the client is to answer first.
    pub(super) async fn go(self, server: Arc<Inner>, requester: Requester) -> Ended {
        let Self { acting, tool: name, arguments } = self;
        if name == SEARCH_TOOLS {
            return (search(&server, &acting, arguments), BTreeMap::new());
        }
        let Some((source, tool)) = server.find(&name) else {
            return (CallToolResult::fault(&Fault::new(&no_tool(&name), Effect::Read)), BTreeMap::new());
        };
        if tool.asks.is_none()
            && let Err(error) = server.guard.check(&acting, to_call(&tool), CALL, &name).await
        {
            return (CallToolResult::fault(&Fault::new(&error, tool.effect)), BTreeMap::new());
        }
        if let Err(error) = confirmed(&server, &tool, &arguments, &requester).await {
            return (CallToolResult::fault(&Fault::new(&error, tool.effect)), requester.asked());
        }
        let (source, account) =
            (Arc::clone(source), server.guard.account(&acting, &tool, source.waits_for_audit()));
        // A call that takes long does not keep the server.
        drop(server);
        let (cx, effect) = (acting.clone(), tool.effect);
        let call = ToolCall { cx: acting, name: name.clone(), arguments, requester };
        // The source takes the call; what the client is told beside it, it is told through a second hand.
        let told = call.requester.clone();
        let mut result = beating(&told, source.call(call)).await;
        let level = if result.is_error { LogLevel::Warning } else { LogLevel::Debug };
        if told.hears(level) {
            told.log(level, "mosaic", json!({ "tool": name, "failed": result.is_error })).await;
        }
        let asked = told.asked();
        if asked.is_empty() {
            let written = account.ended(&cx, result.is_error).await;
            if let Err(error) = written
                && !result.is_error
            {
                let error = unrecorded(error).operation(CALL);
                result = CallToolResult::fault(&Fault::new(&error, effect));
            }
        } else {
            account.put_off()
        }
        (result, asked)
    }
}

/// Lets a call pass whose effect is harmless, or confirmed, as far as the server asks for that.
async fn confirmed(server: &Inner, tool: &Tool, arguments: &Value, requester: &Requester) -> Result<()> {
    let confirm = server.confirm;
    if tool.effect != Effect::Irreversible || confirm == Confirm::Never {
        return Ok(());
    }
    if !requester.can_ask() {
        return match confirm {
            Confirm::Required => Err(Error::new(
                ErrorKind::PermissionDenied,
                "this cannot be undone and needs the word of a person, whom this client cannot ask; nothing was done",
            )),
            _ => Ok(()),
        };
    }
    let shown: String = arguments.to_string().chars().take(1_000).collect();
    let question = format!("{}: {}\nThis cannot be undone. With: {shown}", tool.title, tool.description);
    match requester.ask(CONFIRM, Question::confirm(question)).await? {
        Reply::Given(_) => Ok(()),
        Reply::Declined | Reply::Dismissed => Err(Error::new(
            ErrorKind::PermissionDenied,
            "the person at the client did not confirm it; nothing was done",
        )),
    }
}

/// Searches what the caller may call.
fn search(server: &Inner, acting: &CallContext, arguments: Value) -> CallToolResult {
    match from_params::<Search>(arguments) {
        Ok(search) => {
            let listed = server.listed();
            let places = server.reached.of(&listed, &server.guard.reach(acting));
            CallToolResult::value(search.run(places.iter().map(|at| &listed.tools[*at].0)))
        }
        Err(error) => CallToolResult::fault(&Fault::new(&error, Effect::Read)),
    }
}

/// Waits for a call, and tells its client now and then that it still runs. The numbers told stay below one, so that what the
/// call tells itself goes on from there.
async fn beating<T>(requester: &Requester, work: impl Future<Output = T>) -> T {
    if !requester.wants_progress() {
        return work.await;
    }
    tokio::pin!(work);
    // Most calls are done at once, and need no timer.
    if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        return done;
    }
    // The first beat comes after a while: waiting for one at once would take until the timer's next millisecond.
    let mut beat = interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut beats: u32 = 0;
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = beat.tick() => {
                beats = beats.saturating_add(1);
                let told = 1.0 - 1.0 / (1.0 + f64::from(beats));
                let seconds = BEAT.as_secs().saturating_mul(beats.into());
                requester.progress(told, None, format!("running for {seconds} s")).await;
            }
        }
    }
}
