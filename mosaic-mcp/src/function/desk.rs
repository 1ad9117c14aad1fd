//! Where functions are asked for: permission first, then the room, then the audit.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use serde_json::Value;
use tokio::time::Instant;

use super::gate::denial;
use super::{Catalogue, Function, FunctionDef, Gate, Open, Permission};
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
    sink: Option<Arc<dyn AuditSink>>,
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
        self.0.sink = Some(sink);
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
        DeskBuilder(Inside { rooms: HashMap::new(), gate: Arc::new(Open), sink: None })
    }

    /// The functions of the rooms that are here.
    pub fn offered(&self) -> impl Iterator<Item = &'static FunctionDef> + '_ {
        Catalogue::all().iter().filter(|def| self.0.rooms.contains_key(&def.room()))
    }

    /// Calls a function.
    ///
    /// # Errors
    /// `PermissionDenied` where the gate says so; `Unsupported` where the room is not here; those of the function. Dropping the
    /// future leaves open whether a write was made.
    pub async fn call<F: Function>(&self, cx: &CallContext, function: F) -> Result<F::Output> {
        let meta = F::META;
        let resource = function.resource();
        let needed = Permission::new(meta.room, meta.method, &resource, meta.effect);
        let mut pending = Pending {
            sink: self.0.sink.as_deref(),
            record: Some(AuditRecord::new(cx, meta.name, resource.clone(), AuditOutcome::Denied)),
            write: !meta.effect.is_read(),
            outcome: Outcome::NotMade,
            began: Instant::now(),
        };
        if let Err(error) = self.0.gate.allow(cx, needed).await {
            pending.tell(AuditOutcome::Denied);
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
        result
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
    sink: Option<&'a dyn AuditSink>,
    record: Option<AuditRecord>,
    write: bool,
    outcome: Outcome,
    began: Instant,
}

impl Pending<'_> {
    fn tell(&mut self, outcome: AuditOutcome) {
        if let (Some(sink), Some(mut record)) = (self.sink, self.record.take()) {
            record.outcome = outcome;
            sink.record(record.elapsed(self.began.elapsed()));
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
