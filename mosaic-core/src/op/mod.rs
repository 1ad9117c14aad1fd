//! Verbs: one definition per operation, from which the traits, the clients, JSON, schemas and documents follow.

pub mod ai;
mod answer;
mod caller;
mod catalogue;
pub mod cicd;
mod digest;
pub mod document;
mod erased;
mod feed;
pub mod git;
mod meta;
mod pages;
pub mod project;
mod render;
mod schema;
mod service;
mod stream;
pub mod vendor;
mod visit;

use std::any::Any;
use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[doc(inline)]
pub use ai::Ai;
pub use answer::{Answer, JsonAnswer, JsonBody};
#[doc(hidden)]
pub use caller::unsupported;
pub use caller::{Caller, Direct, Dispatch, Via};
pub use catalogue::{Catalogue, OpDef, catalogue, from_params};
pub use cicd::Cicd;
pub use digest::Digester;
pub use document::Docs;
pub use erased::{CacheState, Payload, Reply, ReplyBody, ReplyStream, Report, Shared};
pub use feed::Unserialisable;
pub use git::Git;
pub use meta::{OpMeta, OpSet};
pub use pages::Pages;
pub use project::Projects;
pub use schema::schema_of;
pub use stream::{ItemStream, Items, erase};
pub use vendor::{Vendor, VendorRead, VendorWrite};
pub use visit::{Visitor, visit};

pub use crate::types::Effect;
use crate::types::Subject;

/// Data that operations take and give: has JSON both ways and a schema.
///
/// Implemented by everything that qualifies.
///
/// ```
/// fn needs<T: mosaic_core::op::Data>() {}
/// needs::<mosaic_core::types::git::Repository>();
/// ```
pub trait Data: Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Any + Send + Sync {}
impl<T: Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Any + Send + Sync> Data for T {}

/// An operation that answers with a value. An operation *is* its parameter type.
///
/// ```
/// use mosaic_core::op::{git::GetRepository, Operation};
///
/// let op = GetRepository::new("acme", "widget");
/// assert_eq!(op.subject().to_string(), "acme/widget");
/// assert_eq!(GetRepository::META.ttl, 60);
/// ```
pub trait Operation: Data {
    /// What it answers.
    type Output: Data;
    /// Its facts.
    const META: &'static OpMeta;
    /// Its row in the catalogue.
    const DEF: &'static OpDef;

    /// What the call is about.
    fn subject(&self) -> Subject<'_> {
        Subject::NOTHING
    }

    /// A second thing that a write changes, such as the other end of a link; the subject itself where there is none.
    fn also(&self) -> Subject<'_> {
        self.subject()
    }
}

/// An operation that answers with a stream. It is repeated, or moved to another provider, only before its first item.
///
/// ```
/// use mosaic_core::op::{cicd::JobLog, StreamOperation};
///
/// assert!(JobLog::META.stream);
/// ```
pub trait StreamOperation: Data {
    /// What the stream consists of.
    type Item: Data;
    /// Its facts.
    const META: &'static OpMeta;
    /// Its row in the catalogue.
    const DEF: &'static OpDef;

    /// What the call is about.
    fn subject(&self) -> Subject<'_> {
        Subject::NOTHING
    }
}
