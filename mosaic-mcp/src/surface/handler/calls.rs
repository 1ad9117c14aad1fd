//! Calls of tools: found, confirmed, run, given up when the client goes away.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use rmcp::model as wire;
use rmcp::model::ErrorData;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{Answer, Context, Handler};
use crate::surface::call::no_tool;
use crate::surface::guard::to_call;
use crate::surface::menu::{CALL_TOOL, SEARCH_TOOLS, Search};
use crate::surface::meta::keyed;
use crate::surface::rounds::Bound;
use crate::surface::server::Confirm;
use crate::surface::wire::result as wired;
use crate::surface::{CallToolResult, Fault, LogLevel, Question, Reply, Requester, Tool, ToolCall};

/// How often the client of a long call hears that it still runs.
const BEAT: Duration = Duration::from_secs(5);
/// The name of the question before something irreversible.
const CONFIRM: &str = "confirm";

impl Handler {
    /// The list for a caller: what it may call, as far as the menu shows it.
    pub(super) fn shown(&self, acting: &CallContext) -> Vec<wire::Tool> {
        let listed = self.server.listed();
        let finders = &self.server.finders;
        let menu = (self.server.menu)(acting);
        let places = self.server.reached.of(&listed, &self.server.guard.reach(acting));
        let (chosen, hidden) =
            menu.choose(&listed.tools, &places, finders.tools.iter().map(|(_, size)| size + 1).sum());
        let chosen = chosen.into_iter().map(|at| &listed.wire[at]);
        chosen.chain(finders.wire.iter().filter(|_| hidden)).cloned().collect()
    }

    /// Answers `tools/call`.
    pub(super) async fn call(
        &self,
        request: wire::CallToolRequestParams,
        cx: Context,
    ) -> Answer<wire::CallToolResponse> {
        let acting = self.acting(&cx)?;
        let Ok(_permit) = self.calls.try_acquire() else {
            let error = Error::new(ErrorKind::Throttled, "too many calls of this client are under way");
            return Ok(wired(CallToolResult::fault(&Fault::new(&error, Effect::Read))).into());
        };
        let arguments = request.arguments.map_or(Value::Null, Value::Object);
        let (name, arguments) = match unwrapped(&request.name, arguments) {
            Ok(call) => call,
            Err(error) => return Ok(wired(CallToolResult::fault(&Fault::new(&error, Effect::Read))).into()),
        };
        let acting = match keyed(acting, &cx.meta) {
            Ok(acting) => acting,
            Err(error) => return Ok(wired(CallToolResult::fault(&Fault::new(&error, Effect::Read))).into()),
        };
        let key = &self.server.key;
        let bound = Bound { key, cx: &acting, tool: &name, arguments: &arguments };
        let answers = bound.open(request.request_state.as_deref(), request.input_responses);
        let requester = self.requester(&cx, answers.clone());
        // What a client carries from round to round is bound to the arguments; others need them once.
        let kept = requester.asks_in_rounds().then(|| arguments.clone());
        let cancelled = cx.ct.clone();
        let work = self.answer(acting.clone(), &name, arguments, requester);
        let (result, asked) = tokio::select! {
            biased;
            () = cancelled.cancelled() => {
                return Err(ErrorData::internal_error("the call was cancelled by the client", None));
            }
            done = work => done,
        };
        match kept {
            Some(arguments) if !asked.is_empty() => {
                let bound = Bound { key, cx: &acting, tool: &name, arguments: &arguments };
                Ok(wire::InputRequiredResult::new(Some(asked), Some(bound.seal(&answers))).into())
            }
            _ => Ok(wired(result).into()),
        }
    }

    /// Runs a call to its end; gives its result, and the questions that the client is to answer first.
    async fn answer(
        &self,
        acting: CallContext,
        name: &str,
        arguments: Value,
        requester: Requester,
    ) -> (CallToolResult, BTreeMap<String, wire::InputRequest>) {
        if name == SEARCH_TOOLS {
            return (self.search(&acting, arguments), BTreeMap::new());
        }
        let Some((source, tool)) = self.server.find(name) else {
            return (CallToolResult::fault(&Fault::new(&no_tool(name), Effect::Read)), BTreeMap::new());
        };
        if tool.asks.is_none()
            && let Err(error) = self.server.guard.check(&acting, to_call(&tool), "mcp.call_tool", name).await
        {
            return (CallToolResult::fault(&Fault::new(&error, tool.effect)), BTreeMap::new());
        }
        if let Err(error) = self.confirmed(&tool, &arguments, &requester).await {
            return (CallToolResult::fault(&Fault::new(&error, tool.effect)), requester.asked());
        }
        let call = ToolCall { cx: acting, name: name.to_owned(), arguments, requester };
        // The source takes the call; what the client is told beside it, it is told through a second hand.
        let told = call.requester.clone();
        let result = beating(&told, source.call(call)).await;
        if result.is_error {
            told.log(LogLevel::Warning, "mosaic", json!({ "tool": name, "failed": true })).await;
        } else {
            told.log(LogLevel::Debug, "mosaic", json!({ "tool": name, "failed": false })).await;
        }
        let asked = told.asked();
        (result, asked)
    }

    /// Lets a call pass whose effect is harmless, or confirmed, as far as the server asks for that.
    async fn confirmed(&self, tool: &Tool, arguments: &Value, requester: &Requester) -> Result<()> {
        let confirm = self.server.confirm;
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
    fn search(&self, acting: &CallContext, arguments: Value) -> CallToolResult {
        match serde_json::from_value::<Search>(arguments) {
            Ok(search) => {
                let listed = self.server.listed();
                let places = self.server.reached.of(&listed, &self.server.guard.reach(acting));
                CallToolResult::value(search.run(places.iter().map(|at| &listed.tools[*at].0)))
            }
            Err(error) => {
                let error = Error::new(ErrorKind::Invalid, format!("parameters: {error}"));
                CallToolResult::fault(&Fault::new(&error, Effect::Read))
            }
        }
    }
}

/// The tool that is meant, which `call_tool` only names, and its arguments.
fn unwrapped(name: &str, arguments: Value) -> Result<(String, Value)> {
    if name != CALL_TOOL {
        return Ok((name.to_owned(), arguments));
    }
    let invalid = |why: &str| Error::new(ErrorKind::Invalid, format!("parameters: {why}"));
    let Value::Object(mut fields) = arguments else { return Err(invalid("they are given as an object")) };
    let Some(Value::String(name)) = fields.remove("name") else {
        return Err(invalid("`name` is missing or no text"));
    };
    let arguments = fields.remove("arguments").unwrap_or(Value::Null);
    if let Some(unknown) = fields.keys().next() {
        return Err(invalid(&format!("unknown field {unknown:?}")));
    }
    if name == CALL_TOOL {
        return Err(invalid("`call_tool` does not call itself"));
    }
    Ok((name, arguments))
}

/// Waits for a call, and tells its client now and then that it still runs. The numbers told stay below one, so that what the
/// call tells itself goes on from there.
async fn beating<T>(requester: &Requester, work: impl Future<Output = T>) -> T {
    if !requester.wants_progress() {
        return work.await;
    }
    tokio::pin!(work);
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
