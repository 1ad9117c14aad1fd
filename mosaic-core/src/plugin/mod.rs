//! The plugin contract: who answers calls, and what the engine asks of it.

mod alarm;
mod factory;
mod handler;
mod health;
mod info;
mod lifecycle;
mod slot;

use std::sync::Arc;

use async_trait::async_trait;

pub use alarm::Alarm;
pub use factory::{Factory, FactoryInput};
pub use handler::{HandlerTable, Handlers, RowFn};
pub use health::{HealthReport, HealthStatus, Measure};
pub use info::PluginInfo;
pub use lifecycle::{IllegalTransition, Lifecycle, LifecycleEvent};
pub use slot::{IllegalSlotEvent, SlotEvent, SlotState};

use crate::error::{Error, ErrorKind, Result};

/// The code of a provider. One instance stands for one configured backend.
///
/// The engine calls `initialize`, `start` and `health` in this order before the first call, and `stop` and `dispose` after
/// the last. An instance that [failed](Plugin::failed) and was not made by a factory goes through `stop`, `initialize` and
/// `start` once more. The engine wraps every call with time limits, retries and breakers: a plugin does none of these itself.
///
/// ```
/// use std::sync::Arc;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::git::{GetRepository, Git, GitService};
/// use mosaic_core::op::{Operation, OpSet};
/// use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
/// use mosaic_core::types::git::Repository;
/// use mosaic_core::Result;
///
/// #[derive(Debug)]
/// struct Fixed(PluginInfo);
///
/// impl GitService for Fixed {
///     async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
///         Ok(Repository::of(op.repo, "main"))
///     }
/// }
/// impl Plugin for Fixed {
///     fn info(&self) -> &PluginInfo {
///         &self.0
///     }
///     fn handlers(self: Arc<Self>) -> HandlerTable {
///         HandlerTable::new().with(Git::handlers(self))
///     }
/// }
/// let plugin = Fixed(PluginInfo::new("fixed", "1.0.0", OpSet::of(&[GetRepository::META])));
/// assert_eq!(plugin.info().name, "fixed");
/// ```
#[async_trait]
pub trait Plugin: Send + Sync + 'static {
    /// Who it is and what it can do.
    fn info(&self) -> &PluginInfo;

    /// What answers its operations. Cheap, as it is asked more than once; operations outside [`PluginInfo::operations`] are never called.
    fn handlers(self: Arc<Self>) -> HandlerTable;

    /// Checks the configuration and gets ready, without touching what others see.
    ///
    /// # Errors
    /// Whatever makes it unusable; the instance is then failed and disposed.
    async fn initialize(&self) -> Result<()> {
        Ok(())
    }

    /// Begins work: opens connections, starts tasks it owns.
    ///
    /// # Errors
    /// Whatever makes it unusable; the instance is then failed and disposed.
    async fn start(&self) -> Result<()> {
        Ok(())
    }

    /// Ends work. No call is in flight when it is called, unless the time to drain was over.
    ///
    /// # Errors
    /// Reported as an event; `dispose` follows all the same.
    async fn stop(&self) -> Result<()> {
        Ok(())
    }

    /// Gives everything back. Nothing is called afterwards.
    async fn dispose(&self) {}

    /// How it is. Called by the prober, off the path of calls, with a time limit.
    async fn health(&self) -> HealthReport {
        HealthReport::healthy()
    }

    /// Resolves when the instance can work no more: a task it lives by ended, a connection it cannot do without is gone for
    /// good. It is then failed and restarted: made anew where a factory made it, else stopped, initialized and started again.
    /// [`Alarm`] keeps this for a plugin.
    ///
    /// Asked once for each start. A backend that is down is no failure of the instance: that is what `health` tells. The
    /// default never resolves.
    async fn failed(&self) -> Error {
        std::future::pending().await
    }

    /// Figures of its own, read out beside the engine's.
    fn metrics(&self) -> Vec<Measure> {
        Vec::new()
    }

    /// Renews the credential. At most one renewal of a provider runs at a time.
    ///
    /// # Errors
    /// `Unsupported` where the credential cannot be renewed, which is the default.
    async fn refresh(&self) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "the credential of this provider cannot be renewed"))
    }
}

/// A plugin that others hold too.
#[async_trait]
impl<P: Plugin + ?Sized> Plugin for Arc<P> {
    fn info(&self) -> &PluginInfo {
        (**self).info()
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        P::handlers(Arc::clone(&*self))
    }
    async fn initialize(&self) -> Result<()> {
        (**self).initialize().await
    }
    async fn start(&self) -> Result<()> {
        (**self).start().await
    }
    async fn stop(&self) -> Result<()> {
        (**self).stop().await
    }
    async fn dispose(&self) {
        (**self).dispose().await;
    }
    async fn health(&self) -> HealthReport {
        (**self).health().await
    }
    fn metrics(&self) -> Vec<Measure> {
        (**self).metrics()
    }
    async fn failed(&self) -> Error {
        (**self).failed().await
    }
    async fn refresh(&self) -> Result<()> {
        (**self).refresh().await
    }
}
