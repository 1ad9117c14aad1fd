//! The alarm of a plugin: how its own tasks say that the instance can work no more.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::Notify;

use crate::error::{Error, ErrorKind};

/// Raised by what a plugin does in the background, and handed on by [`Plugin::failed`](super::Plugin::failed). Clones are the
/// same alarm.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::plugin::{Alarm, HandlerTable, Plugin, PluginInfo};
/// use mosaic_core::{Error, Result};
/// # use std::sync::Arc;
/// # struct Watcher { info: PluginInfo, alarm: Alarm }
/// # async fn read_events() {}
///
/// #[async_trait]
/// impl Plugin for Watcher {
///     async fn start(&self) -> Result<()> {
///         // Where the reader ends or panics, the instance is restarted.
///         tokio::spawn(self.alarm.guarding("the reader of events", read_events()));
///         Ok(())
///     }
///     async fn failed(&self) -> Error {
///         self.alarm.raised().await
///     }
/// #   fn info(&self) -> &PluginInfo { &self.info }
/// #   fn handlers(self: Arc<Self>) -> HandlerTable { HandlerTable::new() }
/// }
/// ```
#[derive(Clone, Default)]
pub struct Alarm(Arc<State>);

#[derive(Default)]
struct State {
    raised: Mutex<Option<Error>>,
    told: Notify,
}

impl Alarm {
    /// An alarm that nobody raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the instance can work no more. The first reason that nobody has heard yet is kept.
    pub fn raise(&self, why: Error) {
        self.0.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.0.told.notify_one();
    }

    /// Resolves when it is raised, and takes the reason: who asks again waits for the next one. Dropping the future loses
    /// nothing.
    pub async fn raised(&self) -> Error {
        loop {
            let told = self.0.told.notified();
            if let Some(why) = self.0.raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return why;
            }
            told.await;
        }
    }

    /// The same work, raising the alarm when it ends or panics. Where it is dropped, as an aborted task is, the alarm stays
    /// as it is; what it says while the plugin stops is not heard.
    pub fn guarding(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let alarm = self.clone();
        async move {
            let ended = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(()) => "ended",
                Err(_) => "panicked",
            };
            alarm.raise(Error::new(ErrorKind::Lifecycle, format!("{name} {ended}")));
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raised = self.0.raised.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Alarm").field("raised", &raised.as_ref().map(Error::message)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn raised_before_or_after_it_is_asked() {
        let alarm = Alarm::new();
        alarm.raise(Error::new(ErrorKind::Lifecycle, "first"));
        alarm.raise(Error::new(ErrorKind::Lifecycle, "second"));
        assert_eq!(alarm.raised().await.message(), "first");
        assert!(alarm.raised().now_or_never().is_none(), "it was taken");
        let waiting = tokio::spawn({
            let alarm = alarm.clone();
            async move { alarm.raised().await }
        });
        tokio::task::yield_now().await;
        alarm.raise(Error::new(ErrorKind::Lifecycle, "third"));
        assert_eq!(waiting.await.unwrap().message(), "third");
    }

    #[tokio::test]
    async fn work_that_ends_or_panics_raises_it_and_dropped_work_does_not() {
        let alarm = Alarm::new();
        alarm.guarding("reader", async {}).await;
        assert_eq!(alarm.raised().await.message(), "reader ended");
        alarm.guarding("reader", async { std::panic::resume_unwind(Box::new("as the test wants it")) }).await;
        assert_eq!(alarm.raised().await.message(), "reader panicked");
        drop(alarm.guarding("reader", std::future::pending()));
        assert!(alarm.raised().now_or_never().is_none());
    }
}
