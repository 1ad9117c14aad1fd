//! Ports: what the engine needs and others give.

use std::time::Duration;

use async_trait::async_trait;

use crate::context::{CallContext, Principal};
use crate::error::{ErrorKind, Outcome, Result};
use crate::op::OpMeta;
use crate::types::budget::{Budget, Lease, LeaseQuestion};
use crate::types::{ProviderId, RequestId, Subject, TenantId};

/// Decides whether a caller may do something. Asked for every call of a principal that is not the application itself;
/// where none is given, such calls are denied.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::error::{Error, ErrorKind, Result};
/// use mosaic_core::op::OpMeta;
/// use mosaic_core::ports::Authorizer;
/// use mosaic_core::types::Subject;
///
/// struct ReadOnly;
/// #[async_trait]
/// impl Authorizer for ReadOnly {
///     async fn authorize(&self, _: &CallContext, meta: &OpMeta, _: Subject<'_>) -> Result<()> {
///         if meta.effect.is_read() { Ok(()) } else { Err(Error::new(ErrorKind::PermissionDenied, "read only")) }
///     }
/// }
/// ```
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Lets the call pass or denies it. Asked once for each thing that a write changes: linking two issues asks for both.
    ///
    /// # Errors
    /// `PermissionDenied` for a denial; anything else denies too, and is the source of the error.
    async fn authorize(&self, cx: &CallContext, meta: &OpMeta, subject: Subject<'_>) -> Result<()>;
}

/// Keeps what tenants used against what they may use.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::error::Result;
/// use mosaic_core::ports::UsageStore;
/// use mosaic_core::types::TenantId;
///
/// struct Unlimited;
/// #[async_trait]
/// impl UsageStore for Unlimited {
///     async fn reserve(&self, _: &TenantId, _: u32) -> Result<()> {
///         Ok(())
///     }
///     fn give_back(&self, _: &TenantId, _: u32) {}
/// }
/// ```
#[async_trait]
pub trait UsageStore: Send + Sync + 'static {
    /// Takes units from what the tenant may use, before the call.
    ///
    /// # Errors
    /// `QuotaExceeded` where they are not there; the call is then not made.
    async fn reserve(&self, tenant: &TenantId, units: u32) -> Result<()>;

    /// Gives units back: the call was certainly not made. Never waits.
    fn give_back(&self, tenant: &TenantId, units: u32);
}

/// Lends pieces of budgets to nodes that share them.
///
/// A node asks for a piece of a limit, grants reservations from it without asking again, and says from time to time how much of it
/// is used. What is lent counts as used for all others until it is given back or its time is over.
///
/// Contract: the sum of what is used and what is lent never exceeds a limit, other than by what was reported as used beyond it. A
/// question that is asked twice has the effect of one: what was used is told as a sum over the life of a lease. A lease whose time
/// is over is forgotten; what was reported of it stays used.
#[async_trait]
pub trait BudgetStore: Send + Sync + 'static {
    /// The budgets that are shared, unless they are those of the version that is known already.
    ///
    /// # Errors
    /// Those of the store.
    async fn budgets(&self, known: u64) -> Result<Option<(u64, Vec<Budget>)>>;

    /// Answers every question, in order: notes what was used, and lends more where it is there.
    ///
    /// # Errors
    /// Those of the store; it is then not known whether anything was lent.
    async fn lease(&self, questions: Vec<LeaseQuestion>) -> Result<Vec<Lease>>;
}

/// How a recorded call ended.
///
/// ```
/// use mosaic_core::error::{ErrorKind, Outcome};
/// use mosaic_core::ports::AuditOutcome;
///
/// let failed = AuditOutcome::Failed { kind: ErrorKind::Conflict, outcome: Outcome::NotMade };
/// assert_ne!(failed, AuditOutcome::Made);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Made,
    /// The caller may not do it; nothing was done.
    Denied,
    /// It failed; what is known of the effect is said.
    Failed {
        /// How.
        kind: ErrorKind,
        /// What is known of the effect.
        outcome: Outcome,
    },
    /// The caller went away; what is known of the effect is said.
    Dropped {
        /// What is known of the effect.
        outcome: Outcome,
    },
}

/// One line of the audit: a write, or a denial.
///
/// ```
/// # use mosaic_core::ports::AuditRecord;
/// fn line(record: &AuditRecord) -> String {
///     format!("{} {} {} {:?}", record.tenant, record.operation, record.subject, record.outcome)
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The call.
    pub request: RequestId,
    /// For whom.
    pub tenant: TenantId,
    /// By whom.
    pub principal: Principal,
    /// What.
    pub operation: &'static str,
    /// On what.
    pub subject: String,
    /// By which provider, where one was reached.
    pub provider: Option<ProviderId>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// How long it took.
    pub elapsed: Duration,
}

impl AuditRecord {
    /// The record of something that was not a call through the engine: by the caller of the context, without a provider, and in
    /// no time.
    ///
    /// ```
    /// use mosaic_core::context::CallContext;
    /// use mosaic_core::ports::{AuditOutcome, AuditRecord};
    ///
    /// let record = AuditRecord::new(&CallContext::new(), "tasks.submit_task", "acme/7", AuditOutcome::Made);
    /// assert_eq!(record.subject, "acme/7");
    /// ```
    pub fn new(
        cx: &CallContext,
        operation: &'static str,
        subject: impl Into<String>,
        outcome: AuditOutcome,
    ) -> Self {
        Self {
            request: cx.request_id(),
            tenant: cx.tenant_id().clone(),
            principal: cx.caller().clone(),
            operation,
            subject: subject.into(),
            provider: None,
            outcome,
            elapsed: Duration::ZERO,
        }
    }

    /// The same with the time that it took.
    #[must_use]
    pub fn elapsed(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }
}

/// What changed of an orchestra itself: its providers, its rules, how it treats them. Who did it is the application.
///
/// ```
/// # use mosaic_core::ports::AuditChange;
/// fn line(change: &AuditChange) -> String {
///     match &change.provider {
///         Some(provider) => format!("{provider}: {}", change.detail),
///         None => format!("{}: {}", change.what, change.detail),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditChange {
    /// Of which provider, where it is one's.
    pub provider: Option<ProviderId>,
    /// Which part: `provider`, `rules`, `phase` or `settings`.
    pub what: &'static str,
    /// What became of it; never a value that may be secret.
    pub detail: String,
}

#[cfg(feature = "engine")]
impl AuditChange {
    /// A change of a part.
    pub(crate) fn of(what: &'static str, detail: impl Into<String>) -> Self {
        Self { provider: None, what, detail: detail.into() }
    }

    /// A change of a provider.
    pub(crate) fn of_provider(provider: &ProviderId, detail: impl Into<String>) -> Self {
        Self { provider: Some(provider.clone()), what: "provider", detail: detail.into() }
    }
}

/// Takes audit records. It must not block: it hands them to whatever writes them.
///
/// ```
/// use std::sync::Mutex;
/// use mosaic_core::ports::{AuditRecord, AuditSink};
///
/// #[derive(Default)]
/// struct Kept(Mutex<Vec<AuditRecord>>);
/// impl AuditSink for Kept {
///     fn record(&self, record: AuditRecord) {
///         if let Ok(mut kept) = self.0.lock() {
///             kept.push(record);
///         }
///     }
/// }
/// ```
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one record, also from the drop of a call.
    fn record(&self, record: AuditRecord);

    /// Takes a change of the orchestra itself, at the moment from which calls see it. By default it is not kept.
    fn changed(&self, change: AuditChange) {
        let _ = change;
    }
}

/// Tells of changes that were made elsewhere, such as a delivery of a webhook. Each is told as the operation that would have made
/// it and the thing that it would have been about.
///
/// ```
/// use mosaic_core::op::{OpMeta, Operation, git::WriteFile};
/// use mosaic_core::ports::Notice;
/// use mosaic_core::types::Subject;
///
/// struct Pushed<'a>(&'a str, &'a str);
/// impl Notice for Pushed<'_> {
///     fn changes(&self, each: &mut dyn FnMut(&'static OpMeta, Subject<'_>)) {
///         each(WriteFile::META, Subject::item(self.0, self.1));
///     }
/// }
/// # #[cfg(feature = "engine")]
/// fn told(mosaic: &mosaic_core::orchestrator::Orchestrator) {
///     mosaic.observe(&Pushed("acme", "widget"));
/// }
/// ```
pub trait Notice {
    /// Gives every change, in any order; none where nothing that can be read has changed.
    fn changes(&self, each: &mut dyn FnMut(&'static OpMeta, Subject<'_>));
}
