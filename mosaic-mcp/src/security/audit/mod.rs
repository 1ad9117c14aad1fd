//! The audit: what was done, denied and changed, in a chain that shows every later change.
//!
//! - Each record has a number and a BLAKE3 hash over its content and the hash before it. The head of the chain is signed (Ed25519)
//!   in the transaction that appends records, so that who can write to the store but does not have the key can neither change,
//!   remove, reorder, insert nor append a record without [`verify`] naming the place.
//! - Checkpoints, signed likewise, are records among the others. An [`Anchor`] takes them out of the store's reach: against those a
//!   log that was put back as a whole to an earlier state is found, too.
//! - All nodes of a store write one chain, under the topics `audit.TENANT`, and `audit.-` for what is of no tenant. Who follows a
//!   tenant's own topics does not see them.
//! - The caller pays for a place in a queue. Where the queue is full, records are counted and the gap is a record itself;
//!   [`Audited`] refuses writes before it comes to that.
mod chain;
mod event;
mod export;
mod gate;
mod handle;
mod heads;
mod sign;
mod verify;
mod writer;

pub use chain::{AuditHead, Checkpoint};
pub use event::AuditEvent;
pub use export::{export, verify_export};
pub use gate::{Audited, OnFull};
pub use handle::{Anchor, Audit, AuditOptions};
pub use sign::{AuditKeys, AuditSigner};
pub use verify::{Fault, Report, Verifier, verify};
