//! Refused logins in numbers.

use mosaic_core::context::CallContext;
use mosaic_core::types::Effect;

use super::super::chain::Link;
use super::super::refusals::{SOURCES, TOGETHER};
use super::super::{Audited, OnFull, verify};
use super::tests::{options, state};
use super::*;
use crate::function::{Gate as _, Open, Permission};
use crate::state::TopicFilter;

fn refused(from: impl Into<String>) -> AuditEvent {
    AuditEvent::LoginRefused { means: "token", from: from.into(), why: "it is unknown".into() }
}

/// What is written of refusals: from where, and how many.
async fn told(state: &State) -> Vec<(String, Option<u64>)> {
    let events = state.events(&TopicFilter::new("audit.>").unwrap(), 0, 10_000).await.unwrap();
    let bodies = events.iter().map(|event| Link::decode(&event.data).unwrap().1);
    let bodies = bodies.map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap());
    let refusals = bodies.filter(|body| body["type"] == "login_refused");
    refusals.map(|body| (body["from"].as_str().unwrap().to_owned(), body["times"].as_u64())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_one_place_is_two_records_a_minute() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let audit = Audit::open(&state, options(&signer).queue(8)).await.unwrap();
    let gate = Audited::new(Open, audit.clone(), OnFull::Refuse);
    let write = Permission::new("state", "put_value", "x", Effect::Create);
    for _ in 0..10_000 {
        audit.tell(refused("192.0.2.1"));
    }
    // The writer has had no turn: all of them would have been in its queue.
    gate.allow(&CallContext::new(), write).await.unwrap();
    audit.flush().await.unwrap();
    assert_eq!(told(&state).await, [("192.0.2.1".into(), None)], "the first one at once");
    tokio::time::sleep(TOGETHER * 2).await;
    assert_eq!(told(&state).await[1..], [("192.0.2.1".into(), Some(9_999))]);
    // A new minute, and one that closing ends.
    audit.tell(refused("192.0.2.1"));
    audit.tell(refused("192.0.2.1"));
    audit.close().await.unwrap();
    assert_eq!(told(&state).await[2..], [("192.0.2.1".into(), None), ("192.0.2.1".into(), Some(1))]);
    assert_eq!(verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn places_without_end_are_others_in_the_end() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let audit = Audit::open(&state, options(&signer)).await.unwrap();
    for at in 0..SOURCES + 1_000 {
        audit.tell(refused(format!("place {at}")));
    }
    // While there is always something else to write, too.
    for _ in 0..5 {
        tokio::time::sleep(TOGETHER / 4).await;
        audit.flush().await.unwrap();
    }
    let told = told(&state).await;
    assert_eq!(told.len(), SOURCES + 1);
    assert_eq!(told.last().unwrap(), &("others".into(), Some(1_000)));
    audit.close().await.unwrap();
    state.close().await.unwrap();
}
