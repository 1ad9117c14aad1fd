//! Who sends a request.

use std::net::SocketAddr;

use async_trait::async_trait;
use axum::extract::ConnectInfo;
use http::request::Parts;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;

use crate::security::{Admission, bearer};

/// Finds out who sends a request: by a token, an API key, a certificate that a proxy checked. An [`Admission`] does it by the bearer
/// token in the header `authorization`, and the roles of the proof come along.
///
/// ```
/// use async_trait::async_trait;
/// use http::request::Parts;
/// use mosaic_core::context::{CallContext, Principal};
/// use mosaic_core::error::{Error, ErrorKind, Result};
/// use mosaic_mcp::surface::Authenticate;
///
/// /// Trusts a proxy in front that has checked who it is.
/// struct Proxy;
///
/// #[async_trait]
/// impl Authenticate for Proxy {
///     async fn authenticate(&self, parts: &Parts) -> Result<CallContext> {
///         let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
///         let name = name.ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "the request names no user"))?;
///         Ok(CallContext::new().principal(Principal::user(name)))
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// As whom the sender of this request acts. Asked for every request, so that what was withdrawn is refused with the next one; and every
    /// 30 seconds about one that is answered with a stream, which ends where the sender would be let in no longer, or as another: with
    /// other roles, or other attributes. Where it cannot be told the stream goes on for ten minutes.
    ///
    /// # Errors
    /// `Unauthenticated` becomes 401 and tells the client where to get a token; `PermissionDenied` 403; the client is shown
    /// the message of either. Anything else becomes 503 and is told to the log alone.
    async fn authenticate(&self, parts: &Parts) -> Result<CallContext>;
}

/// By the bearer token in the header `authorization`.
#[async_trait]
impl Authenticate for Admission {
    async fn authenticate(&self, parts: &Parts) -> Result<CallContext> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let from = address.map_or_else(|| "HTTP".to_owned(), |ConnectInfo(address)| address.ip().to_string());
        self.admit(&bearer(&parts.headers)?, &from).await
    }
}

#[cfg(test)]
mod tests {
    use mosaic_core::types::Secret;

    use super::*;
    use crate::security::access::{Access, AccessConfig};
    use crate::security::audit::{Audit, AuditOptions, AuditSigner};
    use crate::security::{Authenticator, Authenticators, Identity};
    use crate::state::{MemoryStore, State, TopicFilter};

    struct Nobody;
    #[async_trait]
    impl Authenticator for Nobody {
        async fn authenticate(&self, _: &Secret) -> Result<Option<Identity>> {
            Ok(None)
        }
    }

    #[tokio::test]
    async fn who_is_refused_is_told_with_the_address() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let audit = Audit::open(&state, AuditOptions::new(AuditSigner::generate().unwrap())).await.unwrap();
        let access = Access::new(&AccessConfig::default()).unwrap();
        let admission = Admission::new(Authenticators::new().with(Nobody), access).audited(audit.clone());
        let request = http::Request::builder().header("authorization", "Bearer none").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        assert!(admission.authenticate(&parts).await.is_err());
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4_711))));
        assert!(admission.authenticate(&parts).await.is_err());
        audit.close().await.unwrap();
        let events = state.events(&TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap();
        let text = |at: usize| String::from_utf8_lossy(&events[at].data).into_owned();
        assert!(text(0).contains(r#""from":"HTTP""#), "{}", text(0));
        assert!(text(1).contains(r#""from":"192.0.2.7""#), "{}", text(1));
        state.close().await.unwrap();
    }
}
