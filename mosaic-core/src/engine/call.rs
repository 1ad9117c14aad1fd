//! The one request type of the engine.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::view::View;
use crate::context::{CallContext, Sent};
use crate::error::{Error, ErrorKind, Result};
use crate::op::{OpMeta, Payload};

/// A call on its way through the layers. Cheap to clone: pointers.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::engine::Call;
/// use mosaic_core::op::{Payload, git::GetRepository};
///
/// let call = Call::new(CallContext::new(), Payload::new(GetRepository::new("acme", "widget")));
/// assert_eq!(call.meta().name, "git.get_repository");
/// ```
#[derive(Clone)]
pub struct Call {
    /// Who calls, for whom, with how much time.
    pub cx: CallContext,
    /// What is asked for.
    pub payload: Payload,
    pub(crate) started: Instant,
    /// When the present attempt began, in nanoseconds after the call did.
    begun: Offset,
    pub(crate) number: u64,
    /// The rules and providers that the call began with.
    pub(crate) view: Option<Arc<View>>,
    /// For writes: what is known of the effect so far, for those who see the call end from outside.
    pub(crate) progress: Option<Arc<Progress>>,
    /// What the call is known by to the cache, where that was found out already, and the epoch of the rules it holds for.
    pub(crate) key: Option<KnownKey>,
    /// For writes: the mark of the present attempt.
    pub(crate) sent: Option<Sent>,
}

impl Call {
    /// A call that nobody has looked at yet.
    pub fn new(cx: CallContext, payload: Payload) -> Self {
        Self::begun(cx, payload, Instant::now())
    }

    /// The same for a call that began at `now`.
    pub(crate) fn begun(cx: CallContext, payload: Payload, now: Instant) -> Self {
        Self {
            cx,
            payload,
            started: now,
            begun: Offset::default(),
            number: 0,
            view: None,
            progress: None,
            key: None,
            sent: None,
        }
    }

    /// When the present attempt began.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.started + Duration::from_nanos(self.begun.0.load(Ordering::Relaxed))
    }

    /// An attempt begins now: what was waited for before it is no time of the provider's.
    #[inline]
    pub(crate) fn restart(&self) {
        let after = Instant::now().saturating_duration_since(self.started);
        self.begun.0.store(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The rules and providers that the call began with.
    pub(crate) fn view(&self) -> Result<&Arc<View>> {
        self.view.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "the call did not come through the beginning of the path")
        })
    }

    /// The facts of the operation.
    pub fn meta(&self) -> &'static OpMeta {
        self.payload.meta()
    }

    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        self.meta().effect.is_read()
    }
}

#[derive(Default)]
struct Offset(AtomicU64);

impl Clone for Offset {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

/// A key, and the epoch of the rules for which it holds. In halves: a `u128` would make every future that holds a call
/// aligned to 16 bytes, which allocators serve on a slower way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownKey {
    high: u64,
    low: u64,
    pub(crate) epoch: u64,
}

impl KnownKey {
    pub(crate) fn new(key: u128, epoch: u64) -> Self {
        Self { high: (key >> 64) as u64, low: key as u64, epoch }
    }

    pub(crate) fn key(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("payload", &self.payload).field("cx", &self.cx).finish_non_exhaustive()
    }
}

/// What is known of the effect of a write while it is under way, over all providers and attempts.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Some attempt that ended may have run.
    settled: AtomicBool,
    /// The mark of the attempt that is under way.
    present: parking_lot::Mutex<Option<Sent>>,
    provider: parking_lot::Mutex<Option<crate::types::ProviderId>>,
}

impl Progress {
    /// An attempt begins.
    pub(crate) fn begin(&self, sent: &Sent, provider: &crate::types::ProviderId) {
        // An attempt before it that never ended, because a layer of the application gave it up, may have run.
        if self.present.lock().replace(sent.clone()).is_some_and(|before| before.marked()) {
            self.settled.store(true, Ordering::Release);
        }
        *self.provider.lock() = Some(provider.clone());
    }

    /// The attempt ended, and it is known whether it may have run.
    pub(crate) fn end(&self, may_have_run: bool) {
        *self.present.lock() = None;
        if may_have_run {
            self.settled.store(true, Ordering::Release);
        }
    }

    /// Whether anything may have run by now.
    pub(crate) fn may_have_run(&self) -> bool {
        self.settled.load(Ordering::Acquire) || self.present.lock().as_ref().is_some_and(Sent::marked)
    }

    /// The provider of the last attempt.
    pub(crate) fn provider(&self) -> Option<crate::types::ProviderId> {
        self.provider.lock().clone()
    }
}
