use mosaic_core::context::Principal;
use tokio::time::advance;

use super::*;
use crate::state::{Clock, MemoryStore, StateOptions, TopicFilter};

async fn state() -> State {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    StateOptions::new().clock(clock).open(MemoryStore::new()).await.unwrap()
}

fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

fn builder() -> Identity {
    let builder = Principal::agent("builder").with_credential("builder-token");
    let identity = Identity::new(acme(), builder).unwrap();
    identity.with_roles([RoleName::new("worker").unwrap()]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_key_proves_its_identity_until_it_is_revoked() {
    let state = state().await;
    let keys = ApiKeys::new(state.clone());
    let (key, secret) = keys.create(NewApiKey::new(builder(), "nightly")).await.unwrap();
    assert_eq!(keys.authenticate(&secret).await.unwrap(), Some(builder()));
    assert_eq!(keys.authenticate(&Secret::new("eyJ.a.b")).await.unwrap(), None, "it is not one of these");

    let other = TenantId::new("other").unwrap();
    assert_eq!(keys.revoke(&other, &key.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let revoked = keys.revoke(&acme(), &key.id).await.unwrap();
    assert_eq!(keys.revoke(&acme(), &key.id).await.unwrap(), revoked, "once");
    assert_eq!(keys.authenticate(&secret).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let events = state.events(&TopicFilter::new("apikey.acme.*").unwrap(), 0, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| &*event.kind).collect::<Vec<_>>(),
        ["apikey.created", "apikey.revoked"]
    );
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_secret_is_nowhere() {
    let state = state().await;
    let keys = ApiKeys::new(state.clone());
    let (key, secret) = keys.create(NewApiKey::new(builder(), "nightly")).await.unwrap();
    let random = secret.expose().rsplit_once(&format!("{}_", key.id)).unwrap().1.to_owned();
    for entry in state.range(&KeyRange::all(), 100).await.unwrap() {
        let stored = format!("{}{}", entry.key, String::from_utf8_lossy(&entry.value));
        assert!(!stored.contains(&random), "{stored}");
    }
    for event in state.events(&TopicFilter::all(), 0, 100).await.unwrap() {
        let data = String::from_utf8_lossy(&event.data).into_owned();
        assert!(!data.contains(&random) && !data.contains("hash"), "{data}");
    }
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn wrong_keys_are_all_told_the_same() {
    let state = state().await;
    let keys = ApiKeys::new(state.clone());
    let (key, secret) = keys.create(NewApiKey::new(builder(), "nightly")).await.unwrap();
    let (_, other) = keys.create(NewApiKey::new(builder(), "daily")).await.unwrap();
    let random = other.expose().splitn(3, '_').nth(2).unwrap().to_owned();
    let never = format!("mosaic_{}_{}", "0".repeat(16), "A".repeat(43));
    let mixed = format!("mosaic_{}_{random}", key.id);
    let texts = ["mosaic_", "mosaic_x_y", "mosaic_0000000000000000", &never, &mixed, &secret.expose()[..40]];
    for text in texts {
        let error = keys.authenticate(&Secret::new(text)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Unauthenticated, wrong().message()),
            "{text}"
        );
    }
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_ends_and_its_use_is_known() {
    let state = state().await;
    let keys = ApiKeys::new(state.clone());
    let end = state.now() + jiff::SignedDuration::from_secs(300);
    let (key, secret) = keys.create(NewApiKey::new(builder().until(end), "short")).await.unwrap();
    let known = || async { keys.list(&acme(), None, 10).await.unwrap().remove(0) };
    assert_eq!(known().await.last_used, None);
    let first = state.now();
    assert_eq!(keys.authenticate(&secret).await.unwrap().unwrap().expires(), Some(end));
    assert_eq!(known().await.last_used, Some(first));
    advance(Duration::from_secs(59)).await;
    let written = state.head();
    keys.authenticate(&secret).await.unwrap();
    assert_eq!(state.head(), written, "a use within the minute writes nothing");
    advance(Duration::from_secs(1)).await;
    keys.authenticate(&secret).await.unwrap();
    assert_eq!(known().await.last_used, Some(state.now()));
    advance(Duration::from_secs(240)).await;
    assert!(keys.authenticate(&secret).await.unwrap_err().message().contains("expired"));
    assert_eq!(known().await.id, key.id);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lists_go_on_and_are_of_one_tenant() {
    let state = state().await;
    let keys = ApiKeys::new(state.clone());
    for at in 0..5 {
        keys.create(NewApiKey::new(builder(), format!("key {at}"))).await.unwrap();
    }
    let other = Identity::new(TenantId::new("acme.other").unwrap(), Principal::user("ann")).unwrap();
    keys.create(NewApiKey::new(other, "ann's")).await.unwrap();
    let first = keys.list(&acme(), None, 3).await.unwrap();
    let rest = keys.list(&acme(), Some(&first[2].id), 1_000).await.unwrap();
    assert_eq!((first.len(), rest.len()), (3, 2));
    assert!(first.iter().chain(&rest).all(|key| key.tenant == acme()));
    for label in ["", "a\nb", &"x".repeat(201)] {
        let error = keys.create(NewApiKey::new(builder(), label)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    state.close().await.unwrap();
}
