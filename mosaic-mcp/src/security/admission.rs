//! The way in: a proof becomes a context whose calls are checked, and the audit hears of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::types::{Secret, TenantId, Timestamp};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::access::Access;
use super::audit::{Audit, AuditEvent};
use super::{Authenticators, Identity};

/// How seldom the audit hears of the same caller again.
const AGAIN: Duration = Duration::from_secs(3_600);
/// How many callers are remembered for that.
const CALLERS: usize = 10_000;

/// Lets callers in: their proof is checked, their roles come along in a form that nobody else can write, and logins and refusals are
/// told to the audit. A caller that comes with every request is told once in an hour, and refusals of one source, after the first, as
/// their number in a minute. Clones share it.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::access::{Access, AccessConfig};
/// use mosaic_mcp::security::{Admission, Authenticators};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let admission = Admission::new(Authenticators::new(), Access::new(&AccessConfig::default())?);
/// assert!(admission.admit(&Secret::new("let me in"), "the front door").await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Admission(Arc<Inner>);

struct Inner {
    proofs: Authenticators,
    access: Access,
    audit: Option<Audit>,
    seen: Mutex<HashMap<(TenantId, Principal), Instant>>,
}

impl Admission {
    /// Callers whose proof one of the authenticators knows, for what is checked by this access.
    pub fn new(proofs: Authenticators, access: Access) -> Self {
        Self(Arc::new(Inner { proofs, access, audit: None, seen: Mutex::default() }))
    }

    /// The same, where logins and refusals are told to an audit.
    #[must_use]
    pub fn audited(self, audit: Audit) -> Self {
        let (proofs, access) = (self.0.proofs.clone(), self.0.access.clone());
        Self(Arc::new(Inner { proofs, access, audit: Some(audit), seen: Mutex::default() }))
    }

    /// A context for the calls of whoever gives this token. `from` tells the audit where they come from, such as an address.
    ///
    /// # Errors
    /// As for [`Authenticators::authenticate`].
    pub async fn admit(&self, token: &Secret, from: &str) -> Result<CallContext> {
        Ok(self.admit_until(token, from).await?.0)
    }

    /// As [`Admission::admit`], with the end of the proof, for connections that outlive a call.
    pub(crate) async fn admit_until(
        &self,
        token: &Secret,
        from: &str,
    ) -> Result<(CallContext, Option<Timestamp>)> {
        let found = self.0.proofs.authenticate(token).await;
        if let Some(audit) = &self.0.audit {
            let means = means(token.expose());
            match &found {
                Ok(identity) if self.is_new(identity) => {
                    audit.tell(AuditEvent::Login { identity: Box::new(identity.clone()), means });
                }
                Ok(_) => {}
                // Where it cannot be told whether a proof holds, nobody was refused.
                Err(error)
                    if !matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::PermissionDenied) => {}
                Err(error) => {
                    let (from, why) = (from.to_owned(), error.message().to_owned());
                    audit.tell(AuditEvent::LoginRefused { means, from, why });
                }
            }
        }
        let identity = found?;
        Ok((self.0.access.admit(&identity), identity.expires()))
    }

    /// Whether the audit has not heard of the caller for a while.
    fn is_new(&self, identity: &Identity) -> bool {
        let now = Instant::now();
        let caller = (identity.tenant().clone(), identity.principal().clone());
        let mut seen = self.0.seen.lock();
        if seen.get(&caller).is_some_and(|at| now.duration_since(*at) < AGAIN) {
            return false;
        }
        if seen.len() >= CALLERS {
            seen.retain(|_, at| now.duration_since(*at) < AGAIN);
        }
        if seen.len() >= CALLERS {
            // Rather told twice than not at all.
            seen.clear();
        }
        seen.insert(caller, now);
        true
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("proofs", &self.0.proofs).finish_non_exhaustive()
    }
}

/// What kind of proof it looks like; of the proof itself nothing is written down.
fn means(token: &str) -> &'static str {
    if token.starts_with("mosaic_") {
        "API key"
    } else if token.split('.').count() == 3 {
        "JSON Web Token"
    } else {
        "token"
    }
}

/// For tests: whoever this knows, where no role allows anything.
#[cfg(test)]
pub(crate) fn admission(proofs: impl super::Authenticator) -> Admission {
    let access = Access::new(&super::access::AccessConfig::default()).unwrap();
    Admission::new(Authenticators::new().with(proofs), access)
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;
    use mosaic_core::types::Effect;

    use super::*;
    use crate::function::Permission;
    use crate::security::RoleName;
    use crate::security::audit::{AuditOptions, AuditSigner};
    use crate::security::token::{ApiKeys, NewApiKey};
    use crate::state::{MemoryStore, State, TopicFilter};

    struct Silent;
    #[async_trait::async_trait]
    impl crate::security::Authenticator for Silent {
        async fn authenticate(&self, _: &Secret) -> Result<Option<Identity>> {
            Err(mosaic_core::error::Error::new(ErrorKind::Network, "the provider does not answer"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_no_refusal() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let audit = Audit::open(&state, AuditOptions::new(AuditSigner::generate().unwrap())).await.unwrap();
        let admission = admission(Silent).audited(audit.clone());
        let error = admission.admit(&Secret::new("a"), "127.0.0.1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        audit.close().await.unwrap();
        let events = state.events(&TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap();
        assert_eq!(events.len(), 0, "{events:?}");
        state.close().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_in_is_told_and_has_the_roles_of_the_proof() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let audit = Audit::open(&state, AuditOptions::new(AuditSigner::generate().unwrap())).await.unwrap();
        let keys = ApiKeys::new(state.clone());
        let ann = Identity::new(TenantId::new("acme").unwrap(), Principal::user("ann")).unwrap();
        let ann = ann.with_roles([RoleName::new("reader").unwrap()]).unwrap();
        let (_, key) = keys.create(NewApiKey::new(ann, "laptop")).await.unwrap();
        let rules = r#"{ "roles": { "reader": { "allow": ["state:@read:*"] } } }"#;
        let access = Access::new(&serde_json::from_str(rules).unwrap()).unwrap();
        access.audited(&audit);
        let admission =
            Admission::new(Authenticators::new().with(keys), access.clone()).audited(audit.clone());

        let read = Permission::new("state", "get_value", "x", Effect::Read);
        for _ in 0..3 {
            let cx = admission.admit(&key, "127.0.0.1").await.unwrap();
            assert!(access.check(&cx, read).is_ok());
        }
        assert!(admission.admit(&Secret::new("mosaic_wrong"), "127.0.0.2").await.is_err());
        tokio::time::advance(AGAIN).await;
        admission.admit(&key, "127.0.0.1").await.unwrap();
        access.replace(&serde_json::from_str("{}").unwrap()).unwrap();
        access.store(&state, &serde_json::from_str(rules).unwrap(), "user ann").await.unwrap();
        audit.close().await.unwrap();

        let events = state.events(&TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap();
        let text: Vec<_> =
            events.iter().map(|event| String::from_utf8_lossy(&event.data).into_owned()).collect();
        let count = |what: &str| text.iter().filter(|text| text.contains(what)).count();
        assert_eq!(count(r#""type":"login","#), 2, "once in an hour: {text:?}");
        assert_eq!((count(r#""type":"login_refused""#), count("127.0.0.2")), (1, 1));
        assert_eq!((count(r#""type":"configuration""#), count(r#""by":"user ann""#)), (2, 1));
        assert_eq!(count(key.expose()), 0, "a proof is never written down");
        state.close().await.unwrap();
    }
}
