//! Providers that do nothing, and orchestrators around them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use mosaic_core::Result;
use mosaic_core::context::CallContext;
use mosaic_core::engine::breaker::BreakerConfig;
use mosaic_core::engine::limit::LimitsConfig;
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::{Delivery, Error, ErrorKind};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{Dispatch, OpSet, Operation, Payload, Reply, Shared};
use mosaic_core::plugin::{HandlerTable, Handlers, Plugin, PluginInfo};
use mosaic_core::types::ServiceKind;
use mosaic_core::types::git::Repository;

/// The answer of every provider here, and of the peers: nothing in it is allocated.
pub(crate) fn nothing() -> Repository {
    Repository::new("", "", "")
}

/// A typed provider, as vendors write them. It answers with [`nothing`], or fails with an error made beforehand.
pub(crate) struct Noop {
    info: PluginInfo,
    failure: Option<Error>,
}

impl Noop {
    /// Answers every call.
    pub(crate) fn answering() -> Self {
        let info = PluginInfo::new("noop", "1.0.0", OpSet::of(&[GetRepository::META]));
        Self { info, failure: None }
    }

    /// Fails every call before anything is sent.
    pub(crate) fn failing() -> Self {
        let failure = Error::new(ErrorKind::Network, "connection refused").delivery(Delivery::NotSent);
        Self { failure: Some(failure), ..Self::answering() }
    }
}

impl GitService for Noop {
    async fn get_repository(&self, _: &CallContext, _: GetRepository) -> Result<Repository> {
        match &self.failure {
            None => Ok(nothing()),
            Some(failure) => Err(failure.clone()),
        }
    }
}

impl Plugin for Noop {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
}

/// The shortest provider that there can be: one boxed future and a pointer to an answer made beforehand.
pub(crate) struct Ready {
    info: PluginInfo,
    answer: Shared,
}

impl Ready {
    /// Answers every call.
    pub(crate) fn new() -> Self {
        Self { info: Noop::answering().info, answer: Arc::new(nothing()) }
    }
}

impl Dispatch for Ready {
    fn dispatch<'a>(&'a self, _: &'a CallContext, _: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async { Ok(Reply::shared(Arc::clone(&self.answer))) })
    }
}

impl Plugin for Ready {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Handlers::dispatching(ServiceKind::Git, self))
    }
}

/// So many at once, for both sides.
pub(crate) const AT_ONCE: u32 = 1000;

/// So many in a second, for both sides: more than anybody makes.
pub(crate) const PER_SECOND: u32 = 4_000_000_000;

/// One attempt, no breaker that opens, calls at once limited; everything else as usual.
pub(crate) fn config() -> ProviderConfig {
    ProviderConfig {
        retry: RetryConfig { attempts: 1, ..RetryConfig::default() },
        breaker: BreakerConfig {
            failures_in_a_row: u32::MAX,
            least_calls: u32::MAX,
            ..BreakerConfig::default()
        },
        limits: LimitsConfig { concurrency: Some(AT_ONCE), ..LimitsConfig::default() },
        ..ProviderConfig::default()
    }
}

/// The same with a limit of the rate.
pub(crate) fn rated() -> ProviderConfig {
    let limits = LimitsConfig { rate: Some((PER_SECOND, Duration::from_secs(1))), ..config().limits };
    ProviderConfig { limits, ..config() }
}
