//! Vocabulary, plugin contract, engine and orchestrator of Mosaic.
//!
//! Applications add the crate `mosaic`, which shows all of this and the embedded providers under shorter names. People who
//! write a provider add this crate without its default features.
//!
//! # Floors
//!
//! A module uses its own floor and those below; `cargo xtask floors` checks it.
//!
//! | floor | modules | hold |
//! |---|---|---|
//! | 4 | `api` | REST, GraphQL and events, to be mounted; not there yet |
//! | 3 | `orchestrator` `config` | every provider behind one API: builder, plugin manager, status; configuration files |
//! | 2 | `engine` | what happens around a call: `stack` has the order of the layers, and `route`, `cache`, `breaker`, `limit`, `balance` and `observe` what they are made of |
//! | 1 | [`op`] [`plugin`] [`context`] [`ports`] | verbs: one table per service, from which traits, clients, JSON and schemas follow; the contract of those who answer; what travels with a call; what others give to the engine |
//! | 0 | [`types`] [`error`] | nouns: plain data; what went wrong and, by one pure function, what follows from it |
//!
//! Beside the house stands `testkit`, which may use every floor: a scripted provider, injected faults, and the behaviour
//! suites that every provider runs.
//!
//! # A provider of one's own, and a call
//!
//! A provider implements the trait of its service with plain `async fn`, and says in its [`OpSet`](op::OpSet) what it offers;
//! the rest is `Unsupported`. The engine wraps it with everything else. The layer is one of the application's own.
//!
//! ```
//! # #[cfg(feature = "engine")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use mosaic_core::context::CallContext;
//! use mosaic_core::engine::{BoxStep, Call, route::Rule};
//! use mosaic_core::op::git::{GetRepository, Git, GitService};
//! use mosaic_core::op::{CacheState, OpSet, Operation};
//! use mosaic_core::orchestrator::Orchestrator;
//! use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
//! use mosaic_core::types::git::Repository;
//! use tower::{layer::layer_fn, util::MapRequest};
//!
//! struct Forge(PluginInfo);
//!
//! impl Forge {
//!     fn new() -> Self {
//!         Self(PluginInfo::new("example", "1.0.0", OpSet::of(&[GetRepository::META])))
//!     }
//! }
//!
//! impl GitService for Forge {
//!     async fn get_repository(&self, _: &CallContext, op: GetRepository) -> mosaic_core::Result<Repository> {
//!         Ok(Repository::of(op.repo, "main"))
//!     }
//! }
//!
//! impl Plugin for Forge {
//!     fn info(&self) -> &PluginInfo {
//!         &self.0
//!     }
//!     fn handlers(self: Arc<Self>) -> HandlerTable {
//!         HandlerTable::new().with(Git::handlers(self))
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let from_the_eu = layer_fn(|inner: BoxStep| {
//!     MapRequest::new(inner, |mut call: Call| {
//!         call.cx = call.cx.attribute("region", "eu");
//!         call
//!     })
//! });
//! let mosaic = Orchestrator::builder()
//!     .provider("forge-a", Forge::new())
//!     .provider("forge-eu", Forge::new())
//!     .rule(Rule::any().when("region", "eu").to("forge-eu"))
//!     .default_rule(Rule::any().to("forge-a"))
//!     .layer_before_cache(from_the_eu)
//!     .build()
//!     .await?;
//!
//! let first = mosaic.git().get_repository(GetRepository::new("acme", "widget")).await?;
//! assert_eq!(first.default_branch, "main");
//! assert_eq!(first.provider().map(|id| id.as_str()), Some("forge-eu"));
//! let second = mosaic.git().get_repository(GetRepository::new("acme", "widget")).await?;
//! assert_eq!((second.cache(), second.attempts()), (CacheState::Hit, 0));
//! mosaic.shutdown().await;
//! # Ok::<(), mosaic_core::Error>(()) })?;
//! # Ok(()) }
//! # #[cfg(not(feature = "engine"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! Features add modules; none changes what another module does.
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `engine` | `engine` and `orchestrator`: what runs calls. Without it: vocabulary and plugin contract, all that a provider needs | yes |
//! | `config` | `config`: configuration files | yes |
//! | `testkit` | `testkit`; without `engine` it has no orchestrator to put a double behind | no |
#[cfg(feature = "config")]
pub mod config;
pub mod context;
#[cfg(feature = "engine")]
pub mod engine;
pub mod error;
pub mod op;
#[cfg(feature = "engine")]
pub mod orchestrator;
pub mod plugin;
pub mod ports;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod types;

pub use error::{Error, ErrorKind, Result};
