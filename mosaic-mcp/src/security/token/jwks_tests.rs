use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::{advance, sleep};

use super::super::{Jwt, TokenIssuer};
use super::*;
use crate::security::{Authenticator as _, Identity};
use mosaic_core::context::Principal;
use mosaic_core::types::{Secret, TenantId};

/// A provider whose keys and state the test changes.
#[derive(Clone, Default)]
struct Provider(Arc<Shared>);

#[derive(Default)]
struct Shared {
    fetches: AtomicUsize,
    keys: RwLock<Option<String>>,
}

impl Provider {
    fn publishes(&self, issuer: &TokenIssuer) {
        *self.0.keys.write() = Some(issuer.published().to_string());
    }

    fn is_down(&self) {
        *self.0.keys.write() = None;
    }

    fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl FetchKeys for Provider {
    async fn fetch(&self) -> Result<Bytes> {
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(50)).await;
        let keys = self.0.keys.read().clone();
        keys.map(Bytes::from).ok_or_else(|| Error::new(ErrorKind::Network, "it is down"))
    }
}

fn issuer() -> TokenIssuer {
    TokenIssuer::generate("https://id.example", "mosaic").unwrap()
}

fn token(issuer: &TokenIssuer) -> Secret {
    let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann")).unwrap();
    issuer.issue(&ann, Duration::from_secs(86_400)).unwrap()
}

fn checker(provider: &Provider) -> Jwt {
    Jwt::published("https://id.example", "mosaic", RemoteKeys::new(provider.clone())).unwrap()
}

#[tokio::test(start_paused = true)]
async fn many_first_tokens_make_one_fetch() {
    let (provider, issuer) = (Provider::default(), issuer());
    provider.publishes(&issuer);
    let (checker, token) = (checker(&provider), token(&issuer));
    let all = (0..50).map(|_| checker.authenticate(&token));
    for found in futures_util::future::join_all(all).await {
        assert!(found.unwrap().is_some());
    }
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_known_at_once_and_unknown_ones_cost_little() {
    let (provider, old, new, stranger) = (Provider::default(), issuer(), issuer(), issuer());
    provider.publishes(&old);
    let checker = checker(&provider);
    assert!(checker.authenticate(&token(&old)).await.is_ok());
    provider.publishes(&new);
    // One was fetched just now.
    assert!(checker.authenticate(&token(&new)).await.is_err());
    assert_eq!(provider.fetches(), 1);
    advance(Duration::from_secs(30)).await;
    assert!(checker.authenticate(&token(&new)).await.is_ok());
    assert_eq!(provider.fetches(), 2);
    assert!(checker.authenticate(&token(&old)).await.is_err(), "it was withdrawn");
    // A thousand tokens of a stranger make one fetch.
    advance(Duration::from_secs(30)).await;
    let token = token(&stranger);
    for _ in 0..1_000 {
        let error = checker.authenticate(&token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(provider.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn while_the_provider_is_down_known_keys_serve_on_for_a_day() {
    let (provider, issuer) = (Provider::default(), issuer());
    provider.publishes(&issuer);
    let (checker, token) = (checker(&provider), token(&issuer));
    assert!(checker.authenticate(&token).await.is_ok());
    provider.is_down();
    for _ in 0..100 {
        advance(Duration::from_secs(600)).await;
        assert!(checker.authenticate(&token).await.is_ok());
    }
    assert_eq!(provider.fetches(), 101, "each time it is asked again");
    advance(Duration::from_secs(86_400)).await;
    let error = checker.authenticate(&token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    // Not even asked for a while.
    let asked = provider.fetches();
    let error = checker.authenticate(&token).await.unwrap_err();
    assert_eq!((error.kind(), error.wait()), (ErrorKind::Network, Some(Duration::from_secs(30))));
    assert_eq!(provider.fetches(), asked);
    provider.publishes(&issuer);
    advance(Duration::from_secs(30)).await;
    assert!(checker.authenticate(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn while_one_refreshes_the_others_do_not_wait() {
    let (provider, issuer) = (Provider::default(), issuer());
    provider.publishes(&issuer);
    let (checker, token) = (checker(&provider), token(&issuer));
    assert!(checker.authenticate(&token).await.is_ok());
    advance(Duration::from_secs(600)).await;
    let first = checker.authenticate(&token);
    tokio::pin!(first);
    assert!(futures_util::poll!(first.as_mut()).is_pending(), "it fetches");
    let second = checker.authenticate(&token);
    tokio::pin!(second);
    assert!(futures_util::poll!(second.as_mut()).is_ready());
    assert!(first.await.is_ok());
    assert_eq!(provider.fetches(), 2);
}
