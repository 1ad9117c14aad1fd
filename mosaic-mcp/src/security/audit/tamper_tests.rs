//! What is changed in the store below an audit that runs.

use mosaic_core::context::CallContext;
use mosaic_core::types::Effect;

use super::super::chain::Link;
use super::super::{Audited, OnFull, verify};
use super::tests::{call, options, state};
use super::*;
use crate::function::{Gate as _, Open, Permission};
use crate::state::Expect;

/// Twelve records by a node that still runs.
async fn running(signer: &AuditSigner) -> (State, Audit) {
    let state = state().await;
    let audit = Audit::open(&state, options(signer)).await.unwrap();
    (0..12).for_each(|at| audit.record(call(at)));
    audit.flush().await.unwrap();
    (state, audit)
}

async fn head(state: &State) -> Head {
    state.read(&head_place().unwrap()).await.unwrap().unwrap()
}

async fn put(state: &State, head: &Head) {
    state.put(head_place().unwrap(), serde_json::to_vec(head).unwrap()).await.unwrap();
}

/// Nothing more is written, whoever tells something hears why, and no write is let through.
async fn is_down(state: &State, audit: &Audit, why: &str) {
    let before = state.get(&head_place().unwrap()).await.unwrap();
    let (first, second) =
        (audit.write(AuditEvent::Call(call(1))).await, audit.write(AuditEvent::Call(call(2))).await);
    for error in [first.unwrap_err(), second.unwrap_err(), audit.enter(call(3)).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.message().contains(why), "{error}");
    }
    assert!(audit.failing().is_some_and(|error| error.message().contains(why)));
    let write = Permission::new("state", "put_value", "x", Effect::Create);
    for on_full in [OnFull::Refuse, OnFull::Wait(Duration::from_secs(3_600))] {
        let gate = Audited::new(Open, audit.clone(), on_full);
        let began = tokio::time::Instant::now();
        let error = gate.allow(&CallContext::new(), write).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody makes room any more");
    }
    assert_eq!(state.get(&head_place().unwrap()).await.unwrap(), before, "it is left for who looks into it");
    assert_eq!(audit.close().await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn a_forged_head_is_not_gone_on_from() {
    let (signer, forger) = (AuditSigner::generate().unwrap(), AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    // With nobody's signature, with that of another key, and with one that was made for another end.
    for way in 0..3 {
        let (state, audit) = running(&signer).await;
        let mut forged = head(&state).await;
        let end =
            Link { number: forged.end.records, hash: blake3::hash(b"a chain without the last records") };
        let now = state.now();
        match way {
            0 => {
                forged.end.hash = end.hash.to_hex().to_string();
                forged.end.signature.clear();
            }
            1 => forged.end = Checkpoint::sign(&forged.end.log, &end, now, &forger),
            _ => forged.end.records += 1,
        }
        put(&state, &forged).await;
        is_down(&state, &audit, "signed by no key").await;
        assert!(
            verify(&state, &keys, &[]).await.unwrap().fault.is_some(),
            "the forgery is still there to see"
        );
        state.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_gone_or_put_back_is_not_gone_on_from() {
    let signer = AuditSigner::generate().unwrap();
    let (state, audit) = running(&signer).await;
    let early = head(&state).await;
    audit.write(AuditEvent::Call(call(0))).await.unwrap();
    put(&state, &early).await;
    is_down(&state, &audit, "an earlier one").await;
    state.close().await.unwrap();

    let (state, audit) = running(&signer).await;
    state.delete_if(head_place().unwrap(), Expect::Any).await.unwrap();
    // There is nothing to compare it with.
    let began =
        state.events(&crate::state::TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap().len();
    let error = audit.write(AuditEvent::Call(call(0))).await.unwrap_err();
    assert!(error.message().contains("gone"), "{error}");
    let now = state.events(&crate::state::TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap().len();
    assert_eq!(now, began, "no other log begins");
    state.close().await.unwrap();

    // A log of the same key in its place.
    let (other, of_other) = running(&signer).await;
    of_other.write(AuditEvent::Call(call(0))).await.unwrap();
    let (state, audit) = running(&signer).await;
    put(&state, &head(&other).await).await;
    is_down(&state, &audit, "another log").await;
    for state in [state, other] {
        state.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_else_can_say_that_a_batch_is_written() {
    let signer = AuditSigner::generate().unwrap();
    let (state, audit) = running(&signer).await;
    let range = crate::state::KeyRange::below(&["audit", "node"]).unwrap();
    let marks = state.range(&range, 10).await.unwrap();
    assert_eq!(marks.len(), 1);
    // What it wrote of the last batch, and what it might have written of the next ones.
    let last = marks[0].value.clone();
    for forged in [last.to_vec(), b"2".to_vec(), b"3".to_vec()] {
        state.put(marks[0].key.clone(), forged).await.unwrap();
        let before = head(&state).await.end.records;
        audit.write(AuditEvent::Call(call(0))).await.unwrap();
        assert!(head(&state).await.end.records > before, "it is written all the same");
    }
    audit.close().await.unwrap();
    assert_eq!(verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nodes_with_keys_of_their_own_trust_each_other() {
    let (one, two) = (AuditSigner::generate().unwrap(), AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&one).and(&two.public()).unwrap();
    let state = state().await;
    let nodes = [
        Audit::open_trusting(&state, options(&one), &keys).await.unwrap(),
        Audit::open_trusting(&state, options(&two), &keys).await.unwrap(),
    ];
    for at in 0..20 {
        nodes[at % 2].write(AuditEvent::Call(call(at))).await.unwrap();
    }
    for node in &nodes {
        node.close().await.unwrap();
    }
    assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_that_tells_of_another_checkpoint_is_found_and_puts_none_off() {
    let (signer, forger) = (AuditSigner::generate().unwrap(), AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    // A name of the case, what a node that runs says to it, and what is forged.
    type Forge<'a> = &'a dyn Fn(&Checkpoint, u64) -> Option<Checkpoint>;
    let last = |checkpoint: &Checkpoint, end: u64, signer: &AuditSigner| {
        let link = Link { number: end - 1, hash: blake3::hash(b"any") };
        Some(Checkpoint::sign(&checkpoint.log, &link, checkpoint.at, signer))
    };
    let cases: [(&str, Option<&str>, Forge<'_>); 5] = [
        ("none", None, &|_, _| None),
        ("by another key", None, &|checkpoint, end| last(checkpoint, end, &forger)),
        ("moved", Some("was not signed so"), &|checkpoint, end| {
            Some(Checkpoint { records: end - 2, ..checkpoint.clone() })
        }),
        ("beyond the end", Some("after its end"), &|checkpoint, end| last(checkpoint, end + 1, &signer)),
        ("of another log", Some("of another log"), &|checkpoint, _| {
            let link = checkpoint.link().unwrap();
            Some(Checkpoint::sign("another", &link, checkpoint.at, &signer))
        }),
    ];
    for (name, down, forge) in cases {
        let (state, audit) = running(&signer).await;
        let mut forged = head(&state).await;
        assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None);
        let genuine = forged.checkpoint.clone().unwrap();
        forged.checkpoint = forge(&genuine, forged.end.records);
        put(&state, &forged).await;
        let fault = verify(&state, &keys, &[]).await.unwrap().fault;
        assert!(fault.is_some_and(|fault| fault.what.contains("checkpoint")), "{name}");
        if let Some(why) = down {
            is_down(&state, &audit, why).await;
            let error = Audit::open_trusting(&state, options(&signer), &keys).await.unwrap_err();
            assert!(error.message().contains(why), "{name}: {error}");
        } else {
            // The next checkpoint comes as soon as ever, and the head is right again.
            for at in 0..4 {
                audit.write(AuditEvent::Call(call(at))).await.unwrap();
            }
            let told = head(&state).await.checkpoint.unwrap();
            assert!(told.records > genuine.records && told.is_signed(&keys), "{name}");
            assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None, "{name}");
            audit.close().await.unwrap();
        }
        state.close().await.unwrap();
    }
}
