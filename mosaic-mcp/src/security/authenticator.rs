//! Proof of who calls: the text of a bearer token becomes an identity, or is refused.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Secret;

use super::Identity;
use super::identity::refused;

/// The longest token that is looked at: 8 KiB.
pub const TOKEN_BYTES: usize = 8 << 10;

/// Knows one kind of token.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::context::Principal;
/// use mosaic_core::error::Result;
/// use mosaic_core::types::{Secret, TenantId};
/// use mosaic_mcp::security::{Authenticator, Identity};
///
/// struct Lobby;
/// #[async_trait]
/// impl Authenticator for Lobby {
///     async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
///         let Some(name) = token.expose().strip_prefix("guest-") else { return Ok(None) };
///         Identity::new(TenantId::default_tenant(), Principal::user(name)).map(Some)
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who the token proves; none where it is not of this kind, so that another authenticator may know it.
    ///
    /// # Errors
    /// `Unauthenticated` where it is of this kind and does not hold: nobody else is asked. Anything else where it cannot be
    /// told now, such as `Network` of an identity provider that does not answer: the caller is not let in either.
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>>;
}

/// Several kinds of tokens: each is asked in its turn, until one knows the token. Clones share them.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::Authenticators;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let nobody = Authenticators::new();
/// assert!(nobody.authenticate(&Secret::new("let me in")).await.is_err());
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Authenticators(Vec<Arc<dyn Authenticator>>);

impl Authenticators {
    /// None: every token is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more, asked last.
    #[must_use]
    pub fn with(mut self, authenticator: impl Authenticator) -> Self {
        self.0.push(Arc::new(authenticator));
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who the token proves.
    ///
    /// # Errors
    /// `Unauthenticated` where it is longer than [`TOKEN_BYTES`], no authenticator knows it, or one refuses it; the error of an
    /// authenticator that cannot tell.
    pub async fn authenticate(&self, token: &Secret) -> Result<Identity> {
        let text = token.expose();
        if text.is_empty() || text.len() > TOKEN_BYTES {
            return Err(refused(format!("a token has 1 to {TOKEN_BYTES} bytes")));
        }
        for authenticator in &self.0 {
            if let Some(identity) = authenticator.authenticate(token).await? {
                return Ok(identity);
            }
        }
        Err(refused("the token is of no kind that is known here: give a JSON Web Token or an API key"))
    }
}

impl std::fmt::Debug for Authenticators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authenticators({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;
    use mosaic_core::error::ErrorKind;
    use mosaic_core::types::TenantId;

    use super::*;

    struct Known(&'static str);
    #[async_trait]
    impl Authenticator for Known {
        async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
            match token.expose().strip_prefix(self.0) {
                Some("bad") => Err(refused("it is bad")),
                Some(name) => Identity::new(TenantId::default_tenant(), Principal::user(name)).map(Some),
                None => Ok(None),
            }
        }
    }

    #[tokio::test]
    async fn the_first_that_knows_it_decides() {
        let chain = Authenticators::new().with(Known("a:")).with(Known("b:"));
        let ann = chain.authenticate(&Secret::new("b:ann")).await.unwrap();
        assert_eq!(ann.principal().name(), "ann");
        let wide = Authenticators::new().with(Known("a:")).with(Known("a:b"));
        assert_eq!(wide.authenticate(&Secret::new("a:bad")).await.unwrap_err().message(), "it is bad");
        for token in ["", "c:ann", &"a:".repeat(TOKEN_BYTES)] {
            let error = chain.authenticate(&Secret::new(token)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(!error.to_string().contains("c:ann"), "a token is never quoted");
        }
    }
}
