//! Tokens that run out, asked for again in time: once for all who need it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Proof;
use crate::http::dialect::TokenHeader;

/// A token is renewed so long before it runs out, so that none runs out on its way.
const EARLY: Duration = Duration::from_secs(60);

/// A token that takes longer is given up, lest an address that never answers hold up everybody for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A token for some time.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::types::Secret;
/// use mosaic_providers::http::Token;
///
/// let token = Token { secret: Secret::new("s3cr3t"), lifetime: Some(Duration::from_secs(3600)) };
/// assert!(!format!("{token:?}").contains("s3cr3t"));
/// ```
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// How long it holds; until it is refused where that is not known.
    pub lifetime: Option<Duration>,
}

/// Where tokens for some time come from. They are renewed a minute before they run out.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::Result;
/// use mosaic_core::types::Secret;
/// use mosaic_providers::http::{Token, TokenSource};
///
/// struct Vault;
/// #[async_trait]
/// impl TokenSource for Vault {
///     async fn fetch(&self) -> Result<Token> {
///         Ok(Token { secret: Secret::new("s3cr3t"), lifetime: None })
///     }
/// }
/// ```
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// Asks for a token. What was begun is gone on with by the next call that needs one, where the first is given up; it ends
    /// with `Timeout` after 30 seconds.
    ///
    /// # Errors
    /// `Unauthenticated` where none is given; otherwise whatever went wrong on the way.
    async fn fetch(&self) -> Result<Token>;
}

type Flight = Shared<BoxFuture<'static, Result<Arc<Held>>>>;

struct Held {
    proof: Proof,
    until: Option<Instant>,
}

/// The tokens of one source.
pub(in crate::http) struct Lease {
    source: Arc<dyn TokenSource>,
    header: TokenHeader,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    flight: Option<Flight>,
}

impl Lease {
    pub(in crate::http) fn new(source: Arc<dyn TokenSource>, header: TokenHeader) -> Self {
        Self { source, header, state: Arc::default() }
    }

    /// The token that holds now; asks for one where there is none. A failed renewal is the answer to all who waited for it,
    /// and the next one begins anew.
    pub(super) async fn proof(&self) -> Result<Proof> {
        let flight = {
            let mut state = self.state.lock();
            let now = Instant::now();
            if let Some(held) = &state.held
                && held.until.is_none_or(|until| until > now + EARLY)
            {
                return Ok(held.proof.clone());
            }
            state.flight.get_or_insert_with(|| self.fetch()).clone()
        };
        let result = flight.clone().await;
        let mut state = self.state.lock();
        if state.flight.as_ref().is_some_and(|known| known.ptr_eq(&flight)) {
            state.flight = None;
            state.held = result.as_ref().ok().cloned().or_else(|| state.held.take());
        }
        result.map(|held| held.proof.clone())
    }

    /// Asks for another token, whatever holds now.
    pub(super) async fn renew(&self) -> Result<()> {
        self.state.lock().held = None;
        self.proof().await.map(|_| ())
    }

    fn fetch(&self) -> Flight {
        let (source, header) = (Arc::clone(&self.source), self.header);
        let fetched = async move {
            let token = tokio::time::timeout(PATIENCE, source.fetch()).await.unwrap_or_else(|_| {
                let text = "no token was given within 30 seconds: look whether the address that gives tokens is reached";
                Err(Error::new(ErrorKind::Timeout, text))
            });
            // What became of the request for a token says nothing of the call that needs it: that was not sent.
            let token = token.map_err(|error| error.delivery(Delivery::NotSent))?;
            let until = token.lifetime.map(|lifetime| Instant::now() + lifetime.max(2 * EARLY));
            Ok(Arc::new(Held { proof: Proof::token(header, &token.secret)?, until }))
        };
        fetched.boxed().shared()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Source {
        asked: AtomicU32,
        fails: u32,
    }

    #[async_trait]
    impl TokenSource for Source {
        async fn fetch(&self) -> Result<Token> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if number < self.fails {
                return Err(Error::new(ErrorKind::Network, "no way"));
            }
            Ok(Token {
                secret: Secret::new(format!("token-{number}")),
                lifetime: Some(Duration::from_secs(3600)),
            })
        }
    }

    fn lease(fails: u32) -> (Arc<Source>, Lease) {
        let source = Arc::new(Source { asked: AtomicU32::new(0), fails });
        (Arc::clone(&source), Lease::new(source, TokenHeader::BEARER))
    }

    async fn shown(lease: &Lease) -> String {
        lease.proof().await.unwrap().value.to_str().unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_need_a_token_ask_once() {
        let (source, lease) = lease(0);
        let all = futures_util::future::join_all((0..50).map(|_| shown(&lease))).await;
        assert!(all.iter().all(|text| text == "Bearer token-0"));
        assert_eq!(source.asked.load(Ordering::SeqCst), 1);
        tokio::time::advance(Duration::from_secs(3000)).await;
        assert_eq!(shown(&lease).await, "Bearer token-0");
        tokio::time::advance(Duration::from_secs(545)).await;
        assert_eq!(shown(&lease).await, "Bearer token-1", "in its last minute a token is renewed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_loses_no_exchange() {
        let (source, lease) = lease(0);
        assert!(tokio::time::timeout(Duration::from_millis(500), lease.proof()).await.is_err());
        assert_eq!(shown(&lease).await, "Bearer token-0");
        assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_it_is_tried_anew() {
        let (source, lease) = lease(1);
        assert_eq!(lease.proof().await.unwrap_err().kind(), ErrorKind::Network);
        assert_eq!(shown(&lease).await, "Bearer token-1");
        lease.renew().await.unwrap();
        assert_eq!(shown(&lease).await, "Bearer token-2");
        assert_eq!(source.asked.load(Ordering::SeqCst), 3);
    }
}
