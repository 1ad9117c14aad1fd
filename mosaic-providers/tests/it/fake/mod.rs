//! A forge for tests: real git and small rooms of memory beneath, and the dialect of a vendor on top, on loopback.
//!
//! [`forge`] is the state and knows no HTTP. [`http`] is what the dialects share. Each dialect is a folder that translates
//! requests into calls of the state, with the shapes, status codes and oddities of its vendor.
#![allow(
    dead_code,
    unused_imports,
    reason = "each dialect uses a part of the state, and not every dialect is compiled in"
)]

#[cfg(feature = "bitbucket")]
pub(crate) mod bitbucket;
#[cfg(feature = "circleci")]
pub(crate) mod circleci;
#[cfg(test)]
pub(crate) mod document;
pub(crate) mod forge;
#[cfg(feature = "gitea")]
pub(crate) mod gitea;
#[cfg(feature = "github")]
pub(crate) mod github;
#[cfg(feature = "gitlab")]
pub(crate) mod gitlab;
pub(crate) mod http;
#[cfg(feature = "jenkins")]
pub(crate) mod jenkins;
#[cfg(feature = "woodpecker")]
pub(crate) mod woodpecker;
