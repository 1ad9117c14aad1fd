//! Nouns: plain data that operations take and give, with JSON and a schema, and no behaviour beyond their own shape.

pub mod ai;
mod blob;
pub mod budget;
pub mod cicd;
mod comment;
pub mod document;
mod effect;
pub mod git;
mod ids;
pub(crate) mod nearest;
mod page;
mod params;
mod price;
pub mod project;
#[cfg(feature = "engine")]
pub(crate) mod quantity;
mod region;
mod secret;
mod service;
mod subject;
pub mod vendor;

pub use blob::{Blob, Body, BodyDigest, Chunk};
pub use comment::Comment;
pub use effect::Effect;
pub use git::RepoRef;
pub use ids::{Id, IdKind, InvalidId, ProviderId, ProviderKind, RequestId, TenantId, TenantKind};
pub use jiff::Timestamp;
pub use page::{Cursor, Page, PageRequest, Paged};
pub use price::{InvalidPrice, Price};
pub use project::{IssueRef, ProjectKey};
pub use region::{InvalidRegion, Region};
pub use secret::Secret;
pub use service::ServiceKind;
pub use subject::{AsSubject, Subject};
