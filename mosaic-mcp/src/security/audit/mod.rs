//! The audit: what was done, denied and changed, in a chain that shows every later change.
//!
//! - Each record has a number and a BLAKE3 hash over its content and the hash before it. The head of the chain is signed (Ed25519)
//!   in the transaction that appends records, so that who can write to the store but does not have the key can neither change,
//!   remove, reorder, insert nor append a record without [`verify`] naming the place.
//! - Checkpoints, signed likewise, are records among the others. An [`Anchor`] takes them out of the store's reach: against those a
//!   log that was put back as a whole to an earlier state is found, too.
//! - Records are kept for ever, or as long as [`AuditOptions::retention`] says: older ones are removed behind a checkpoint.
//! - All nodes of a store write one chain, under the topics `audit.TENANT`, and `audit.-` for what is of no tenant. Who follows a
//!   tenant's own topics does not see them.
//! - The caller pays for a place in a queue. Where the queue is full, records are counted and the gap is a record itself;
//!   [`Audited`] refuses writes before it comes to that.
//! - What survives a process that is killed: everything that [`Audit::write`] or [`Audit::flush`] has answered. What was only told
//!   is written within milliseconds, and lost where the process ends before that. Where no answer may be given without its
//!   record, the desk is built with [`DeskBuilder::audit_written`](crate::function::DeskBuilder::audit_written), and the caller of
//!   operations is a [`Recorded`] one: they answer a write or a denial when its record is written. A node does both with
//!   [`NodeBuilder::answer_when_audited`](crate::node::NodeBuilder::answer_when_audited), and where its
//!   [`Compliance`](crate::node::Compliance) requires an audit. A call that was made and not answered may still be without a record.
mod chain;
mod course;
mod event;
mod export;
mod gate;
mod handle;
mod heads;
mod recorded;
mod refusals;
mod retention;
mod sign;
mod verify;
mod writer;

pub use chain::{AuditHead, Checkpoint};
pub use event::AuditEvent;
pub use export::{export, verify_export};
pub use gate::{Audited, OnFull};
pub use handle::{Anchor, Audit, AuditOptions};
pub use recorded::Recorded;
pub use retention::kept_after;
pub use sign::{AuditKeys, AuditSigner};
pub use verify::{Fault, Report, Verifier, verify};
