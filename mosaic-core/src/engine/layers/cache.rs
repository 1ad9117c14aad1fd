//! The cache layer: hit, wait for somebody who asks already, or ask and keep; writes make old what they touch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::{CacheUse, CallContext};
use crate::engine::cache::CacheConfig;
use crate::engine::cache::flight::{Flights, inherits};
use crate::engine::cache::key::Keys;
use crate::engine::cache::memory::{Entry, Memory};
use crate::engine::cache::tags::{Generations, Noted};
use crate::engine::view::View;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Outcome, Result, Verdict};
use crate::op::{CacheState, Digester, OpDef, OpMeta, Payload, Reply, ReplyBody, Shared};
use crate::types::{ProviderId, Subject};

/// What all calls share.
pub(crate) struct CacheStore {
    pub(crate) memory: Memory,
    generations: Arc<Generations>,
    flights: Arc<Flights>,
    keys: Keys,
    enabled: bool,
    ttl: Option<Duration>,
    stale: Duration,
}

impl CacheStore {
    pub(crate) fn new(config: &CacheConfig) -> Self {
        Self {
            memory: Memory::new(config),
            generations: Arc::default(),
            flights: Arc::default(),
            keys: Keys::new(config.key),
            enabled: config.enabled,
            ttl: config.ttl,
            stale: config.stale,
        }
    }

    /// An empty store kept otherwise, for calls that begin from now on. Writes that are under way make old what is kept here too.
    pub(crate) fn after(before: &Self, config: &CacheConfig) -> Self {
        Self {
            generations: Arc::clone(&before.generations),
            flights: Arc::clone(&before.flights),
            ..Self::new(config)
        }
    }

    /// Makes old what an operation on a subject changes, as if it had been called here: for changes that are learned of.
    pub(crate) fn touch(&self, payload: &Payload) {
        self.touch_on(payload.meta(), payload.subject());
        if payload.also() != payload.subject() {
            self.touch_on(payload.meta(), payload.also());
        }
    }

    /// The same where the operation and the thing it is about are known, and its parameters are not.
    pub(crate) fn touch_on(&self, meta: &OpMeta, subject: Subject<'_>) {
        self.generations.touch(meta, subject);
    }

    /// What a call is known by, where its answer may be kept.
    #[inline]
    pub(crate) fn key(
        &self,
        cx: &CallContext,
        meta: &OpMeta,
        view: &View,
        params: impl FnOnce(&mut Digester),
    ) -> Option<u128> {
        let kept =
            self.enabled && meta.ttl > 0 && meta.effect.is_read() && cx.cache_use() != CacheUse::Bypass;
        kept.then(|| self.keys.key(cx, meta, &view.rules, view.epoch, params))
    }

    /// The fresh answer of a key, for a call that began at `now`.
    #[inline]
    pub(crate) fn hit(&self, key: u128, now: Instant) -> Option<Reply> {
        let fresh = |entry: &Arc<Entry>| {
            let fresh = now < entry.fresh_until && self.generations.current(&entry.noted);
            fresh.then(|| kept(entry, CacheState::Hit))
        };
        self.memory.look(key, fresh).flatten()
    }

    fn fill(&self, key: u128, def: &OpDef, reply: &Reply, noted: Noted, looked: bool) {
        let Some(ttl) = def.meta.freshness() else { return };
        let ReplyBody::Value(value) = &reply.body else { return };
        let now = Instant::now();
        if !self.generations.settled(&noted, now) {
            return;
        }
        let fresh_until = now + self.ttl.map_or(ttl, |most| ttl.min(most));
        let entry = Entry {
            value: Arc::clone(value),
            provider: reply.report.provider.clone(),
            fresh_until,
            stale_until: fresh_until + self.stale,
            noted,
            weight: def.weigh(value),
            read: AtomicBool::new(false),
            in_main: AtomicU8::new(0),
        };
        self.memory.insert(key, Arc::new(entry), looked);
    }

    /// An answer that is no longer fresh, where it may stand in for this error: the provider fails, and nothing that the
    /// answer depends on was written since.
    fn stand_in(&self, key: u128, error: &Error) -> Option<Reply> {
        let failing = error.verdict() == Verdict::Failure
            || matches!(
                error.kind(),
                ErrorKind::CircuitOpen | ErrorKind::RateLimited | ErrorKind::Throttled | ErrorKind::Lifecycle
            );
        let usable = |entry: &Arc<Entry>| {
            let usable = Instant::now() < entry.stale_until && self.generations.current(&entry.noted);
            usable.then(|| kept(entry, CacheState::Stale))
        };
        failing.then(|| self.memory.look(key, usable).flatten()).flatten()
    }
}

pub(crate) struct Cache<S> {
    pub(crate) inner: S,
}

/// Moves the counters of a write when the write is over, however it ends.
struct Touching<'a> {
    store: &'a CacheStore,
    call: &'a Call,
    /// Whether it is known what became of it.
    known: bool,
}

impl Drop for Touching<'_> {
    fn drop(&mut self) {
        self.store.touch(&self.call.payload);
        let may_have_run = self.call.progress.as_ref().is_some_and(|progress| progress.may_have_run());
        if !self.known && may_have_run {
            // It may still be on its way to the disk: what is read now may be old soon.
            self.store.generations.unsettle(&self.call.payload, Instant::now());
        }
    }
}

impl<S: Step> Step for Cache<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let meta = call.meta();
        if !meta.effect.is_read() {
            // Also where the outcome is unknown, and where the caller goes away in the middle.
            let mut touching = Touching { store: &call.view()?.cache, call, known: false };
            let result = self.inner.call(call).await;
            touching.known = !matches!(&result, Err(error) if error.outcome() == Outcome::Unknown);
            return result;
        }
        let (Some(_), Some(view)) = (meta.freshness(), &call.view) else {
            return self.inner.call(call).await;
        };
        // Where the key is known already, it was looked for a moment ago.
        let known = call.key.filter(|known| known.epoch == view.epoch);
        let key = match known {
            Some(known) => Some(known.key()),
            None => view.cache.key(&call.cx, meta, view, |digest| call.payload.digest(digest)),
        };
        let Some(key) = key else { return self.inner.call(call).await };
        if known.is_none()
            && call.cx.cache_use() == CacheUse::Normal
            && let Some(reply) = view.cache.hit(key, call.started)
        {
            return Ok(reply);
        }
        // A hit carries none of what follows in its future.
        Box::pin(self.ask(call, &view.cache, key)).await
    }
}

impl<S: Step> Cache<S> {
    async fn ask(&self, call: &Call, store: &CacheStore, key: u128) -> Result<Reply> {
        let mine = call.cx.deadline();
        let result = if call.cx.cache_use() == CacheUse::Refresh {
            let noted = store.generations.note(call.meta(), call.payload.subject());
            let result = self.inner.call(call).await;
            if let Ok(reply) = &result {
                store.fill(key, call.payload.def(), reply, noted, false);
            }
            result
        } else {
            self.ask_once(call, store, key, mine).await
        };
        match result {
            Ok(mut reply) => {
                if reply.report.cache == CacheState::Bypass {
                    reply.report.cache = CacheState::Miss;
                }
                Ok(reply)
            }
            // Who asked for a new answer is not helped by an old one.
            Err(error) if call.cx.cache_use() == CacheUse::Refresh => Err(error),
            Err(error) => match store.stand_in(key, &error) {
                Some(mut reply) => {
                    reply.report.trail = error.attempts().to_vec();
                    Ok(reply)
                }
                None => Err(error),
            },
        }
    }

    /// Asks, unless somebody asks for the same already.
    async fn ask_once(
        &self,
        call: &Call,
        store: &CacheStore,
        key: u128,
        mine: Option<Instant>,
    ) -> Result<Reply> {
        loop {
            let noted = store.generations.note(call.meta(), call.payload.subject());
            let mut seat = store.flights.join(key, &noted);
            if !seat.leads()
                && let Some((landed, theirs)) = seat.wait().await
            {
                match landed {
                    Ok((value, provider)) => return Ok(coalesced(value, provider)),
                    Err(error) if inherits(error, *theirs, mine) => return Err(error.clone()),
                    // Its time was shorter than ours: we ask again.
                    Err(_) => continue,
                }
            }
            let result = self.inner.call(call).await;
            match &result {
                Ok(reply) => {
                    store.fill(key, call.payload.def(), reply, noted, true);
                    if let ReplyBody::Value(value) = &reply.body {
                        seat.land(Ok((Arc::clone(value), reply.report.provider.clone())), mine);
                    }
                }
                // The others decide whether this says anything to them.
                Err(error) => seat.land(Err(error.clone()), mine),
            }
            return result;
        }
    }
}

fn kept(entry: &Entry, state: CacheState) -> Reply {
    let mut reply = Reply::shared(Arc::clone(&entry.value));
    reply.report.cache = state;
    reply.report.provider.clone_from(&entry.provider);
    reply
}

fn coalesced(value: &Shared, provider: &Option<ProviderId>) -> Reply {
    let mut reply = Reply::shared(Arc::clone(value));
    reply.report.cache = CacheState::Coalesced;
    reply.report.provider.clone_from(provider);
    reply
}
