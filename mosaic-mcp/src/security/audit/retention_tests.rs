use std::sync::Arc;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink as _};
use mosaic_core::types::TenantId;

use super::super::chain::{Head, Link, RECORD};
use super::super::event::Line;
use super::super::writer::head_place;
use super::super::{Audit, AuditEvent, AuditOptions, export, verify, verify_export};
use super::*;
use crate::state::{Clock, Event, MemoryStore, StateOptions, TopicFilter, Tx};

const DAY: Duration = Duration::from_secs(86_400);

async fn state() -> State {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    StateOptions::new().clock(clock).open(MemoryStore::new()).await.unwrap()
}

fn call(at: usize) -> AuditRecord {
    let tenant = TenantId::new(["acme", "other.eu"][at % 2]).unwrap();
    let cx = CallContext::new().tenant(tenant).principal(Principal::agent("builder"));
    AuditRecord::new(&cx, "git.write_file", format!("acme/widget:{at}"), AuditOutcome::Made)
}

fn options(signer: &AuditSigner) -> AuditOptions {
    AuditOptions::new(signer.clone()).checkpoints(8, Duration::from_secs(60))
}

fn bodies(events: &[Event]) -> Vec<serde_json::Value> {
    events.iter().map(|event| serde_json::from_slice(Link::decode(&event.data).unwrap().1).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn old_records_are_removed_behind_a_signed_checkpoint_and_the_rest_holds() {
    const KEPT: Duration = Duration::from_secs(30 * 86_400);
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    let keep = || options(&signer).retention(KEPT);
    let nodes = [(); 2].map(|()| Audit::open(&state, keep()));
    let nodes = futures_util::future::try_join_all(nodes).await.unwrap();
    let day = Duration::from_secs(86_400);
    for at in 0..45 {
        for n in 0..10 {
            nodes[n % 2].record(call(at * 10 + n));
        }
        nodes[0].flush().await.unwrap();
        nodes[1].flush().await.unwrap();
        tokio::time::sleep(day).await;
        let all = kept(&state).await;
        let oldest = all.first().unwrap().at;
        if at > 31 {
            let age = state.now().duration_since(oldest);
            // What is removed ends with a checkpoint, so that something older stays before the next one.
            assert!(age >= jiff::SignedDuration::try_from(KEPT).unwrap(), "{age} after {at} days");
            assert!(age <= jiff::SignedDuration::try_from(KEPT + 2 * day).unwrap(), "{age} after {at} days");
        }
        let young = all.iter().filter(|event| {
            state.now().duration_since(event.at) <= jiff::SignedDuration::try_from(KEPT).unwrap()
        });
        let calls =
            young.filter(|event| String::from_utf8_lossy(&event.data).contains("git.write_file")).count();
        assert!(calls >= (at + 1).min(29) * 10, "nothing is removed too early: {calls} after {at} days");
        let report = verify(&state, &keys, &[]).await.unwrap();
        assert_eq!(report.fault, None, "after {at} days");
    }
    let removed: Vec<_> =
        bodies(&kept(&state).await).into_iter().filter(|body| body["type"] == "removed").collect();
    assert!(!removed.is_empty() && removed.iter().all(|body| body["kept_seconds"] == KEPT.as_secs()));

    // An export begins there, and holds elsewhere.
    let (after, mut lines) = (kept_after(&state, &keys).await.unwrap().unwrap(), String::new());
    let line = |line: &str| {
        lines.push_str(line);
        lines.push('\n');
        Ok(())
    };
    export(&state, Some(&after), line).await.unwrap();
    assert_eq!(verify_export(lines.as_bytes(), &keys, &[]).unwrap().fault, None);

    // More was removed than somebody with the key has signed.
    for audit in nodes {
        audit.close().await.unwrap();
    }
    let first = kept(&state).await.first().unwrap().clone();
    state
        .run(move |tx| {
            Box::pin(async move {
                tx.trim(Some(first.topic), first.offset);
                Ok(())
            })
        })
        .await
        .unwrap();
    assert!(verify(&state, &keys, &[]).await.unwrap().fault.is_some());
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn records_that_do_not_hold_are_not_removed_and_a_removal_needs_the_key() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    let audit = Audit::open(&state, options(&signer)).await.unwrap();
    (0..20).for_each(|at| audit.record(call(at)));
    audit.flush().await.unwrap();
    tokio::time::advance(Duration::from_secs(100)).await;
    let old = find(&state, state.now(), Duration::from_secs(50), &keys).await.unwrap().unwrap();
    assert!(old.checkpoint.records >= 16 && old.topics.len() >= 2);
    assert!(find(&state, state.now(), Duration::from_secs(200), &keys).await.unwrap().is_none());
    // Somebody else appends what looks like a record, in the middle of what goes on.
    let forged = kept(&state).await[3].clone();
    let again = forged.clone();
    state
        .run(move |tx| Box::pin(async move { tx.append(again.topic, &*again.kind, again.data) }))
        .await
        .unwrap();
    (20..40).for_each(|at| audit.record(call(at)));
    audit.close().await.unwrap();
    tokio::time::advance(Duration::from_secs(100)).await;
    let error = find(&state, state.now(), Duration::from_secs(50), &keys).await.unwrap_err();
    assert!(error.message().contains("does not hold"), "{error}");

    // A checkpoint of the log is no leave to remove what is before it.
    let other = AuditSigner::generate().unwrap();
    let removal = Removal::sign(old.checkpoint.clone(), state.now(), &other);
    let place = place().unwrap();
    state
        .run(move |tx| {
            Box::pin(async move {
                tx.write(&place, &removal)?;
                old.topics.iter().for_each(|topic| tx.trim(Some(topic.clone()), old.through));
                Ok(())
            })
        })
        .await
        .unwrap();
    assert!(kept_after(&state, &keys).await.is_err());
    let fault = verify(&state, &keys, &[]).await.unwrap().fault.unwrap();
    assert!(fault.what.contains("no checkpoint"), "{fault}");
    state.close().await.unwrap();
}

/// A log of which the rows tell times of long ago, and the checkpoints, after four records each, those days.
async fn written_at(state: &State, days: &[u32], signer: &AuditSigner) {
    let begin = Timestamp::from_second(1_800_000_000).unwrap();
    let times: Vec<_> = days.iter().map(|day| begin.saturating_add(DAY * *day).unwrap()).collect();
    let signer = signer.clone();
    let write = move |tx: &mut Tx<'_>| -> mosaic_core::Result<()> {
        let (mut end, mut marked) = (Link::begin("log"), None);
        let mut append = |topic: Topic, kind: &'static str, body: Vec<u8>| {
            end = end.next(&topic, kind, &body);
            tx.append(topic, kind, end.encode(&body)).map(|_| end)
        };
        for (round, at) in times.iter().enumerate() {
            let mut last = Link::begin("log");
            for number in 0..4 {
                let line = Line::of(*at, &AuditEvent::Call(call(round * 4 + number)))?;
                last = append(line.topic, RECORD, line.body)?;
            }
            let checkpoint = Checkpoint::sign("log", &last, *at, &signer);
            let body = serde_json::to_vec(&checkpoint).unwrap();
            append(Topic::of(&["audit", "-"])?, CHECKPOINT, body)?;
            marked = Some(checkpoint);
        }
        let at = times[times.len() - 1];
        let end = Checkpoint::sign("log", &end, at, &signer);
        tx.write(&head_place()?, &Head { end, checkpoint: marked })
    };
    let write = Arc::new(write);
    state
        .run(move |tx| {
            let write = write.clone();
            Box::pin(async move { write(tx) })
        })
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_record_is_what_was_signed_and_not_what_its_row_tells() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    // The third node's clock was far behind, and the fifth checkpoint is young.
    written_at(&state, &[0, 10, 0, 20, 30], &signer).await;
    assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None);
    tokio::time::advance(DAY * 31).await;
    assert!(
        kept(&state).await.iter().all(|event| state.now().duration_since(event.at).as_hours() >= 31 * 24)
    );
    let through = async |days: u32| {
        let old = find(&state, state.now(), DAY * days, &keys).await.unwrap();
        old.map_or(0, |old| old.checkpoint.records)
    };
    assert_eq!([through(32).await, through(31).await, through(21).await], [0, 4, 9]);
    assert_eq!(through(12).await, 9, "what was written after ten days and before twenty is not old yet");
    assert_eq!([through(11).await, through(1).await], [19, 24]);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_by_a_clock_that_says_years_have_gone_by() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let audit = Audit::open(&state, options(&signer)).await.unwrap();
    (0..20).for_each(|at| audit.record(call(at)));
    audit.close().await.unwrap();
    tokio::time::advance(DAY * 800).await;
    let audit = Audit::open(&state, options(&signer).retention(DAY * 30)).await.unwrap();
    audit.write(AuditEvent::Call(call(20))).await.unwrap();
    tokio::time::sleep(DAY * 29).await;
    assert_eq!(state.trimmed().await.unwrap().before(&all().unwrap()), 0);
    tokio::time::sleep(DAY * 2).await;
    assert!(
        state.trimmed().await.unwrap().before(&all().unwrap()) > 16,
        "by now it is old whatever the clock says"
    );
    audit.close().await.unwrap();
    assert_eq!(verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_nobody_signed_for_this_log_stops_none() {
    let (trusted, other) = (AuditSigner::generate().unwrap(), AuditSigner::generate().unwrap());
    for (signer, log) in [(&other, None), (&trusted, Some("another"))] {
        let state = state().await;
        let audit = Audit::open(&state, options(&trusted)).await.unwrap();
        (0..20).for_each(|at| audit.record(call(at)));
        audit.flush().await.unwrap();
        let name = log.map_or(audit.head().unwrap().log, str::to_owned);
        audit.close().await.unwrap();
        let link = Link { number: u64::MAX, ..Link::begin(&name) };
        let forged = Removal::sign(Checkpoint::sign(&name, &link, state.now(), signer), state.now(), signer);
        let place = place().unwrap();
        state
            .run(move |tx| {
                let (place, forged) = (place.clone(), forged.clone());
                Box::pin(async move { tx.write(&place, &forged) })
            })
            .await
            .unwrap();
        tokio::time::advance(DAY * 40).await;
        let audit = Audit::open(&state, options(&trusted).retention(DAY * 30)).await.unwrap();
        tokio::time::sleep(DAY).await;
        assert!(state.trimmed().await.unwrap().before(&all().unwrap()) > 16);
        audit.close().await.unwrap();
        assert_eq!(verify(&state, &AuditKeys::of(&trusted), &[]).await.unwrap().fault, None);
        state.close().await.unwrap();
    }
}

async fn kept(state: &State) -> Vec<Event> {
    let filter = TopicFilter::new("audit.>").unwrap();
    let gone = state.trimmed().await.unwrap().before(&filter);
    state.events(&filter, gone, 10_000).await.unwrap()
}
