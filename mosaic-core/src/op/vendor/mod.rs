//! Calls in a vendor's own words: for what no operation of the catalogue covers, on the same path as every other call.
//!
//! Each family has two such operations, `vendor_read` and `vendor_write`. Their parameters are the same in all of them, so each
//! type is written once, with the family as a mark: `VendorRead<OfGit>` is `git.vendor_read`. Only the provider that speaks
//! the vendor's words can answer: such a call is pinned to it ([`CallContext::pinned_to`](crate::context::CallContext::pinned_to))
//! and goes nowhere else. [`Vendor`] does that, and is how people write such calls.

mod call;
mod front;

pub use call::{OfAi, OfCicd, OfDocs, OfGit, OfProject, VendorRead, VendorWrite};
pub use front::{Vendor, VendorCall};
