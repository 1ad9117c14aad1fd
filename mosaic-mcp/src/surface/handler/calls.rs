//! Calls of tools: taken apart, run, given up when the client goes away.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use rmcp::model as wire;
use rmcp::model::ErrorData;
use serde_json::Value;

use super::run::Run;
use super::{Answer, Context, Handler, modern};
use crate::surface::menu::CALL_TOOL;
use crate::surface::meta::keyed;
use crate::surface::rounds::Bound;
use crate::surface::wire::result as wired;
use crate::surface::{CallToolResult, Fault};

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
        let run = Run { acting: acting.clone(), tool: name.clone(), arguments };
        let knows = modern(&cx) && cx.client_capabilities().is_some_and(|able| able.supports_tasks());
        let (result, asked) = match self.server.lasting.as_ref().filter(|_| knows) {
            Some(calls) => match self.wait_or_keep(calls, run, answers.clone(), requester, &cx).await? {
                Ok(ended) => ended,
                Err(task) => return Ok(wire::CallToolResponse::Task(task)),
            },
            None => tokio::select! {
                biased;
                () = cx.ct.cancelled() => return Err(cancelled()),
                ended = run.go(Arc::clone(&self.server), requester) => ended,
            },
        };
        match kept {
            Some(arguments) if !asked.is_empty() => {
                let bound = Bound { key, cx: &acting, tool: &name, arguments: &arguments };
                Ok(wire::InputRequiredResult::new(Some(asked), Some(bound.seal(&answers))).into())
            }
            _ => Ok(wired(result).into()),
        }
    }
}

/// What a client is told that took its call back.
pub(super) fn cancelled() -> ErrorData {
    ErrorData::internal_error("the call was cancelled by the client", None)
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
