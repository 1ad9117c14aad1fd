//! The plugin manager: walks every instance through its life, and shows each step as an event.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::engine::health;
use crate::engine::view::Provider;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{HealthStatus, Lifecycle, LifecycleEvent};
use crate::types::{ProviderId, ServiceKind};

/// A step in the life of an instance.
///
/// ```
/// # use mosaic_core::orchestrator::LifecycleChange;
/// fn line(change: &LifecycleChange) -> String {
///     format!("{}: {} -> {}", change.provider, change.from, change.to)
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LifecycleChange {
    /// The provider.
    pub provider: ProviderId,
    /// The state before.
    pub from: Lifecycle,
    /// What happened.
    pub event: LifecycleEvent,
    /// The state after.
    pub to: Lifecycle,
    /// Why, where it failed.
    pub error: Option<Error>,
}

/// How long a plugin may take for one step of its life.
const STEP: Duration = Duration::from_secs(30);

pub(super) struct PluginManager {
    /// In the order in which they were started.
    slots: Mutex<Vec<Slot>>,
    changes: broadcast::Sender<LifecycleChange>,
}

struct Slot {
    provider: Arc<Provider>,
    state: Lifecycle,
}

impl Default for PluginManager {
    fn default() -> Self {
        Self { slots: Mutex::default(), changes: broadcast::Sender::new(256) }
    }
}

impl PluginManager {
    pub(super) fn subscribe(&self) -> broadcast::Receiver<LifecycleChange> {
        self.changes.subscribe()
    }

    pub(super) fn state(&self, provider: &ProviderId) -> Option<Lifecycle> {
        self.slots.lock().iter().find(|slot| slot.provider.id == *provider).map(|slot| slot.state)
    }

    /// Walks one instance from its discovery until it runs.
    ///
    /// # Errors
    /// That of the step that failed; the instance is then stopped and disposed.
    pub(super) async fn start(&self, provider: Arc<Provider>, health_limit: Duration) -> Result<()> {
        use LifecycleEvent as E;
        let id = provider.id.clone();
        let plugin = Arc::clone(&provider.plugin);
        self.slots.lock().push(Slot { provider: Arc::clone(&provider), state: Lifecycle::Discovered });
        let steps = async {
            validate(&provider)?;
            self.step(&id, E::Validated, None);
            // The instance came with the builder or from its factory.
            self.step(&id, E::Loaded, None);
            limited("initialize", plugin.initialize()).await?;
            self.step(&id, E::Initialized, None);
            limited("start", plugin.start()).await?;
            self.step(&id, E::Started, None);
            let report = health::probe(&provider, health_limit).await;
            if report.status == HealthStatus::Unhealthy {
                let detail = report.detail.unwrap_or_else(|| "it gave no reason".into());
                return Err(Error::new(
                    ErrorKind::Lifecycle,
                    format!("the first health check failed: {detail}"),
                ));
            }
            self.step(&id, E::HealthPassed, None);
            Ok(())
        };
        let result: Result<()> = steps.await;
        let Err(error) = result else { return Ok(()) };
        let error = error.provider(&id);
        self.step(&id, E::Failed, Some(error.clone()));
        self.step(&id, E::GivenUp, None);
        self.finish(&provider).await;
        Err(error)
    }

    /// Brings every instance to its end that is not there yet, the last started first.
    pub(super) async fn stop_all(&self) {
        let alive: Vec<_> = {
            let slots = self.slots.lock();
            let alive = slots.iter().filter(|slot| slot.state != Lifecycle::Disposed);
            alive.map(|slot| (Arc::clone(&slot.provider), slot.state)).collect()
        };
        for (provider, state) in alive.into_iter().rev() {
            match state {
                // A shutdown before this one was given up in the middle.
                Lifecycle::Stopping | Lifecycle::Stopped => {}
                Lifecycle::Failed => self.step(&provider.id, LifecycleEvent::GivenUp, None),
                _ => self.step(&provider.id, LifecycleEvent::StopRequested, None),
            }
            self.finish(&provider).await;
        }
    }

    /// From stopping to the end.
    async fn finish(&self, provider: &Provider) {
        if self.state(&provider.id) == Some(Lifecycle::Stopping) {
            let error = limited("stop", provider.plugin.stop()).await.err();
            self.step(&provider.id, LifecycleEvent::Stopped, error);
        }
        let disposed = limited("dispose", async {
            provider.plugin.dispose().await;
            Ok(())
        });
        if let Err(error) = disposed.await {
            tracing::warn!(target: "mosaic::lifecycle", provider = %provider.id, %error, "not disposed of properly");
        }
        self.step(&provider.id, LifecycleEvent::Disposed, None);
    }

    fn step(&self, id: &ProviderId, event: LifecycleEvent, error: Option<Error>) {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.iter_mut().find(|slot| slot.provider.id == *id) else { return };
        let from = slot.state;
        match from.next(event) {
            Ok(to) => {
                slot.state = to;
                drop(slots);
                tracing::info!(target: "mosaic::lifecycle", provider = %id, %from, %to, error = error.as_ref().map(tracing::field::display));
                // Nobody has to listen.
                let _ = self.changes.send(LifecycleChange { provider: id.clone(), from, event, to, error });
            }
            Err(illegal) => {
                tracing::error!(target: "mosaic::lifecycle", provider = %id, %illegal, "step refused")
            }
        }
    }
}

/// A step in the life of a plugin, within its time; a panic in it is an error of the step.
async fn limited<T>(step: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout(STEP, AssertUnwindSafe(future).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::new(ErrorKind::Lifecycle, format!("{step} panicked"))),
        Err(_) => Err(Error::new(ErrorKind::Lifecycle, format!("{step} did not end within {STEP:?}"))),
    }
}

/// What it declares must be there.
fn validate(provider: &Provider) -> Result<()> {
    let operations = &provider.info.operations;
    if operations.is_empty() {
        return Err(Error::new(ErrorKind::Lifecycle, "the plugin declares no operation"));
    }
    let handlers = Arc::clone(&provider.plugin).handlers();
    match ServiceKind::ALL.into_iter().find(|kind| operations.serves(*kind) && !handlers.answers(*kind)) {
        Some(kind) => {
            let message = format!("the plugin declares operations of {kind} but has no handlers for it");
            Err(Error::new(ErrorKind::Lifecycle, message))
        }
        None => Ok(()),
    }
}
