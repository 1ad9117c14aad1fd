//! Who sends a request.

use async_trait::async_trait;
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
    /// As whom the sender of this request acts. Asked for every request, so that what was withdrawn is refused with the
    /// next one; a stream that is open goes on.
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
        self.admit(&bearer(&parts.headers)?, "HTTP").await
    }
}
