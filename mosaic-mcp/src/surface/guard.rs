//! The one check of what the server itself gives out: documents, prompts, and tools whose source asks nobody.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Outcome, Result};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use mosaic_core::types::Effect;
use tokio::time::Instant;

use super::{ResourceSource, Tool};
use crate::function::{Gate, Permission, Reach, denial};

/// The name of a call in the audit.
pub(super) const CALL: &str = "mcp.call_tool";

/// Asks the gate, and tells the audit of denials, and of writes by tools whose source tells nobody.
pub(super) struct Guard {
    pub(super) gate: Arc<dyn Gate>,
    pub(super) sink: Option<Arc<dyn AuditSink>>,
}

impl Guard {
    /// Lets the caller pass, or denies it and tells of it, with the operation and what it was about.
    pub(super) async fn check(
        &self,
        cx: &CallContext,
        needed: Permission<'_>,
        operation: &'static str,
        about: &str,
    ) -> Result<()> {
        let Err(error) = self.gate.allow(cx, needed).await else { return Ok(()) };
        if let Some(sink) = &self.sink {
            sink.record(AuditRecord::new(cx, operation, about, AuditOutcome::Denied));
        }
        Err(denial(error).operation(operation))
    }

    /// Whether the caller would pass: what lists ask, of which nobody is told.
    pub(super) async fn passes(&self, cx: &CallContext, needed: Permission<'_>) -> bool {
        self.gate.allow(cx, needed).await.is_ok()
    }

    /// What is told of a call of a tool whose source tells nobody; nothing of one that changes nothing.
    pub(super) fn account(&self, cx: &CallContext, tool: &Tool) -> Account {
        let sink = self.sink.clone().filter(|_| tool.asks.is_none() && !tool.effect.is_read());
        let dropped = AuditOutcome::Dropped { outcome: Outcome::Unknown };
        let told = sink.map(|sink| (sink, AuditRecord::new(cx, CALL, tool.name.as_str(), dropped)));
        Account { told, began: Instant::now() }
    }

    /// How far the caller's permissions reach.
    pub(super) fn reach(&self, cx: &CallContext) -> Reach {
        self.gate.reach(cx)
    }
}

/// The record of a write, told when it is over, and even where it is dropped.
pub(super) struct Account {
    told: Option<(Arc<dyn AuditSink>, AuditRecord)>,
    began: Instant,
}

impl Account {
    /// How it ended. What the source of a tool says of a failure does not tell whether it took effect.
    pub(super) fn ended(mut self, failed: bool) {
        if let Some((_, record)) = &mut self.told {
            record.outcome = match failed {
                true => AuditOutcome::Failed { kind: ErrorKind::Provider, outcome: Outcome::Unknown },
                false => AuditOutcome::Made,
            };
        }
    }

    /// It has not begun: the client has a question to answer first.
    pub(super) fn put_off(mut self) {
        self.told = None;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some((sink, record)) = self.told.take() {
            sink.record(record.elapsed(self.began.elapsed()));
        }
    }
}

/// What it takes to read the document at an address: what its source says, else `mcp:read_resource:ADDRESS`.
pub(super) fn to_read<'a>(sources: &[Arc<dyn ResourceSource>], uri: &'a str) -> Permission<'a> {
    let own = sources.iter().find_map(|source| source.permission(uri));
    own.unwrap_or_else(|| Permission::new("mcp", "read_resource", uri, Effect::Read))
}

/// What it takes to get a prompt: `mcp:get_prompt:NAME`.
pub(super) fn to_get(prompt: &str) -> Permission<'_> {
    Permission::new("mcp", "get_prompt", prompt, Effect::Read)
}

/// What it takes to call a tool whose source asks nobody: `mcp:call_tool:NAME`.
pub(super) fn to_call(tool: &Tool) -> Permission<'_> {
    Permission::new("mcp", "call_tool", &tool.name, tool.effect)
}

/// What a list asks about a tool: whether there may be anything with which the caller may call it.
pub(super) fn to_show(tool: &Tool) -> Permission<'_> {
    match &tool.asks {
        Some((service, operation)) => Permission::new(service, operation, "", tool.effect),
        None => to_call(tool),
    }
}
