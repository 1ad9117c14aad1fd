//! The one check of what the server itself gives out: documents, prompts, and tools whose source asks nobody.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::ports::{AuditOutcome, AuditRecord};
use mosaic_core::types::Effect;
use tokio::time::Instant;

use super::{ResourceSource, Tool};
use crate::function::{Gate, Ledger, Permission, Reach, Sink, denial, in_time};

/// The name of a call in the audit.
pub(super) const CALL: &str = "mcp.call_tool";

/// Asks the gate, and tells the audit of denials, and of writes by tools whose source tells nobody.
pub(super) struct Guard {
    pub(super) gate: Arc<dyn Gate>,
    pub(super) sink: Sink,
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
        let began = Instant::now();
        let Err(error) = self.gate.allow(cx, needed).await else { return Ok(()) };
        if let Some(written) = self.sink.enter(AuditRecord::new(cx, operation, about, AuditOutcome::Denied)) {
            // It is denied in any case.
            let _ = in_time(cx, began, written).await;
        }
        Err(denial(error).operation(operation))
    }

    /// Whether the caller would pass: what lists ask, of which nobody is told.
    pub(super) async fn passes(&self, cx: &CallContext, needed: Permission<'_>) -> bool {
        self.gate.allow(cx, needed).await.is_ok()
    }

    /// What is told of a call of a tool whose source tells nobody, and nothing of one that changes nothing; and what is waited for
    /// where a source tells somebody and does not wait itself.
    pub(super) fn account(&self, cx: &CallContext, tool: &Tool, waits: bool) -> Account {
        let told = (tool.asks.is_none() && !tool.effect.is_read()).then(|| {
            let dropped = AuditOutcome::Dropped { outcome: Outcome::Unknown };
            (self.sink.clone(), AuditRecord::new(cx, CALL, tool.name.as_str(), dropped))
        });
        let ledger = self.sink.ledger().filter(|_| tool.asks.is_some() && !waits);
        let others = ledger.map(|ledger| Others { ledger: Arc::clone(ledger), lost: ledger.lost() });
        Account { told, others, write: !tool.effect.is_read(), began: Instant::now() }
    }

    /// How far the caller's permissions reach.
    pub(super) fn reach(&self, cx: &CallContext) -> Reach {
        self.gate.reach(cx)
    }
}

/// The record of a write, told when it is over, and even where it is dropped; or the records of it that others tell.
pub(super) struct Account {
    told: Option<(Sink, AuditRecord)>,
    others: Option<Others>,
    write: bool,
    began: Instant,
}

/// What others tell a ledger of.
struct Others {
    ledger: Arc<dyn Ledger>,
    /// How many records were lost before.
    lost: u64,
}

impl Others {
    /// Whose record was lost nobody knows: where one was, that of this call may be.
    async fn written(self) -> Result<()> {
        self.ledger.settled().await?;
        if self.ledger.lost() == self.lost {
            return Ok(());
        }
        Err(Error::new(ErrorKind::QuotaExceeded, "the audit had no room for a record"))
    }
}

impl Account {
    /// How it ended. What the source of a tool says of a failure does not tell whether it took effect.
    ///
    /// # Errors
    /// Those of the audit where it is waited for and does not write the record.
    pub(super) async fn ended(mut self, cx: &CallContext, failed: bool) -> Result<()> {
        if let Some((_, record)) = &mut self.told {
            record.outcome = match failed {
                true => AuditOutcome::Failed { kind: ErrorKind::Provider, outcome: Outcome::Unknown },
                false => AuditOutcome::Made,
            };
        }
        if let Some(written) = self.tell() {
            return in_time(cx, self.began, written).await;
        }
        // What failed may be denied, which is recorded of reads, too.
        match self.others.take().filter(|_| self.write || failed) {
            Some(others) => in_time(cx, self.began, others.written()).await,
            None => Ok(()),
        }
    }

    fn tell(&mut self) -> Option<BoxFuture<'static, Result<()>>> {
        let (sink, record) = self.told.take()?;
        sink.enter(record.elapsed(self.began.elapsed()))
    }

    /// It has not begun: the client has a question to answer first.
    pub(super) fn put_off(mut self) {
        self.told = None;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // It is kept whether somebody waits for it or not.
        drop(self.tell());
    }
}

/// Which documents a caller may read, as the server's check says: for documents that name others.
///
/// ```
/// use mosaic_mcp::surface::Sight;
///
/// async fn plans(sight: &Sight<'_>) -> Vec<String> {
///     let mut seen = Vec::new();
///     for plan in 1..=3 {
///         let uri = format!("app://plans/{plan}");
///         if sight.reads(&uri).await {
///             seen.push(uri);
///         }
///     }
///     seen
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    guard: &'a Guard,
    sources: &'a [Arc<dyn ResourceSource>],
    cx: &'a CallContext,
}

impl<'a> Sight<'a> {
    pub(super) fn new(guard: &'a Guard, sources: &'a [Arc<dyn ResourceSource>], cx: &'a CallContext) -> Self {
        Self { guard, sources, cx }
    }

    /// Whether the caller may read the document at this address. Nobody is told of a no.
    pub async fn reads(&self, uri: &str) -> bool {
        self.guard.passes(self.cx, to_read(self.sources, uri)).await
    }
}

impl std::fmt::Debug for Sight<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sight").field("caller", self.cx.caller()).finish_non_exhaustive()
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
