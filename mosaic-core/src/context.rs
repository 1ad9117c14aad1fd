//! Who calls, for whom, with how much time: what travels with a call beside its parameters.

mod attribute;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use self::attribute::AttributeValue;
use crate::types::{ProviderId, RequestId, TenantId};

/// Who makes a call.
///
/// ```
/// use mosaic_core::context::Principal;
///
/// let ann = Principal::user("ann").with_credential("ann-token");
/// assert_eq!(ann.to_string(), "user ann");
/// assert_eq!(ann.credential(), Some("ann-token"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    kind: PrincipalKind,
    name: Arc<str>,
    credential: Option<Arc<str>>,
}

/// The kinds of principal.
///
/// ```
/// use mosaic_core::context::{Principal, PrincipalKind};
///
/// assert_eq!(Principal::application().kind(), PrincipalKind::Application);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// The embedding application itself: in this process and trusted.
    Application,
    /// A person.
    User,
    /// An agent.
    Agent,
}

impl Principal {
    /// The embedding application itself, which may do everything.
    pub fn application() -> Self {
        Self { kind: PrincipalKind::Application, name: "application".into(), credential: None }
    }

    /// A person, known by a name that the application checked.
    pub fn user(name: impl Into<Arc<str>>) -> Self {
        Self { kind: PrincipalKind::User, name: name.into(), credential: None }
    }

    /// An agent, known by a name that the application checked.
    pub fn agent(name: impl Into<Arc<str>>) -> Self {
        Self { kind: PrincipalKind::Agent, name: name.into(), credential: None }
    }

    /// The same principal acting with a credential of its own at the providers. `label` names it and is no secret; answers
    /// are shared through the cache only among callers with the same label.
    #[must_use]
    pub fn with_credential(mut self, label: impl Into<Arc<str>>) -> Self {
        self.credential = Some(label.into());
        self
    }

    /// What it is.
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The label of its own credential; none where providers use theirs.
    pub fn credential(&self) -> Option<&str> {
        self.credential.as_deref()
    }

    /// Whether it is the embedding application itself.
    pub fn is_application(&self) -> bool {
        self.kind == PrincipalKind::Application
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PrincipalKind::Application => f.write_str("application"),
            PrincipalKind::User => write!(f, "user {}", self.name),
            PrincipalKind::Agent => write!(f, "agent {}", self.name),
        }
    }
}

/// What a call wants of the cache.
///
/// ```
/// use mosaic_core::context::CacheUse;
///
/// assert_eq!(CacheUse::default(), CacheUse::Normal);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CacheUse {
    /// Fresh answers are taken from it and put into it.
    #[default]
    Normal,
    /// The provider is asked, and the answer is put into it.
    Refresh,
    /// It is left alone.
    Bypass,
}

/// What matters most to a call, where providers are as good as each other.
///
/// In configuration: `low-latency`, `high-throughput`, `best-effort`.
///
/// ```
/// use mosaic_core::context::{CallContext, Performance};
///
/// let cx = CallContext::new().performance(Performance::LowLatency);
/// assert_eq!(cx.performance_need(), Some(Performance::LowLatency));
/// assert_eq!("best-effort".parse(), Ok(Performance::BestEffort));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Performance {
    /// An answer soon: the least latency for its load is asked first.
    LowLatency,
    /// Many answers: the one with the most room is asked first.
    HighThroughput,
    /// An answer some time: the cheapest is asked first.
    BestEffort,
}

impl Performance {
    /// Each need and its name in configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("low-latency", Self::LowLatency),
        ("high-throughput", Self::HighThroughput),
        ("best-effort", Self::BestEffort),
    ];
}

/// A text that names no need of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no performance need: use low-latency, high-throughput or best-effort")]
pub struct UnknownPerformance(String);

impl FromStr for Performance {
    type Err = UnknownPerformance;
    fn from_str(text: &str) -> Result<Self, UnknownPerformance> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, need)| need).ok_or_else(|| UnknownPerformance(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Performance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.into_iter().find(|(_, need)| need == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

#[derive(Debug, Clone)]
struct Common {
    tenant: TenantId,
    principal: Principal,
    attributes: Vec<(Arc<str>, AttributeValue)>,
    time_limit: Option<Duration>,
    idempotency_key: Option<Arc<str>>,
    cache: CacheUse,
    performance: Option<Performance>,
    pinned: Option<ProviderId>,
}

/// Travels with a call. Cheap to clone; changing a copy leaves the others alone.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::types::TenantId;
///
/// let cx = CallContext::new()
///     .tenant(TenantId::new("acme")?)
///     .attribute("region", "eu")
///     .attribute("build.size", 12_000_000)
///     .time_limit(Duration::from_secs(5));
/// assert_eq!(cx.get("region"), Some("eu"));
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
#[derive(Clone)]
pub struct CallContext {
    common: Arc<Common>,
    request: RequestId,
    deadline: Option<Instant>,
    sent: Option<Sent>,
}

impl Default for CallContext {
    fn default() -> Self {
        Self::new()
    }
}

impl CallContext {
    /// The default tenant, the application itself, no attributes, the default time limit.
    pub fn new() -> Self {
        let common = Common {
            tenant: TenantId::default_tenant(),
            principal: Principal::application(),
            attributes: Vec::new(),
            time_limit: None,
            idempotency_key: None,
            cache: CacheUse::Normal,
            performance: None,
            pinned: None,
        };
        Self { common: Arc::new(common), request: RequestId::from_parts(0, 0), deadline: None, sent: None }
    }

    fn edit(mut self, change: impl FnOnce(&mut Common)) -> Self {
        change(Arc::make_mut(&mut self.common));
        self
    }

    /// The same context for another tenant.
    #[must_use]
    pub fn tenant(self, tenant: TenantId) -> Self {
        self.edit(|common| common.tenant = tenant)
    }

    /// The same context for another principal.
    #[must_use]
    pub fn principal(self, principal: Principal) -> Self {
        self.edit(|common| common.principal = principal)
    }

    /// The same context with an attribute that routing rules can look at: a text such as the `region`, a number, a size in
    /// bytes, a duration, a boolean or a list of texts.
    #[must_use]
    pub fn attribute(self, name: impl Into<Arc<str>>, value: impl Into<AttributeValue>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.edit(|common| match common.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => common.attributes.push((name, value)),
        })
    }

    /// The same context with a limit for the whole call, over all attempts and providers.
    #[must_use]
    pub fn time_limit(self, limit: Duration) -> Self {
        self.edit(|common| common.time_limit = Some(limit))
    }

    /// The same context with an idempotency key: providers that honour it do a write with this key once.
    #[must_use]
    pub fn idempotency_key(self, key: impl Into<Arc<str>>) -> Self {
        self.edit(|common| common.idempotency_key = Some(key.into()))
    }

    /// The same context with another use of the cache.
    #[must_use]
    pub fn cache(self, cache: CacheUse) -> Self {
        self.edit(|common| common.cache = cache)
    }

    /// The same context with what matters most to the call; a group without a ranking of its own is ranked by it.
    #[must_use]
    pub fn performance(self, need: Performance) -> Self {
        self.edit(|common| common.performance = Some(need))
    }

    /// The same context, answered by this provider or by nobody: for what goes on from an earlier answer of it, such as the
    /// next page of a list. It narrows what the rules allow and never widens it.
    #[must_use]
    pub fn pinned_to(self, provider: ProviderId) -> Self {
        self.edit(|common| common.pinned = Some(provider))
    }

    /// The tenant.
    pub fn tenant_id(&self) -> &TenantId {
        &self.common.tenant
    }

    /// Who calls.
    pub fn caller(&self) -> &Principal {
        &self.common.principal
    }

    /// The text of an attribute; none where it is absent or something else.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attribute_value(name).and_then(AttributeValue::as_text)
    }

    /// The value of an attribute.
    #[inline]
    pub fn attribute_value(&self, name: &str) -> Option<&AttributeValue> {
        self.common.attributes.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Every attribute, in the order in which they were set.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.common.attributes.iter().map(|(name, value)| (&**name, value))
    }

    /// The limit for the whole call that the caller set.
    pub fn limit(&self) -> Option<Duration> {
        self.common.time_limit
    }

    /// The idempotency key.
    pub fn key(&self) -> Option<&str> {
        self.common.idempotency_key.as_deref()
    }

    /// What the call wants of the cache.
    pub fn cache_use(&self) -> CacheUse {
        self.common.cache
    }

    /// What matters most to the call.
    pub fn performance_need(&self) -> Option<Performance> {
        self.common.performance
    }

    /// The only provider that may answer, where the call is pinned to one.
    pub fn pinned(&self) -> Option<&ProviderId> {
        self.common.pinned.as_ref()
    }

    /// The id of the call; zero before the engine gave it one.
    pub fn request_id(&self) -> RequestId {
        self.request
    }

    /// When the time of the whole call is over; set by the engine.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// For transports: call it right before the first byte of a request leaves, so that a failure before it is known to have
    /// done nothing. Needed only where the plugin declares that it reports delivery.
    pub fn mark_sent(&self) {
        if let Some(sent) = &self.sent {
            sent.mark();
        }
    }

    /// For the engine: the same context as a call of its own.
    #[doc(hidden)]
    #[must_use]
    pub fn for_call(mut self, request: RequestId, deadline: Option<Instant>) -> Self {
        self.request = request;
        self.deadline = deadline;
        self
    }

    /// For the engine: the same context with the mark of one attempt.
    #[doc(hidden)]
    #[must_use]
    pub fn for_attempt(mut self, sent: Option<Sent>) -> Self {
        self.sent = sent;
        self
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("request", &self.request)
            .field("tenant", &self.common.tenant)
            .field("principal", &self.common.principal)
            .field("attributes", &self.common.attributes)
            .finish_non_exhaustive()
    }
}

/// The mark of one attempt: whether its request may have left this process. Shared, so that a timeout, a dropped call and a
/// panic can read it.
///
/// ```
/// use mosaic_core::context::Sent;
///
/// let sent = Sent::new();
/// assert!(!sent.marked());
/// sent.mark();
/// assert!(sent.marked());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU8>);

impl Sent {
    /// Nothing has left yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that something may have left.
    pub fn mark(&self) {
        self.0.store(1, Ordering::Release);
    }

    /// Says that nothing of it ran, as the provider proved; for the next attempt of the same call.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Whether something may have left.
    pub fn marked(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }
}
