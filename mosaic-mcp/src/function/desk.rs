//! Where functions are asked for: permission first, then the room, then the audit.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use serde_json::Value;
use tokio::time::Instant;

use super::gate::denial;
use super::{
    Catalogue, Function, FunctionDef, FunctionMeta, Gate, Ledger, Open, Permission, in_time, unrecorded,
};
use crate::coordination::{agents, budgets, messages, shared, tasks};

/// The tables of all rooms.
pub(super) const TABLES: &[&[FunctionDef]] =
    &[agents::TABLE, budgets::TABLE, messages::TABLE, shared::TABLE, tasks::TABLE];

/// Answers functions: asks the gate, lets the room work, and tells the audit of every write and of every denial. Clones share it.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::coordination::shared::{GetValue, PutValue, Shared};
/// use mosaic_mcp::function::Desk;
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let desk = Desk::builder().room(Shared::new(state.clone())).build();
/// let cx = CallContext::new();
/// desk.call(&cx, PutValue::new("plans/spring", serde_json::json!({ "weeks": 3 }))).await?;
/// let plan = desk.call_json(&cx, "state.get_value", serde_json::json!({ "key": "plans/spring" })).await?;
/// assert_eq!(plan["value"]["weeks"], 3);
/// # state.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct Desk(Arc<Inside>);

struct Inside {
    rooms: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    gate: Arc<dyn Gate>,
    sink: Sink,
}

/// Who is told of writes and denials.
#[derive(Clone)]
pub(crate) enum Sink {
    Nobody,
    Told(Arc<dyn AuditSink>),
    /// Waited for, too.
    Written(Arc<dyn Ledger>),
}

impl Sink {
    /// Tells it; gives what is to be waited for.
    pub(crate) fn enter(&self, record: AuditRecord) -> Option<BoxFuture<'static, Result<()>>> {
        match self {
            Self::Nobody => None,
            Self::Told(sink) => {
                sink.record(record);
                None
            }
            Self::Written(ledger) => Some(ledger.enter(record)),
        }
    }

    /// Who is waited for, where somebody is.
    pub(crate) fn ledger(&self) -> Option<&Arc<dyn Ledger>> {
        match self {
            Self::Written(ledger) => Some(ledger),
            Self::Nobody | Self::Told(_) => None,
        }
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("rooms", &self.0.rooms.len()).finish_non_exhaustive()
    }
}

/// Puts a [`Desk`] together.
///
/// ```
/// use mosaic_mcp::function::{Desk, Open};
///
/// let desk = Desk::builder().gate(Open).build();
/// assert_eq!(desk.offered().count(), 0);
/// ```
#[must_use]
pub struct DeskBuilder(Inside);

impl std::fmt::Debug for DeskBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeskBuilder").field("rooms", &self.0.rooms.len()).finish_non_exhaustive()
    }
}

impl DeskBuilder {
    /// Adds a room: its functions are offered.
    pub fn room<R: Clone + Send + Sync + 'static>(mut self, room: R) -> Self {
        self.0.rooms.insert(TypeId::of::<R>(), Box::new(room));
        self
    }

    /// Who decides what callers may do; [`Open`] where none is given.
    pub fn gate(self, gate: impl Gate) -> Self {
        self.shared_gate(Arc::new(gate))
    }

    /// Who decides, shared with others.
    pub fn shared_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.0.gate = gate;
        self
    }

    /// Who is told of writes and denials.
    pub fn audit(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.0.sink = Sink::Told(sink);
        self
    }

    /// Who is told of writes and denials, and waited for: a call is answered when its record is written, so that no answer is
    /// without one, whatever happens afterwards. It takes one more commit, which calls at the same time share.
    pub fn audit_written(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.0.sink = Sink::Written(ledger);
        self
    }

    /// The desk.
    pub fn build(self) -> Desk {
        Desk(Arc::new(self.0))
    }
}

impl Desk {
    /// A desk without rooms, where only the application itself may do anything.
    pub fn builder() -> DeskBuilder {
        DeskBuilder(Inside { rooms: HashMap::new(), gate: Arc::new(Open), sink: Sink::Nobody })
    }

    /// The functions of the rooms that are here.
    pub fn offered(&self) -> impl Iterator<Item = &'static FunctionDef> + '_ {
        Catalogue::all().iter().filter(|def| self.0.rooms.contains_key(&def.room()))
    }

    /// Those of them that a caller may call with anything at all.
    #[cfg(feature = "grpc")]
    pub(crate) fn offered_to(&self, cx: &CallContext) -> impl Iterator<Item = &'static FunctionDef> + '_ {
        let reach = self.0.gate.reach(cx);
        self.offered().filter(move |def| {
            let FunctionMeta { room, method, effect, .. } = *def.meta;
            reach.has(Permission::new(room, method, "", effect))
        })
    }

    /// Whether it answers writes and denials when their records are written.
    pub(crate) fn waits(&self) -> bool {
        self.0.sink.ledger().is_some()
    }

    /// Whether a caller may call a function, for what is told on without a call. A denial is told to the audit.
    ///
    /// # Errors
    /// `PermissionDenied` where it may not.
    #[cfg(any(feature = "grpc", feature = "http"))]
    pub(crate) async fn allows<F: Function>(&self, cx: &CallContext, function: &F) -> Result<()> {
        let (meta, resource) = (F::META, function.resource());
        let Err(error) = self.permitted(cx, function, &resource).await else { return Ok(()) };
        let mut pending = self.pending(cx, meta, resource);
        pending.tell(AuditOutcome::Denied);
        // It is denied in any case.
        let _ = pending.written(cx).await;
        Err(denial(error).operation(meta.name))
    }

    /// Asks the gate about all that a function is about.
    async fn permitted<F: Function>(&self, cx: &CallContext, function: &F, resource: &str) -> Result<()> {
        let FunctionMeta { room, method, effect, .. } = *F::META;
        self.0.gate.allow(cx, Permission::new(room, method, resource, effect)).await?;
        for (method, about) in function.besides() {
            let effect = Catalogue::all().effect(room, method).unwrap_or(effect);
            self.0.gate.allow(cx, Permission::new(room, method, &about, effect)).await?;
        }
        Ok(())
    }

    /// A record of a call that is not allowed yet.
    fn pending(&self, cx: &CallContext, meta: &'static FunctionMeta, resource: String) -> Pending<'_> {
        Pending {
            sink: &self.0.sink,
            written: None,
            record: Some(AuditRecord::new(cx, meta.name, resource, AuditOutcome::Denied)),
            write: !meta.effect.is_read(),
            outcome: Outcome::NotMade,
            began: Instant::now(),
        }
    }

    /// Calls a function.
    ///
    /// # Errors
    /// `PermissionDenied` where the gate says so; `Unsupported` where the room is not here; those of the function; those of the
    /// audit where it is waited for and does not write the record of what was made. Dropping the future leaves open whether a
    /// write was made.
    pub async fn call<F: Function>(&self, cx: &CallContext, function: F) -> Result<F::Output> {
        let meta = F::META;
        let resource = function.resource();
        let mut pending = self.pending(cx, meta, resource.clone());
        if let Err(error) = self.permitted(cx, &function, &resource).await {
            pending.tell(AuditOutcome::Denied);
            // It is denied in any case.
            let _ = pending.written(cx).await;
            return Err(denial(error).operation(meta.name));
        }
        let room = self.0.rooms.get(&TypeId::of::<F::Room>()).and_then(|room| room.downcast_ref::<F::Room>());
        let Some(room) = room else {
            pending.record = None;
            return Err(Error::new(ErrorKind::Unsupported, format!("`{}` is not offered here", meta.room))
                .operation(meta.name));
        };
        pending.outcome = Outcome::Unknown;
        let result = function.run(room, cx).await.map_err(|error| error.operation(meta.name));
        match &result {
            Ok(_) => pending.made(),
            Err(error) => pending.failed(error),
        }
        match (result, pending.written(cx).await) {
            (Ok(_), Err(error)) => Err(unrecorded(error).operation(meta.name)),
            (result, _) => result,
        }
    }

    /// Calls a function by its name, with JSON.
    ///
    /// # Errors
    /// `Unsupported` for a name that is none, `Invalid` for parameters that do not fit; those of [`Desk::call`].
    pub async fn call_json(&self, cx: &CallContext, name: &str, params: Value) -> Result<Value> {
        Catalogue::all().find(name)?.call(self, cx, params).await
    }
}

/// A record that is told even where the call is dropped.
struct Pending<'a> {
    sink: &'a Sink,
    written: Option<BoxFuture<'static, Result<()>>>,
    record: Option<AuditRecord>,
    write: bool,
    outcome: Outcome,
    began: Instant,
}

impl Pending<'_> {
    fn tell(&mut self, outcome: AuditOutcome) {
        let Some(mut record) = self.record.take() else { return };
        record.outcome = outcome;
        self.written = self.sink.enter(record.elapsed(self.began.elapsed()));
    }

    /// Waits until what was told is written, where that is waited for.
    async fn written(&mut self, cx: &CallContext) -> Result<()> {
        match self.written.take() {
            Some(written) => in_time(cx, self.began, written).await,
            None => Ok(()),
        }
    }

    fn made(&mut self) {
        if self.write {
            self.tell(AuditOutcome::Made);
        }
        self.record = None;
    }

    fn failed(&mut self, error: &Error) {
        if self.write {
            self.tell(AuditOutcome::Failed { kind: error.kind(), outcome: error.outcome() });
        }
        self.record = None;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.write {
            self.tell(AuditOutcome::Dropped { outcome: self.outcome });
        }
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
