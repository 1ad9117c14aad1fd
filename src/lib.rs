//! Mosaic: one API over every service a software team runs on.
//!
//! An application describes its providers (git forges, trackers, and more families to come) and its rules once, and calls
//! typed operations. Around each call Mosaic does what teams otherwise write by hand: routing by rule, caching, rate limits,
//! retries, circuit breaking, and failover that never repeats a write.
//!
//! ```
//! # #[cfg(feature = "local-git")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mosaic::local::LocalGit;
//! use mosaic::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let mosaic = Mosaic::builder()
//!     .provider("forge-a", LocalGit::open(folder.join("a")).await?)
//!     .provider("forge-b", LocalGit::open(folder.join("b")).await?)
//!     .rule(Rule::new("org:internal-*").to("forge-a"))
//!     .default_rule(Rule::any().to("forge-b").fallback(["forge-a"]))
//!     .build()
//!     .await?;
//! let repository = mosaic.git().create_repository(CreateRepository::new("internal-tools", "widget")).await?;
//! assert_eq!(repository.provider().map(|id| id.as_str()), Some("forge-a"));
//! mosaic.shutdown().await;
//! # Ok::<(), mosaic::Error>(()) })?;
//! # Ok(()) }
//! # #[cfg(not(feature = "local-git"))]
//! # fn main() {}
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`op`] | the operations, and the clients that call them |
//! | [`types`] | what operations take and give |
//! | [`error`] | the one error type, and what follows from each kind |
//! | [`engine`] | rules, groups, limits, breakers, caches: how calls are treated |
//! | [`config`](mod@config) | configuration files |
//! | [`orchestrator`] | [`Mosaic`] itself and its builder |
//! | [`plugin`] | for people who write a provider |
//! | [`local`](mod@local) | the embedded providers |
//! | `bitbucket`, `circleci`, `gitea`, `github`, `gitlab`, `jenkins`, `woodpecker` | forges and build servers, each with the feature of its name |
//! | `http` | how they are connected to, and with which credentials |
//! | `webhook` | what forges and build servers send, verified and in one form, with the feature `webhook` |
//! | `mcp` | for agents: an MCP server, and rooms to work together in, with the feature `mcp` |
//! | `testkit` | behaviour suites, a scripted double and injected faults, with the feature `testkit` |

#[cfg(feature = "config")]
pub use mosaic_core::config;
pub use mosaic_core::orchestrator::Orchestrator as Mosaic;
#[cfg(feature = "testkit")]
pub use mosaic_core::testkit;
pub use mosaic_core::{Error, ErrorKind, Result};
pub use mosaic_core::{context, engine, error, op, orchestrator, params, plugin, ports, types};
#[cfg(feature = "mcp")]
pub mod mcp;

#[cfg(feature = "bitbucket")]
pub use mosaic_providers::bitbucket;
#[cfg(feature = "circleci")]
pub use mosaic_providers::circleci;
#[cfg(feature = "gitea")]
pub use mosaic_providers::gitea;
#[cfg(feature = "github")]
pub use mosaic_providers::github;
#[cfg(feature = "http")]
pub use mosaic_providers::http;
#[cfg(feature = "jenkins")]
pub use mosaic_providers::jenkins;
#[cfg(feature = "webhook")]
pub use mosaic_providers::webhook;
#[cfg(feature = "woodpecker")]
pub use mosaic_providers::woodpecker;

/// The factories of every provider that is compiled in, by which [configuration files](mod@config) are built.
///
/// ```
/// assert!(mosaic::factories().iter().all(|factory| !factory.provider().is_empty()));
/// ```
#[cfg(feature = "providers")]
pub fn factories() -> Vec<Box<dyn plugin::Factory>> {
    mosaic_providers::factories()
}

#[cfg(feature = "gitlab")]
pub use mosaic_providers::gitlab;

#[cfg(any(feature = "local-cicd", feature = "local-docs", feature = "local-git", feature = "local-project"))]
pub mod local {
    //! The embedded providers: real work on this machine's disk, no account and no server.

    #[cfg(all(feature = "local-cicd", target_os = "linux"))]
    pub use mosaic_providers::local::cicd::{CicdLimits, LocalCicd, LocalCicdConfig, LocalCicdFactory};
    #[cfg(feature = "local-docs")]
    pub use mosaic_providers::local::document::{LocalDocs, LocalDocsConfig, LocalDocsFactory};
    #[cfg(feature = "local-git")]
    pub use mosaic_providers::local::git::{LocalGit, LocalGitConfig, LocalGitFactory};
    #[cfg(feature = "local-project")]
    pub use mosaic_providers::local::project::{LocalProject, LocalProjectConfig, LocalProjectFactory};
}

pub mod prelude {
    //! What most programs need: `use mosaic::prelude::*;`.

    pub use crate::Mosaic;
    pub use crate::context::{CacheUse, CallContext, Performance, Principal};
    pub use crate::engine::ProviderConfig;
    pub use crate::engine::balance::Balance;
    pub use crate::engine::route::{Group, Phase, Phases, Routing, Rule, Term};
    pub use crate::error::{Error, ErrorKind};
    #[cfg(all(feature = "local-cicd", target_os = "linux"))]
    pub use crate::local::LocalCicd;
    #[cfg(feature = "local-docs")]
    pub use crate::local::LocalDocs;
    #[cfg(feature = "local-git")]
    pub use crate::local::LocalGit;
    #[cfg(feature = "local-project")]
    pub use crate::local::LocalProject;
    pub use crate::op::ai::*;
    pub use crate::op::cicd::*;
    pub use crate::op::document::*;
    pub use crate::op::git::*;
    pub use crate::op::project::*;
    pub use crate::op::{Answer, CacheState, Caller, Vendor, VendorRead, VendorWrite};
    pub use crate::types::git::{MergeMethod, PullRequestState, ReviewVerdict};
    pub use crate::types::project::{IssueState, LinkKind};
    pub use crate::types::vendor::VendorMethod;
    pub use crate::types::{IssueRef, PageRequest, ProjectKey, ProviderId, RepoRef, TenantId};
}

#[cfg(all(doctest, feature = "local"))]
mod guides {
    //! The guides: what they show is compiled, and run where it is a whole program.

    #[doc = include_str!("../docs/guide/first-steps.md")]
    mod first_steps {}
    #[doc = include_str!("../docs/guide/caching.md")]
    mod caching {}
    #[doc = include_str!("../docs/guide/routing.md")]
    mod routing {}
    #[cfg(feature = "config")]
    #[doc = include_str!("../docs/guide/configuration.md")]
    mod configuration {}
    #[doc = include_str!("../docs/guide/failover-and-errors.md")]
    mod failover_and_errors {}
    #[cfg(feature = "mcp")]
    #[doc = include_str!("../docs/guide/mcp.md")]
    mod mcp {}
    #[doc = include_str!("../docs/guide/pipelines.md")]
    mod pipelines {}
    #[doc = include_str!("../docs/guide/plugins.md")]
    mod plugins {}
    #[doc = include_str!("../docs/guide/providers.md")]
    mod providers {}
    #[cfg(all(feature = "config", feature = "vendors"))]
    #[doc = include_str!("../docs/guide/vendors.md")]
    mod vendors {}
    #[cfg(feature = "webhook")]
    #[doc = include_str!("../docs/guide/webhooks.md")]
    mod webhooks {}
}
