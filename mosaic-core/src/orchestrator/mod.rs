//! The orchestrator: every provider behind one API.

mod admin;
mod builder;
mod changes;
mod phases;
mod plugins;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use admin::{ProviderStatus, Status};
pub use builder::Builder;
pub use phases::{PhaseChange, PhasePoint, PhaseStatus};
pub use plugins::{Applied, Change, Departure, LifecycleChange, Source, SupervisionConfig};

use crate::context::{CacheUse, CallContext};
use crate::engine::observe::Metrics;
use crate::engine::route::{Explanation, Routing, Rules};
use crate::engine::view::View;
use crate::engine::{Call, Door, Enter, KnownKey};
use crate::error::{Error, ErrorKind, Result};
use crate::op::{
    Ai, Answer, Caller, Cicd, Dispatch, Docs, Git, JsonAnswer, Operation, Payload, Projects, Reply, Vendor,
    catalogue,
};
use crate::ports::Notice;
use crate::types::nearest::nearest;
use crate::types::{ProviderId, TenantId};
use plugins::PluginManager;

/// Every provider behind one API, with routing, caching, limits, breakers and failover around each call. Cheap to clone.
///
/// Nothing of it is global: it owns its tasks, and [`Orchestrator::shutdown`] ends and joins them all.
///
/// ```
/// # use std::sync::Arc;
/// # use mosaic_core::op::git::{GetRepository, Git, GitService};
/// # use mosaic_core::op::{Operation, OpSet};
/// # use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
/// # use mosaic_core::types::git::Repository;
/// # use mosaic_core::{context::CallContext, orchestrator::Orchestrator, Result};
/// # struct Forge(PluginInfo);
/// # impl GitService for Forge {
/// #     async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
/// #         Ok(Repository::of(op.repo, "main"))
/// #     }
/// # }
/// # impl Plugin for Forge {
/// #     fn info(&self) -> &PluginInfo { &self.0 }
/// #     fn handlers(self: Arc<Self>) -> HandlerTable { HandlerTable::new().with(Git::handlers(self)) }
/// # }
/// # fn forge() -> Forge { Forge(PluginInfo::new("forge", "1", OpSet::of(&[GetRepository::META]))) }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?.block_on(async {
/// let mosaic = Orchestrator::builder().provider("forge-a", forge()).build().await?;
/// let repository = mosaic.git().get_repository(GetRepository::new("acme", "widget")).await?;
/// assert_eq!(repository.default_branch, "main");
/// assert_eq!(repository.provider().map(|id| id.as_str()), Some("forge-a"));
/// mosaic.shutdown().await;
/// # Ok::<(), mosaic_core::Error>(()) }).map_err(|e| e.to_string())?;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct Orchestrator(Arc<Inner>);

struct Inner {
    path: Arc<dyn Enter>,
    /// Whether nothing but the cache has to look at a hit of the application itself.
    direct: bool,
    door: Arc<Door>,
    /// Set when the shutdown is done.
    down: OnceCell<()>,
    view: Arc<ArcSwap<View>>,
    metrics: Arc<Metrics>,
    plugins: Arc<PluginManager>,
}

impl Orchestrator {
    /// Begins an orchestrator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The git service.
    pub fn git(&self) -> Git<Self> {
        Git::new(self.clone())
    }

    /// The cicd service.
    pub fn cicd(&self) -> Cicd<Self> {
        Cicd::new(self.clone())
    }

    /// The docs service.
    pub fn docs(&self) -> Docs<Self> {
        Docs::new(self.clone())
    }

    /// The project service.
    pub fn project(&self) -> Projects<Self> {
        Projects::new(self.clone())
    }

    /// The ai service.
    pub fn ai(&self) -> Ai<Self> {
        Ai::new(self.clone())
    }

    /// One provider, to be called in its vendor's own words: what no operation covers, with the credentials, limits and breaker
    /// of every other call.
    ///
    /// ```
    /// # use mosaic_core::orchestrator::Orchestrator;
    /// # async fn topics(mosaic: Orchestrator) -> mosaic_core::Result<()> {
    /// let topics = mosaic.vendor("github-main")?.git().read("/repos/acme/widget/topics").await?;
    /// println!("{}", topics.body["names"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Invalid` where there is no such provider, with the nearest name.
    pub fn vendor(&self, provider: &str) -> Result<Vendor<Self>> {
        self.vendor_with(provider, CallContext::new())
    }

    fn vendor_with(&self, provider: &str, cx: CallContext) -> Result<Vendor<Self>> {
        let view = self.0.view.load();
        let known = || view.lanes.iter().map(|lane| &lane.provider.id);
        if let Some(id) = known().find(|id| id.as_str() == provider) {
            return Ok(Vendor::with(self.clone(), id.clone(), cx));
        }
        let shown: String = provider.chars().take(80).collect();
        let message = match nearest(provider, known().map(ProviderId::as_str)) {
            Some(nearest) => format!("there is no provider {shown:?}; the nearest is {nearest:?}"),
            None => format!("there is no provider {shown:?}"),
        };
        Err(Error::new(ErrorKind::Invalid, message))
    }

    /// The same orchestrator, calling with another context.
    pub fn with(&self, cx: CallContext) -> Scoped {
        Scoped { orchestrator: self.clone(), cx }
    }

    /// The same orchestrator, calling for a tenant.
    pub fn as_tenant(&self, tenant: TenantId) -> Scoped {
        self.with(CallContext::new().tenant(tenant))
    }

    /// Why a call would go where it would go at this moment. Calls nobody.
    pub fn explain<O: Operation>(&self, cx: &CallContext, op: &O) -> Explanation {
        let view = self.0.view.load();
        view.rules.explain(O::META, op.subject(), cx, &**view, Instant::now())
    }

    /// The same for an operation by name with JSON parameters.
    ///
    /// # Errors
    /// `Invalid` for an unknown name or parameters that do not fit.
    pub fn explain_json(
        &self,
        cx: &CallContext,
        name: &str,
        params: serde_json::Value,
    ) -> Result<Explanation> {
        let payload = catalogue().find(name)?.decode(params)?;
        let view = self.0.view.load();
        Ok(view.rules.explain(payload.meta(), payload.subject(), cx, &**view, Instant::now()))
    }

    /// Replaces all rules at once. Calls under way keep the rules they began with; no later call is answered by what the
    /// cache learned under the old ones. Breakers, limits and latencies stay.
    ///
    /// # Errors
    /// `Config`, with every fault; the old rules stay.
    pub fn set_routing(&self, routing: &Routing) -> Result<()> {
        self.set_rules(routing.clone())
    }

    /// The same for rules of either form: one set, or phases. A migration stays at its phase and share where the new phases have
    /// one of that name, and begins anew where not.
    ///
    /// # Errors
    /// `Config`, with every fault; the old rules stay.
    pub fn set_rules(&self, rules: impl Into<Rules>) -> Result<()> {
        self.0.plugins.set_rules(rules.into())
    }

    /// Makes old in the cache what an operation with these parameters would have changed, for changes that are learned of
    /// in another way, such as a webhook.
    pub fn invalidate<O: Operation>(&self, op: O) {
        self.0.view.load().cache.touch(&Payload::new(op));
    }

    /// Makes old in the cache what changed elsewhere, as a delivery of a webhook tells it: the same that the operations would
    /// have made old that do it. Answers that are on their way meanwhile are given but not kept.
    pub fn observe(&self, notice: &(impl Notice + ?Sized)) {
        let view = self.0.view.load();
        notice.changes(&mut |meta, subject| view.cache.touch_on(meta, subject));
    }

    /// The counters of all operations.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Takes no more calls, waits until those under way are done (30 s at most; who is not done then is cut off, whatever
    /// [`Builder::drain`] says), and stops the prober and every plugin. Later calls fail with `Lifecycle`.
    pub async fn shutdown(&self) {
        // Several who shut down wait for one shutdown; where that one is dropped, the next goes on with it.
        self.0.down.get_or_init(|| self.go_down()).await;
    }

    async fn go_down(&self) {
        self.0.door.closed.store(true, Ordering::SeqCst);
        self.0.plugins.stop.cancel();
        self.0.plugins.tasks.close();
        let drained = async {
            while self.under_way() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!(target: "mosaic::lifecycle", calls = self.under_way(), "calls are still under way");
        }
        self.0.plugins.tasks.wait().await;
        self.0.plugins.stop_all().await;
    }

    /// Calls that did not end yet, and open streams.
    fn under_way(&self) -> u64 {
        let streams: u32 = self.0.view.load().lanes.iter().map(|lane| lane.provider.load.in_flight()).sum();
        self.0.door.under_way.load(Ordering::SeqCst) + u64::from(streams)
    }
}

/// How long a shutdown waits for calls under way.
const DRAIN: Duration = Duration::from_secs(30);

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody can join the tasks any more; they must not outlive the orchestrator all the same.
        self.plugins.stop.cancel();
    }
}

impl Dispatch for Orchestrator {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        self.0.path.enter(Call::new(cx.clone(), payload.clone()))
    }
}

impl Caller for Orchestrator {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.0.path.enter(Call::new(cx.clone(), payload)).await
    }

    async fn call<O: Operation>(&self, cx: &CallContext, op: O) -> Result<Answer<O::Output>> {
        let began = Instant::now();
        let key = match self.at_hand(cx, &op, began) {
            AtHand::Answer(reply) => return Answer::new(reply),
            AtHand::Key(key) => key,
        };
        let mut call = Call::begun(cx.clone(), Payload::new(op), began);
        call.key = key;
        Answer::new(self.0.path.enter(call).await?)
    }
}

/// What the cache says before a call enters the path.
enum AtHand {
    Answer(Reply),
    /// What the call is known by, and the epoch for which that holds.
    Key(Option<KnownKey>),
}

impl Orchestrator {
    /// The answer of a call that the path would answer from the cache with nobody but the cache looking at it: a read of the
    /// application itself, without a span, a quota or a layer before the cache. It is looked at where the parameters still
    /// have their type, so that a hit takes no place on the heap.
    #[inline]
    fn at_hand<O: Operation>(&self, cx: &CallContext, op: &O, began: Instant) -> AtHand {
        let inner = &*self.0;
        if !inner.direct
            || inner.door.closed.load(Ordering::Acquire)
            || cx.cache_use() != CacheUse::Normal
            || !cx.caller().is_application()
            || tracing::enabled!(target: "mosaic::call", tracing::Level::INFO)
        {
            return AtHand::Key(None);
        }
        let view = inner.view.load();
        let Some(key) = view.cache.key(cx, O::META, &view, |digest| digest.value(op)) else {
            return AtHand::Key(None);
        };
        match view.cache.hit(key, began) {
            Some(mut reply) => {
                reply.report.elapsed = began.elapsed();
                inner.metrics.hit(O::META, reply.report.elapsed);
                AtHand::Answer(reply)
            }
            None => AtHand::Key(Some(KnownKey::new(key, view.epoch))),
        }
    }
}

impl tower::Service<Call> for Orchestrator {
    type Response = Reply;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Reply>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let path = Arc::clone(&self.0.path);
        Box::pin(async move { path.enter(call).await })
    }
}

impl fmt::Debug for Orchestrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.0.view.load();
        f.debug_struct("Orchestrator").field("epoch", &view.epoch).field("rules", &view.rules).finish()
    }
}

/// An orchestrator and the context to call it with.
///
/// ```
/// use mosaic_core::{orchestrator::Orchestrator, types::TenantId};
///
/// fn git_of(mosaic: &Orchestrator, tenant: TenantId) -> mosaic_core::op::Git<Orchestrator> {
///     mosaic.as_tenant(tenant).git()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Scoped {
    orchestrator: Orchestrator,
    cx: CallContext,
}

impl Scoped {
    /// The git service.
    pub fn git(&self) -> Git<Orchestrator> {
        self.orchestrator.git().with(self.cx.clone())
    }

    /// The cicd service.
    pub fn cicd(&self) -> Cicd<Orchestrator> {
        self.orchestrator.cicd().with(self.cx.clone())
    }

    /// The docs service.
    pub fn docs(&self) -> Docs<Orchestrator> {
        self.orchestrator.docs().with(self.cx.clone())
    }

    /// The project service.
    pub fn project(&self) -> Projects<Orchestrator> {
        self.orchestrator.project().with(self.cx.clone())
    }

    /// The ai service.
    pub fn ai(&self) -> Ai<Orchestrator> {
        self.orchestrator.ai().with(self.cx.clone())
    }

    /// One provider, to be called in its vendor's own words.
    ///
    /// # Errors
    /// Those of [`Orchestrator::vendor`].
    pub fn vendor(&self, provider: &str) -> Result<Vendor<Orchestrator>> {
        self.orchestrator.vendor_with(provider, self.cx.clone())
    }

    /// Calls an operation by name with JSON parameters.
    ///
    /// # Errors
    /// Those of [`Caller::call_json`].
    pub async fn call_json(&self, name: &str, params: serde_json::Value) -> Result<JsonAnswer> {
        self.orchestrator.call_json(&self.cx, name, params).await
    }

    /// Why a call would go where it would go at this moment. Calls nobody.
    pub fn explain<O: Operation>(&self, op: &O) -> Explanation {
        self.orchestrator.explain(&self.cx, op)
    }
}
