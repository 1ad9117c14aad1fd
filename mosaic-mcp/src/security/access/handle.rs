//! The one check, as the engine and every surface ask it.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::OpMeta;
use mosaic_core::ports::Authorizer;
use mosaic_core::types::Subject;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::super::Identity;
use super::super::audit::{Audit, AuditEvent};
use super::config::AccessConfig;
use super::pattern::Resource;
use super::policy::{Decision, Policy, Set};
use super::rule::{Asked, What};
use super::ticket::Sealer;
use crate::function::{Extent, Gate, Permission, Reach};
use crate::state::{Clock, Key, State, Topic};

/// Decides what callers may do. Clones share it, and rules that are set are in force for the next question.
///
/// The roles of a caller are those bound to its name, in its tenant, and those of its proof, which [`Access::admit`] puts into a
/// context in a form that nobody else can write. The application itself may do everything.
///
/// ```
/// use mosaic_core::context::Principal;
/// use mosaic_core::types::{Effect, TenantId};
/// use mosaic_mcp::function::Permission;
/// use mosaic_mcp::security::access::{Access, AccessConfig};
/// use mosaic_mcp::security::{Identity, RoleName};
///
/// let config: AccessConfig = serde_json::from_str(r#"{ "roles": { "writer": { "allow": ["state:*:plans/*"] } } }"#)?;
/// let access = Access::new(&config)?;
/// let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann"))?.with_roles([RoleName::new("writer")?])?;
/// let cx = access.admit(&ann);
/// assert!(access.check(&cx, Permission::new("state", "put_value", "plans/spring", Effect::Create)).is_ok());
/// assert!(access.check(&cx, Permission::new("state", "put_value", "secrets/1", Effect::Create)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: RwLock<Arc<Policy>>,
    changed: watch::Sender<u64>,
    sealer: Sealer,
    clock: Clock,
    audit: RwLock<Option<Audit>>,
}

impl Access {
    /// These rules.
    ///
    /// # Errors
    /// `Config`, with the rule that does not fit.
    pub fn new(config: &AccessConfig) -> Result<Self> {
        Self::with_clock(config, Clock::System)
    }

    /// These rules, with another clock for the ends of identities.
    ///
    /// # Errors
    /// As for [`Access::new`].
    pub fn with_clock(config: &AccessConfig, clock: Clock) -> Result<Self> {
        let policy = RwLock::new(Arc::new(Policy::new(config)?));
        let (changed, sealer) = (watch::Sender::new(0), Sealer::new()?);
        Ok(Self(Arc::new(Inner { policy, changed, sealer, clock, audit: RwLock::default() })))
    }

    /// Tells an audit of every change of the rules from now on.
    pub fn audited(&self, audit: &Audit) {
        *self.0.audit.write() = Some(audit.clone());
    }

    /// Sets other rules. Where they do not fit, the old ones stay.
    ///
    /// # Errors
    /// As for [`Access::new`].
    pub fn replace(&self, config: &AccessConfig) -> Result<()> {
        self.set(Policy::new(config)?, config, "application");
        Ok(())
    }

    fn set(&self, policy: Policy, config: &AccessConfig, by: &str) {
        {
            let mut known = self.0.policy.write();
            *known = Arc::new(policy.after(&known));
        }
        self.0.changed.send_modify(|count| *count += 1);
        if let Some(audit) = &*self.0.audit.read() {
            let detail = format!("{} roles, {} bindings", config.roles.len(), config.bindings.len());
            let (by, what) = (by.to_owned(), "access".to_owned());
            audit.tell(AuditEvent::Configuration { by, what, detail });
        }
    }

    /// A context for the calls of a caller whose proof was checked: its tenant, its name, and the roles and the end of its proof.
    pub fn admit(&self, identity: &Identity) -> CallContext {
        self.0.sealer.context(identity)
    }

    /// Whether a caller may do something: what every surface asks. A service of the catalogue is asked about as well, by the name
    /// of the operation.
    ///
    /// # Errors
    /// `PermissionDenied`, which says what no role allows, or which role denies it.
    pub fn check(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()> {
        self.decide(cx, &Asked::of(needed), &needed)
    }

    fn decide(&self, cx: &CallContext, asked: &Asked<'_>, shown: &dyn std::fmt::Display) -> Result<()> {
        let caller = cx.caller();
        if caller.is_application() {
            return Ok(());
        }
        let (policy, roles) = self.roles(cx)?;
        match policy.decide(&roles, asked) {
            Decision::Allowed => Ok(()),
            Decision::Unallowed => {
                Err(denied(format!("{caller} may not {shown}: no role of it allows this")))
            }
            Decision::Denied(role) => {
                Err(denied(format!("{caller} may not {shown}: the role {role} denies it")))
            }
        }
    }

    /// The roles of a caller that is not the application, and the rules that say what they may do.
    fn roles(&self, cx: &CallContext) -> Result<(Arc<Policy>, Set)> {
        let ticket = self.0.sealer.open(cx)?;
        let policy = self.0.policy.read().clone();
        let mut roles = policy.bound(cx);
        if let Some(ticket) = ticket {
            if ticket.expires.is_some_and(|end| self.0.clock.now() >= end) {
                return Err(denied(format!("the proof of {} has ended: authenticate again", cx.caller())));
            }
            ticket.roles.iter().for_each(|name| policy.give(&mut roles, name));
        }
        Ok((policy, roles))
    }

    /// The rules that a state keeps; none where it keeps none.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn stored(state: &State) -> Result<Option<AccessConfig>> {
        state.read(&place()?).await
    }

    /// Keeps rules in a state, sets them here, and tells of it by an event `access.changed` of the topic `access`. Other nodes
    /// that [follow](Access::follow) the state set them within a second or two.
    ///
    /// # Errors
    /// As for [`Access::new`]; those of the state. The old rules stay then.
    pub async fn store(&self, state: &State, config: &AccessConfig, by: &str) -> Result<()> {
        let policy = Policy::new(config)?;
        let (stored, teller) = (config.clone(), by.to_owned());
        state
            .run(move |tx| {
                Box::pin(async move {
                    tx.write(&place()?, &stored)?;
                    let told = serde_json::json!({ "by": teller, "roles": stored.roles.len(), "bindings": stored.bindings.len() });
                    tx.emit(Topic::new("access")?, "access.changed", &told)?;
                    Ok(())
                })
            })
            .await?;
        self.set(policy, config, by);
        Ok(())
    }

    /// Sets the rules that a state keeps, now and whenever they change, until the state is closed. Dropping the future ends it.
    ///
    /// # Errors
    /// `Config` where the rules that are there at first do not fit; those of the state, at first. Later errors are told to the log,
    /// and the rules that were in force stay so.
    pub async fn follow(&self, state: &State) -> Result<()> {
        self.follow_from(state, None).await
    }

    /// The same where rules of a version are set already.
    pub(crate) async fn follow_from(&self, state: &State, known: Option<u64>) -> Result<()> {
        let mut heads = state.heads();
        let mut known = self.take(state, known).await?;
        let mut again = false;
        while again || heads.changed().await.is_ok() {
            again = false;
            match self.take(state, known).await {
                Ok(version) => known = version,
                Err(error) => {
                    // Rules that are none stay so until others are written; what was not read may be all that changes.
                    again = error.kind() != ErrorKind::Config && heads.has_changed().is_ok();
                    tracing::error!(%error, "changed rules of access are not in force");
                }
            }
            // Much may be written: rules are looked at once in a while.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        Ok(())
    }

    /// Sets the rules of the state where they are not the known version; gives their version.
    pub(crate) async fn take(&self, state: &State, known: Option<u64>) -> Result<Option<u64>> {
        let Some(entry) = state.get(&place()?).await? else { return Ok(known) };
        if known != Some(entry.version) {
            let config = serde_json::from_slice(&entry.value).map_err(|error| {
                Error::new(ErrorKind::Config, "the stored rules of access are none").source(error)
            })?;
            self.set(Policy::new(&config)?, &config, "the state");
        }
        Ok(Some(entry.version))
    }
}

#[async_trait]
impl Authorizer for Access {
    async fn authorize(&self, cx: &CallContext, meta: &OpMeta, subject: Subject<'_>) -> Result<()> {
        let resource = Resource::subject(&subject);
        let asked = Asked { what: What::Operation(meta), resource, extent: Extent::One };
        self.decide(cx, &asked, &format_args!("{}:{}:{subject}", meta.service, meta.method))
    }
}

#[async_trait]
impl Gate for Access {
    async fn allow(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()> {
        self.check(cx, needed)
    }

    fn reach(&self, cx: &CallContext) -> Reach {
        if cx.caller().is_application() {
            return Reach::everything();
        }
        let Ok((policy, roles)) = self.roles(cx) else { return Reach::nothing() };
        let key = policy.key(&roles);
        let has = move |needed: Permission<'_>| match needed.resource {
            "" => policy.reaches(&roles, &Asked::of(needed)),
            _ => policy.decide(&roles, &Asked::of(needed)) == Decision::Allowed,
        };
        Reach::of(has).alike(key)
    }

    fn changed(&self) -> Option<watch::Receiver<u64>> {
        Some(self.0.changed.subscribe())
    }
}

fn place() -> Result<Key> {
    Key::of(&["access"])
}

fn denied(why: String) -> Error {
    Error::new(ErrorKind::PermissionDenied, why).refused()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
