//! Deliveries that come twice.

use std::time::Duration;

use mosaic_providers::webhook::{Deduplicator, Delivery, Receiver, Repeat, Vendor};
use proptest::prelude::*;

/// A delivery that says no more than who sent it and under which id.
fn numbered(vendor: Vendor, id: &str) -> Delivery {
    body_of(vendor, id, "{}")
}

fn body_of(vendor: Vendor, id: &str, body: &str) -> Delivery {
    let mut headers = super::headers(vendor, "x");
    let name = match vendor {
        Vendor::GitHub => "x-github-delivery",
        Vendor::GitLab => "idempotency-key",
        _ => "x-request-uuid",
    };
    headers.insert(name, id.parse().unwrap());
    Receiver::unsigned(vendor).receive(&headers, body.to_owned().into()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_handled_is_not_handled_again_for_a_while() {
    let seen = Deduplicator::bounded(10, Duration::from_secs(60));
    let delivery = numbered(Vendor::GitHub, "1");
    seen.claim(&delivery).unwrap().done();
    assert_eq!(seen.clone().claim(&delivery).unwrap_err(), Repeat::Done, "clones remember the same");
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(seen.claim(&delivery).unwrap_err(), Repeat::Done);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(seen.claim(&delivery).is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_or_failed_is_told_apart() {
    let seen = Deduplicator::new();
    let delivery = numbered(Vendor::GitHub, "1");
    let claim = seen.claim(&delivery).unwrap();
    assert_eq!(seen.claim(&delivery).unwrap_err(), Repeat::UnderWay);
    tokio::time::advance(2 * Deduplicator::KEEP).await;
    assert_eq!(seen.claim(&delivery).unwrap_err(), Repeat::UnderWay, "however long it takes");
    drop(claim);
    assert!(seen.is_empty());
    seen.claim(&delivery).unwrap().done();
    assert_eq!((seen.claim(&delivery).unwrap_err(), seen.len()), (Repeat::Done, 1));
}

#[tokio::test(start_paused = true)]
async fn vendors_do_not_share_ids_and_what_has_none_is_always_new() {
    let seen = Deduplicator::new();
    for vendor in [Vendor::GitHub, Vendor::Bitbucket, Vendor::GitLab] {
        seen.claim(&numbered(vendor, "1")).unwrap().done();
    }
    assert_eq!(seen.len(), 3);
    for _ in 0..2 {
        seen.claim(&numbered(Vendor::GitHub, "")).unwrap().done();
    }
    // Older releases of GitLab give one id to all that follows from one event.
    seen.claim(&body_of(Vendor::GitLab, "1", r#"{"object_kind":"other"}"#)).unwrap().done();
    assert_eq!(seen.claim(&numbered(Vendor::GitLab, "1")).unwrap_err(), Repeat::Done);
}

#[test]
fn many_at_once_handle_it_once() {
    let seen = Deduplicator::new();
    let delivery = numbered(Vendor::GitHub, "1");
    let claimed = std::thread::scope(|scope| {
        let claim = || seen.claim(&delivery);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        let claims: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        claims.iter().filter(|claim| claim.is_ok()).count()
    });
    assert_eq!(claimed, 1);
}

proptest! {
    /// Against a list that is looked through: what is claimed, given back, done and forgotten.
    #[test]
    fn it_remembers_what_a_list_would(steps in prop::collection::vec((0u8..6, 0u8..3, 0u64..40), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (capacity, keep) = (3, Duration::from_secs(100));
            let seen = Deduplicator::bounded(capacity, keep);
            let began = tokio::time::Instant::now();
            let mut list: Vec<(u8, u64)> = Vec::new();
            for (id, what, wait) in steps {
                tokio::time::advance(Duration::from_secs(wait)).await;
                let now = began.elapsed().as_secs();
                list.retain(|(_, at)| now - at < keep.as_secs());
                let known = list.iter().any(|(other, _)| *other == id);
                match (seen.claim(&numbered(Vendor::GitHub, &id.to_string())), known) {
                    (Err(Repeat::Done), true) => {}
                    (Ok(claim), false) if what == 0 => drop(claim),
                    (Ok(claim), false) => {
                        claim.done();
                        list.push((id, now));
                        if list.len() > capacity {
                            list.remove(0);
                        }
                    }
                    (other, known) => panic!("{other:?}, and it is known: {known}"),
                }
                assert!(seen.len() <= capacity);
            }
        });
    }
}
