//! The way of one instance up and down, each step within its time.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::track::Track;
use crate::engine::health;
use crate::engine::instance::Instance;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{HealthStatus, Lifecycle, LifecycleEvent};
use crate::types::ServiceKind;

/// How long a plugin may take for one step of its life.
const STEP: Duration = Duration::from_secs(30);

/// Walks an instance from its discovery until it runs.
///
/// # Errors
/// That of the step that failed.
pub(super) async fn bring_up(track: &Track, instance: &Instance, health_limit: Duration) -> Result<()> {
    use LifecycleEvent as E;
    let step = |event| {
        track.step(instance.generation, event, None);
    };
    validate(instance)?;
    step(E::Validated);
    // The instance came from the application or from its factory.
    step(E::Loaded);
    limited("initialize", STEP, instance.plugin.initialize()).await?;
    step(E::Initialized);
    limited("start", STEP, instance.plugin.start()).await?;
    step(E::Started);
    check(track, instance, health_limit).await?;
    step(E::HealthPassed);
    Ok(())
}

/// Stops an instance that failed and starts it again.
///
/// # Errors
/// That of the step that failed.
pub(super) async fn start_again(track: &Track, instance: &Instance, health_limit: Duration) -> Result<()> {
    if let Err(error) = limited("stop", STEP, instance.plugin.stop()).await {
        tracing::warn!(target: "mosaic::lifecycle", provider = %track.provider, %error, "not stopped properly");
    }
    // What it said of the life that is over does not count for the next.
    let _ = AssertUnwindSafe(instance.plugin.failed()).catch_unwind().now_or_never();
    limited("initialize", STEP, instance.plugin.initialize()).await?;
    limited("start", STEP, instance.plugin.start()).await?;
    check(track, instance, health_limit).await
}

/// From stopping to the end. Gives the error of `stop`.
pub(super) async fn take_down(track: &Track, instance: &Instance) -> Option<Error> {
    let (provider, generation) = (&track.provider, instance.generation);
    let mut failed = None;
    if track.state(generation) == Lifecycle::Stopping {
        failed =
            limited("stop", STEP, instance.plugin.stop()).await.err().map(|error| error.provider(provider));
        track.step(generation, LifecycleEvent::Stopped, failed.clone());
    }
    let disposed = limited("dispose", STEP, async {
        instance.plugin.dispose().await;
        Ok(())
    });
    if let Err(error) = disposed.await {
        tracing::warn!(target: "mosaic::lifecycle", %provider, generation, %error, "not disposed of properly");
    }
    track.step(generation, LifecycleEvent::Disposed, None);
    failed
}

async fn check(track: &Track, instance: &Instance, limit: Duration) -> Result<()> {
    let report = health::probe(&track.provider, instance, limit).await;
    if report.status != HealthStatus::Unhealthy {
        return Ok(());
    }
    let detail = report.detail.unwrap_or_else(|| "it gave no reason".into());
    Err(Error::new(ErrorKind::Lifecycle, format!("the first health check failed: {detail}")))
}

/// A step in the life of a plugin, within its time; a panic in it is an error of the step.
pub(super) async fn limited<T>(
    step: &str,
    limit: Duration,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    match timeout(limit, AssertUnwindSafe(future).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::new(ErrorKind::Lifecycle, format!("{step} panicked"))),
        Err(_) => Err(Error::new(ErrorKind::Lifecycle, format!("{step} did not end within {limit:?}"))),
    }
}

/// What it declares must be there.
fn validate(instance: &Instance) -> Result<()> {
    let operations = &instance.info.operations;
    if operations.is_empty() {
        return Err(Error::new(ErrorKind::Lifecycle, "the plugin declares no operation"));
    }
    let undone = |kind: &ServiceKind| operations.serves(*kind) && !instance.handlers.answers(*kind);
    match ServiceKind::ALL.iter().find(|kind| undone(kind)) {
        Some(kind) => {
            let message = format!("the plugin declares operations of {kind} but has no handlers for it");
            Err(Error::new(ErrorKind::Lifecycle, message))
        }
        None => Ok(()),
    }
}
