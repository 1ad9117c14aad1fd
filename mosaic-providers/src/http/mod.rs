//! What every provider that speaks HTTP shares: one client with credentials, limits, paths, pages and errors.
//!
//! A provider says what its vendor does otherwise in a [`Dialect`], and builds requests; everything else happens here. No
//! vendor's name appears in this folder.
//!
//! - A request is sent once. Repeating is the engine's work, which learns from the error what is known of the delivery.
//! - Nothing leaves the configured origin: pages and redirects that lead elsewhere are refused. Only downloads may, without
//!   credentials.
//! - Answers are bounded, credentials are [`Secret`](mosaic_core::types::Secret) and in no error.
//! - A read that was answered with an `ETag` before is asked for conditionally; a 304 gives the known answer again.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each vendor is compiled alone too, and this room without any"
)]

mod answer;
mod ask;
mod auth;
mod classify;
mod client;
mod conditional;
mod config;
mod dialect;
mod events;
mod link;
mod pace;
mod page;
mod path;
mod rate;
mod redact;
mod request;
mod transport;
mod vendor;

pub use crate::at;
pub use crate::cursor::List;
pub use answer::Answer;
pub use auth::jwt::Signer;
pub use auth::{Auth, OAuth2, OAuth2Grant, Token, TokenSource};
pub use client::{Access, AppSource, Client};
pub(crate) use config::read;
pub use config::{HttpConfig, ProxyConfig, Reach, TlsConfig};
pub use dialect::{Dialect, Refusal, TokenHeader};
pub use events::{Event, Events};
pub use pace::Pace;
pub use page::{Numbered, Sifted, has_next, limit_of, sift, token_of, tokened};
pub use path::Path;
pub(crate) use request::without_nulls;
pub use request::{HINT, Hint, Request};
pub use transport::Transport;
