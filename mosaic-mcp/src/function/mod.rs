//! Functions of the backbone, each defined once: what agents, tasks, messages and state can be asked to do.
//!
//! A function *is* its parameter type. One `functions!` table per room makes the rest: typed calls, calls by name with JSON,
//! schemas, tools, names of permissions. All of them go through [`Desk`], which asks the [`Gate`] first and tells the audit
//! afterwards; nothing else stands between a surface and the rooms.

mod desk;
mod extent;
mod gate;
mod ledger;
mod reach;
mod resource;
mod table;

use std::future::Future;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::Data;
use mosaic_core::types::Effect;

pub(crate) use desk::Sink;
pub use desk::{Desk, DeskBuilder};
pub use extent::Extent;
pub use gate::{Gate, Open, Permission};
pub(crate) use gate::{JOIN, SURFACES, denial};
pub use ledger::Ledger;
pub(crate) use ledger::{in_time, unrecorded};
pub use reach::Reach;
pub use resource::AsResource;
pub(crate) use resource::{besides, resource};
pub use table::{Catalogue, FunctionDef};
pub(crate) use table::{extent, functions};

/// Facts of one function.
///
/// ```
/// use mosaic_mcp::coordination::shared::PutValue;
/// use mosaic_mcp::function::Function;
///
/// assert_eq!((PutValue::META.name, PutValue::META.room), ("state.put_value", "state"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionMeta {
    /// The stable dotted name, such as `state.put_value`.
    pub name: &'static str,
    /// The part before the dot.
    pub room: &'static str,
    /// The part after the dot.
    pub method: &'static str,
    /// What it does to the world.
    pub effect: Effect,
    /// How much it is about.
    pub extent: Extent,
    /// What it does, in Markdown.
    pub doc: &'static str,
}

impl FunctionMeta {
    #[doc(hidden)]
    pub const fn row(
        name: &'static str,
        room: &'static str,
        method: &'static str,
        effect: Effect,
        extent: Extent,
        doc: &'static str,
    ) -> Self {
        Self { name, room, method, effect, extent, doc }
    }
}

/// A function: its parameters, what it answers, and which room does it.
///
/// ```
/// use mosaic_mcp::coordination::shared::GetValue;
/// use mosaic_mcp::function::Function;
///
/// assert_eq!(GetValue::new("plans/spring").resource(), "plans/spring");
/// ```
pub trait Function: Data {
    /// What it answers.
    type Output: Data;
    /// The room that does it.
    type Room: Clone + Send + Sync + 'static;
    /// Its facts.
    const META: &'static FunctionMeta;

    /// What it is about: the third part of the permission that it needs. Empty where it is about nothing in particular.
    fn resource(&self) -> String;

    /// What else it is about: methods of the same room, each with what it is about there. Its caller needs these permissions, too.
    /// None for most.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::SendMessage;
    /// use mosaic_mcp::function::Function;
    ///
    /// let send = SendMessage::new("builder", "build 7").reply_to("planner");
    /// assert_eq!((send.resource(), send.besides()), ("builder".into(), vec![("send_message", "planner".into())]));
    /// ```
    fn besides(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Does it, without asking anyone.
    fn run(self, room: &Self::Room, cx: &CallContext) -> impl Future<Output = Result<Self::Output>> + Send;
}
