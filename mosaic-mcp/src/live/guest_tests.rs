use std::num::NonZeroU32;

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};
use http::HeaderMap;
use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::super::follow::follow;
use super::*;
use crate::coordination::shared::{AppendEvent, Shared};
use crate::function::Desk;
use crate::security::access::Access;
use crate::security::admission::admission;
use crate::security::proof::{AGAIN, UNTOLD};
use crate::security::token::{ApiKeys, NewApiKey};
use crate::security::{Admission, Authenticator, Authenticators, Identity, RoleName};
use crate::state::{MemoryStore, State};

fn headers(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    headers
}

fn agent(name: &str) -> Identity {
    let identity = Identity::new(TenantId::default_tenant(), Principal::agent(name)).unwrap();
    identity.with_roles([RoleName::new("member").unwrap()]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_revoked_ends_what_is_open() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let keys = ApiKeys::new(state.clone());
    let (key, secret) = keys.create(NewApiKey::new(agent("builder"), "a test")).await.unwrap();
    let rules = r#"{ "roles": { "member": { "allow": ["state:*:*"] } } }"#;
    let access = Access::new(&serde_json::from_str(rules).unwrap()).unwrap();
    let shared = Shared::new(state.clone());
    let desk = Desk::builder().room(shared.clone()).gate(access.clone()).build();
    let admission = Admission::new(Authenticators::new().with(keys.clone()), access);
    let door = Door::admitting(desk, state.clone(), admission);

    let guest = door.admit(&headers(secret.expose()), None).await.unwrap();
    let end = || ended(door.clone(), Arc::clone(&guest));
    let mut events =
        std::pin::pin!(follow(door.clone(), Arc::clone(&guest), None, Some(0), Some(end().boxed())));
    let cx = guest.cx();
    shared.append_event(&cx, AppendEvent::new("t", "before", 1)).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(timeout(AGAIN * 100, end()).await.is_err(), "it holds");
    assert!(timeout(AGAIN * 100, events.next()).await.is_err(), "it holds");

    keys.revoke(&key.tenant, &key.id).await.unwrap();
    let again = door.again(&guest).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Unauthenticated, "the very next call: {again}");
    let began = Instant::now();
    let error = events.next().await.unwrap().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(events.next().await.is_none());
    assert_eq!(end().await.kind(), ErrorKind::Unauthenticated);
    assert!(began.elapsed() <= AGAIN * 2, "{:?}", began.elapsed());
    state.close().await.unwrap();
}

/// Says of every token what it is told to say.
#[derive(Clone)]
struct Fickle(Arc<Mutex<Result<Identity>>>);

#[async_trait]
impl Authenticator for Fickle {
    async fn authenticate(&self, _: &Secret) -> Result<Option<Identity>> {
        self.0.lock().clone().map(Some)
    }
}

async fn fickle() -> (Fickle, Door) {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let says = Fickle(Arc::new(Mutex::new(Ok(agent("builder")))));
    (says.clone(), Door::admitting(Desk::builder().build(), state, admission(says)))
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_told_goes_on_for_a_while_and_nobody_becomes_another() {
    let (says, door) = fickle().await;
    let guest = door.admit(&headers("t"), None).await.unwrap();
    // An outage that ends in time, and one that does not.
    let outage = || Err(Error::new(ErrorKind::Network, "the provider does not answer"));
    let mut end = std::pin::pin!(ended(door.clone(), Arc::clone(&guest)));
    for _ in 0..3 {
        *says.0.lock() = outage();
        assert!(timeout(UNTOLD - AGAIN, &mut end).await.is_err());
        *says.0.lock() = Ok(agent("builder"));
        assert!(timeout(AGAIN * 2, &mut end).await.is_err());
    }
    *says.0.lock() = outage();
    assert_eq!(door.again(&guest).await.unwrap_err().kind(), ErrorKind::Network, "no call meanwhile");
    let began = Instant::now();
    assert_eq!(end.await.kind(), ErrorKind::Network);
    assert!(began.elapsed() <= UNTOLD + AGAIN, "{:?}", began.elapsed());

    *says.0.lock() = Ok(agent("other"));
    assert_eq!(door.again(&guest).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(guest.cx().caller().name(), "builder");
    assert_eq!(ended(door.clone(), guest).await.kind(), ErrorKind::Unauthenticated);
    door.state().close().await.unwrap();
}

#[tokio::test]
async fn one_principal_takes_no_more_than_its_share() {
    let (says, door) = fickle().await;
    let few = NonZeroU32::MIN.saturating_add(1);
    let door = door.rate(NonZeroU32::MIN, few).at_once(2);
    let guest = door.admit(&headers("t"), None).await.unwrap();
    *says.0.lock() = Ok(agent("other"));
    let other = door.admit(&headers("t"), None).await.unwrap();

    let (first, second) = (door.begin(&guest).unwrap(), door.begin(&guest).unwrap());
    assert_eq!(door.begin(&guest).err().unwrap().kind(), ErrorKind::Throttled);
    assert!(door.begin(&other).is_ok());
    drop((first, second));
    assert!(door.begin(&guest).is_ok());

    (0..2).for_each(|_| door.count(&guest).unwrap());
    let error = door.count(&guest).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.wait().is_some_and(|wait| wait <= Duration::from_secs(1)), "{error:?}");
    door.count(&other).unwrap();
    let here = Some([127, 0, 0, 1].into());
    (0..2).for_each(|_| door.knock(here).unwrap());
    assert!(door.knock(here).is_err());
    assert!(door.knock(Some([127, 0, 0, 2].into())).is_ok() && door.knock(None).is_ok());
    door.state().close().await.unwrap();
}
