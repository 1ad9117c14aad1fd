//! What is written down, and how: one line of JSON each.

use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::ports::{AuditOutcome, AuditRecord};
use mosaic_core::types::{ProviderId, TenantId, Timestamp};
use serde::Serialize;

use super::super::Identity;
use crate::state::Topic;

/// Longer texts are cut.
const TEXT: usize = 512;

/// Something to write down.
///
/// ```
/// use mosaic_mcp::security::audit::AuditEvent;
///
/// let event = AuditEvent::Configuration { by: "user ann".to_owned(), what: "roles".to_owned(), detail: "3 roles".to_owned() };
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AuditEvent {
    /// A write, or a denial.
    Call(AuditRecord),
    /// Somebody proved who it is.
    Login {
        /// Who.
        identity: Box<Identity>,
        /// By what, such as `jwt`; never the proof itself.
        means: &'static str,
    },
    /// A proof was not accepted. The first one of a source is written as it is; those that follow within a minute are one record more, with
    /// their number in `times`.
    LoginRefused {
        /// By what it was tried.
        means: &'static str,
        /// From where, such as an address.
        from: String,
        /// Why: the message of the error, which has no secret in it.
        why: String,
    },
    /// The configuration changed.
    Configuration {
        /// Who changed it.
        by: String,
        /// Which part.
        what: String,
        /// How; never a value that may be secret.
        detail: String,
    },
    /// A plugin was added, removed or changed.
    Plugin {
        /// Who did it.
        by: String,
        /// Which provider.
        provider: ProviderId,
        /// What was done.
        what: String,
    },
}

impl AuditEvent {
    /// Of which tenant it is.
    fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Call(record) => Some(&record.tenant),
            Self::Login { identity, .. } => Some(identity.tenant()),
            Self::LoginRefused { .. } | Self::Configuration { .. } | Self::Plugin { .. } => None,
        }
    }
}

/// A line, ready to be put into the chain.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) topic: Topic,
    pub(super) body: Vec<u8>,
}

impl Line {
    pub(super) fn of(at: Timestamp, event: &AuditEvent) -> Result<Self> {
        Self::new(event.tenant(), &Form::of(at, event))
    }

    /// That many more proofs of a source were not accepted; why, of the last one.
    pub(super) fn refused(at: Timestamp, means: &str, from: &str, why: &str, times: u64) -> Result<Self> {
        Self::new(None, &Form::LoginRefused { at, means, from, why, times: Some(times) })
    }

    /// What was lost because the queue was full.
    pub(super) fn gap(records: u64, from: Timestamp, until: Timestamp) -> Result<Self> {
        Self::new(None, &Form::Gap { at: until, from, records })
    }

    /// That records were removed because they were old.
    pub(super) fn removed(at: Timestamp, through: u64, kept: Duration) -> Result<Self> {
        Self::new(None, &Form::Removed { at, through, kept_seconds: kept.as_secs() })
    }

    fn new(tenant: Option<&TenantId>, form: &Form<'_>) -> Result<Self> {
        // No tenant begins with a hyphen.
        let topic = Topic::of(&["audit", tenant.map_or("-", TenantId::as_str)])?;
        let body = serde_json::to_vec(form).map_err(|error| {
            Error::new(ErrorKind::Internal, "an audit record has no JSON form").source(error)
        })?;
        Ok(Self { topic, body })
    }
}

/// The JSON form. Fields are written in this order, always.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form<'a> {
    Call {
        at: Timestamp,
        request: String,
        tenant: &'a str,
        principal: Who<'a>,
        operation: &'a str,
        subject: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        provider: Option<&'a str>,
        outcome: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        effect: Option<Outcome>,
        elapsed_us: u64,
    },
    Login {
        at: Timestamp,
        tenant: &'a str,
        principal: Who<'a>,
        roles: Vec<&'a str>,
        means: &'a str,
    },
    LoginRefused {
        at: Timestamp,
        means: &'a str,
        from: &'a str,
        why: &'a str,
        /// How many there were, where they are told together.
        #[serde(skip_serializing_if = "Option::is_none")]
        times: Option<u64>,
    },
    Configuration {
        at: Timestamp,
        by: &'a str,
        what: &'a str,
        detail: &'a str,
    },
    Plugin {
        at: Timestamp,
        by: &'a str,
        provider: &'a str,
        what: &'a str,
    },
    Gap {
        at: Timestamp,
        from: Timestamp,
        records: u64,
    },
    Removed {
        at: Timestamp,
        /// The number of the last record that was removed.
        through: u64,
        kept_seconds: u64,
    },
}

#[derive(Serialize)]
struct Who<'a> {
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
}

impl<'a> Who<'a> {
    fn of(principal: &'a Principal) -> Self {
        use mosaic_core::context::PrincipalKind;
        let kind = match principal.kind() {
            PrincipalKind::Application => "application",
            PrincipalKind::User => "user",
            PrincipalKind::Agent => "agent",
        };
        Self { kind, name: cut(principal.name()), credential: principal.credential().map(cut) }
    }
}

impl<'a> Form<'a> {
    fn of(at: Timestamp, event: &'a AuditEvent) -> Self {
        match event {
            AuditEvent::Call(record) => Self::call(at, record),
            AuditEvent::Login { identity, means } => Self::Login {
                at,
                tenant: identity.tenant().as_str(),
                principal: Who::of(identity.principal()),
                roles: identity.roles().iter().map(|role| role.as_str()).collect(),
                means,
            },
            AuditEvent::LoginRefused { means, from, why } => {
                Self::LoginRefused { at, means, from: cut(from), why: cut(why), times: None }
            }
            AuditEvent::Configuration { by, what, detail } => {
                Self::Configuration { at, by: cut(by), what: cut(what), detail: cut(detail) }
            }
            AuditEvent::Plugin { by, provider, what } => {
                Self::Plugin { at, by: cut(by), provider: provider.as_str(), what: cut(what) }
            }
        }
    }

    fn call(at: Timestamp, record: &'a AuditRecord) -> Self {
        let (outcome, error, effect) = match record.outcome {
            AuditOutcome::Made => ("made", None, None),
            AuditOutcome::Denied => ("denied", None, None),
            AuditOutcome::Failed { kind, outcome } => ("failed", Some(kind.code()), Some(outcome)),
            AuditOutcome::Dropped { outcome } => ("dropped", None, Some(outcome)),
        };
        Self::Call {
            at,
            request: record.request.to_string(),
            tenant: record.tenant.as_str(),
            principal: Who::of(&record.principal),
            operation: record.operation,
            subject: cut(&record.subject),
            provider: record.provider.as_ref().map(ProviderId::as_str),
            outcome,
            error,
            effect,
            elapsed_us: u64::try_from(record.elapsed.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// The beginning of a text.
pub(super) fn cut(text: &str) -> &str {
    if text.len() <= TEXT {
        return text;
    }
    let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
