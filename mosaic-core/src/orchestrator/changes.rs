//! Changing what is at work: providers come, go and are replaced while calls go on.

use super::plugins::{Applied, Change, Source};
use super::{LifecycleChange, Orchestrator};
use crate::engine::ProviderConfig;
use crate::error::Result;
use crate::types::ProviderId;
use tokio::sync::broadcast;

impl Orchestrator {
    /// Makes a change, all of it or nothing. What is new is checked and started while the old answers; then, at one moment,
    /// calls that begin see all of it. Those under way end where they began, and the instances that were replaced or removed
    /// are stopped and disposed of when nobody is inside any more, or when the time for that is over; see [`Applied::settled`].
    ///
    /// Changes of the same providers are made one after the other. Breakers, limits, latencies and counters of a provider
    /// stay over a reload. Dropping the future does not break the change off.
    ///
    /// # Errors
    /// `Config` with every fault of names, configurations and rules; the error of a plugin that did not start; `Lifecycle`
    /// after a shutdown. Nothing has changed then, and every new instance is stopped and disposed of.
    pub async fn apply(&self, change: Change) -> Result<Applied> {
        self.0.plugins.apply(change).await
    }

    /// Puts a new instance in the place of the one that answers for a provider. Every call that begins after this returned is
    /// answered by the new one.
    ///
    /// ```
    /// # use mosaic_core::orchestrator::Orchestrator;
    /// # use mosaic_core::plugin::Plugin;
    /// # async fn example(mosaic: &Orchestrator, new_version: impl Plugin) -> mosaic_core::Result<()> {
    /// let applied = mosaic.reload("forge-a", new_version).await?;
    /// for departure in applied.settled().await {
    ///     println!("{} #{} left in time: {}", departure.provider, departure.generation, departure.in_time);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`Orchestrator::apply`]; the instance that answers stays.
    pub async fn reload(&self, id: impl Into<String>, source: impl Into<Source>) -> Result<Applied> {
        self.apply(Change::new().reload(id, source)).await
    }

    /// Adds a provider. Rules that name it come with [`Orchestrator::set_routing`], or with it in one [`Change`].
    ///
    /// # Errors
    /// Those of [`Orchestrator::apply`].
    pub async fn add_provider(
        &self,
        id: impl Into<String>,
        source: impl Into<Source>,
        config: ProviderConfig,
    ) -> Result<Applied> {
        self.apply(Change::new().add_with(id, source, config)).await
    }

    /// Removes a provider that no rule names; to remove one together with its rules, see [`Change`].
    ///
    /// # Errors
    /// `Config` while rules name it, and those of [`Orchestrator::apply`].
    pub async fn remove_provider(&self, id: impl Into<String>) -> Result<Applied> {
        self.apply(Change::new().remove(id)).await
    }

    /// The steps in the lives of all instances, from now on. A receiver that falls behind is told how much it missed.
    pub fn lifecycle(&self) -> broadcast::Receiver<LifecycleChange> {
        self.0.plugins.subscribe()
    }

    /// The providers of which a breaker opened or closed, or whose health check said something else than before, from now on. That
    /// the time of an open breaker is over, so that it is half-open, is told by nobody: it is when the next call is let through.
    /// A receiver that falls behind is told how much it missed.
    pub fn shifts(&self) -> broadcast::Receiver<ProviderId> {
        self.0.plugins.shifts()
    }
}
