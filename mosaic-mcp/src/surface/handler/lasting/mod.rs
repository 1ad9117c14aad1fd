//! Calls that go on after their client was answered: tasks of the protocol, for their callers alone.
//!
//! What is kept of a call, and how it moves from one state to the next, is one [`record`]; where it is kept is a [`shelf`]. The node
//! that a call runs on has it among its [`calls`]; with a state below, any node answers for it.

mod calls;
mod memory;
mod record;
mod shelf;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::types::Effect;
use rmcp::model::{self as wire, ErrorData};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

pub(in crate::surface) use self::calls::Calls;
use self::record::{Called, Told};
use self::shelf::Name;
use super::run::{Ended, Run};
use super::{Answer, Context, Handler};
use crate::function::Permission;
use crate::surface::Requester;
use crate::surface::guard::{to_call, to_show};
use crate::surface::menu::SEARCH_TOOLS;
use crate::surface::server::Inner;
use crate::surface::wire::error as fault;

fn no_task() -> ErrorData {
    ErrorData::invalid_params("there is no such task, or its time is over", None)
}

impl Called {
    /// What a run calls.
    fn of(server: &Inner, run: &Run) -> Self {
        let Run { acting, tool, arguments } = run;
        let found = server.find(tool);
        let effect = found.as_ref().map_or(Effect::Read, |(_, tool)| tool.effect);
        let about = found.map(|(source, _)| source.about(tool, arguments)).unwrap_or_default();
        let key = acting.key().map(str::to_owned);
        Self { tool: tool.clone(), arguments: arguments.clone(), key, effect, about }
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
        match calls.keep(&run.owner(), Called::of(&self.server, &run), answers, going).await {
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

    fn named(&self, id: &str, cx: &Context) -> Answer<(Arc<Calls>, Name)> {
        let acting = self.acting(cx)?;
        let none = || ErrorData::invalid_request("this server has no tasks", None);
        let calls = self.server.lasting.clone().ok_or_else(none)?;
        let owner = (acting.tenant_id().clone(), acting.caller().clone());
        Ok((calls, Name::of(owner, id).ok_or_else(no_task)?))
    }

    /// Whether a caller could make a call now, as far as it can be told: who no longer may is given none of its results.
    async fn may_still(&self, acting: &CallContext, called: &Called) -> bool {
        if called.tool == SEARCH_TOOLS {
            return true;
        }
        let Some((_, tool)) = self.server.find(&called.tool) else { return false };
        let guard = &self.server.guard;
        let Some((service, operation)) = &tool.asks else {
            return guard.passes(acting, to_call(&tool)).await;
        };
        let reach = guard.reach(acting);
        let has = |about: &String| reach.has(Permission::new(service, operation, about, tool.effect));
        reach.has(to_show(&tool)) && called.about.iter().all(has)
    }

    /// Answers `tasks/get`, with what the caller is allowed now.
    pub(super) async fn task(&self, id: &str, cx: &Context) -> Answer<wire::GetTaskResult> {
        let (calls, name) = self.named(id, cx)?;
        let found = calls.get(&name).await.map_err(|error| fault(&error))?;
        let record = found.ok_or_else(no_task)?;
        if !self.may_still(&self.acting(cx)?, &record.called).await {
            return Err(no_task());
        }
        record.task(&name.id, &calls.options).map(wire::GetTaskResult::new).ok_or_else(no_task)
    }

    /// Answers `tasks/cancel`: a call that is under way is given up; one that is over stays as it is.
    pub(super) async fn give_up(&self, id: &str, cx: &Context) -> Answer<()> {
        let (calls, name) = self.named(id, cx)?;
        let changed = calls.shelf.change(&name, |record, now| record.give_up(now)).await;
        let changed = changed.map_err(|error| fault(&error))?.ok_or_else(no_task)?;
        if changed.what.is_some() {
            // One that runs elsewhere is stopped there.
            calls.stop(&name.id, changed.record.turn);
        }
        Ok(())
    }

    /// Answers `tasks/update`: answers to questions that were asked; with the last of them the call is run again, here, with what the
    /// caller that answers is allowed.
    pub(super) async fn told(&self, id: &str, said: BTreeMap<String, Value>, cx: &Context) -> Answer<()> {
        let (calls, name) = self.named(id, cx)?;
        let acting = self.acting(cx)?;
        if calls.is_closed() {
            let message = "this server closes: answer again when another serves";
            return Err(fault(&Error::new(ErrorKind::Lifecycle, message).refused()));
        }
        calls.look_after();
        let (node, _beginning) = (calls.node.clone(), calls.begin(&name));
        let changed = calls.shelf.change(&name, move |record, now| record.told(said, &node, now)).await;
        let changed = changed.map_err(|error| fault(&error))?.ok_or_else(no_task)?;
        let Some(Told::Again { turn }) = changed.what else { return Ok(()) };
        let Called { tool, arguments, key, effect, .. } = changed.record.called;
        let acting = match key {
            Some(key) => acting.idempotency_key(key),
            None => acting,
        };
        let requester = self.requester(cx, changed.record.answers);
        requester.hush();
        let work = Run { acting, tool, arguments }.go(Arc::clone(&self.server), requester);
        let going = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
        calls.watch(name.clone(), turn, effect, changed.left, going);
        calls.close_again().await;
        // It may have been given up before it was to be stopped here.
        match calls.get(&name).await {
            Ok(Some(record)) if record.runner() == Some((&calls.node, turn)) => {}
            Ok(_) => calls.stop(&name.id, turn),
            Err(error) => tracing::warn!(%error, "whether a call was given up is not known yet"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
