//! One life of a plugin, and the time in which it answers calls.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::refresh::Refresh;
use crate::plugin::{HandlerTable, HealthReport, HealthStatus, Plugin, PluginInfo};

/// What belongs to one life of a plugin and ends with it. What outlives it is in [`Provider`](super::view::Provider).
pub(crate) struct Instance {
    /// Its number in its slot, from 1.
    pub(crate) generation: u64,
    pub(crate) plugin: Arc<dyn Plugin>,
    pub(crate) info: PluginInfo,
    pub(crate) handlers: HandlerTable,
    pub(crate) refresh: Refresh,
    pub(crate) health: HealthCell,
}

impl Instance {
    /// Asks the plugin what it is. A plugin may panic in that.
    pub(crate) fn new(generation: u64, plugin: Arc<dyn Plugin>) -> Self {
        Self {
            generation,
            info: plugin.info().clone(),
            handlers: Arc::clone(&plugin).handlers(),
            refresh: Refresh::default(),
            health: HealthCell::default(),
            plugin,
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} #{}", self.info.name, self.info.version, self.generation)
    }
}

/// The time in which an instance answers calls. Every way to it holds one, and so do its open streams: when the last of these
/// is gone no call can be inside the instance. Calls that have to wait are counted besides, to know who is cut off.
#[derive(Debug)]
pub(crate) struct Tenure {
    pub(crate) instance: Arc<Instance>,
    pub(crate) end: Arc<TenureEnd>,
}

impl Tenure {
    pub(crate) fn new(instance: Arc<Instance>) -> Arc<Self> {
        Arc::new(Self { instance, end: Arc::default() })
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        self.end.left.cancel();
    }
}

/// How a tenure ends, for those who end it.
#[derive(Debug, Default)]
pub(crate) struct TenureEnd {
    over: AtomicBool,
    /// Calls that wait inside, and open streams.
    inside: AtomicUsize,
    cut: CancellationToken,
    left: CancellationToken,
}

impl TenureEnd {
    /// Whether calls are turned away.
    #[inline]
    pub(crate) fn over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Turns calls away from now on, and ends those under way and all open streams with an error. Gives how many these are.
    pub(crate) fn cut(&self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let inside = self.inside.load(Ordering::SeqCst);
        self.cut.cancel();
        inside
    }

    /// Resolves when calls under way are to end. Who holds it counts as inside.
    pub(crate) fn until_cut(self: Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let stay = Stay::begin(self);
        async move { stay.0.cut.cancelled().await }
    }

    /// Resolves when nobody can be inside the instance any more.
    pub(crate) async fn left(&self) {
        self.left.cancelled().await;
    }
}

/// One who is inside.
struct Stay(Arc<TenureEnd>);

impl Stay {
    fn begin(end: Arc<TenureEnd>) -> Self {
        end.inside.fetch_add(1, Ordering::SeqCst);
        Self(end)
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The last word of an instance's health check.
#[derive(Debug, Default)]
pub(crate) struct HealthCell {
    status: AtomicU8,
    detail: Mutex<Option<String>>,
}

const STATUSES: [HealthStatus; 4] =
    [HealthStatus::Unknown, HealthStatus::Healthy, HealthStatus::Degraded, HealthStatus::Unhealthy];

impl HealthCell {
    #[inline]
    pub(crate) fn status(&self) -> HealthStatus {
        STATUSES[usize::from(self.status.load(Ordering::Acquire)) % STATUSES.len()]
    }

    /// Takes a report; gives the status before it.
    pub(crate) fn set(&self, report: &HealthReport) -> HealthStatus {
        self.detail.lock().clone_from(&report.detail);
        let code = STATUSES.iter().position(|status| *status == report.status).unwrap_or_default();
        let old = self.status.swap(code as u8, Ordering::AcqRel);
        STATUSES[usize::from(old) % STATUSES.len()]
    }

    pub(crate) fn report(&self) -> (HealthStatus, Option<String>) {
        (self.status(), self.detail.lock().clone())
    }
}
