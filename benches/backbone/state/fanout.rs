//! Row 28: an event from the log to eight subscribers, beside tokio's broadcast to eight receivers.
//!
//! A round commits one transaction of many events, or sends as many, and then takes all of them everywhere. Inside both
//! figures: handing the events over, taking, dropping. Outside ours: the transaction itself, which the peer has none of; the same
//! transaction of a state that nobody follows is measured in turn and subtracted. What the peer sends was made before. In the line
//! with filters every subscriber of ours has one with a wildcard, which chooses all; the peer's receivers have none.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use mosaic_benches::{Fault, Figure, Goal, Options, Result, Side, measure, timed};
use mosaic_mcp::state::{Event, MemoryStore, Since, State, StateOptions, Subscription, Topic, TopicFilter};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use crate::Bench;

const SUBSCRIBERS: usize = 8;
const DELIVERIES: usize = 8 * 1_024;
const TOPIC: &str = "build.acme.done";

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    for (row, name, filter) in [
        ("28", "event to one of 8 subscribers / broadcast", ">"),
        ("28 filter", "the same, each with a topic filter / broadcast", "build.*.done"),
    ] {
        let [ours, alone, peer] = compare(options, runtime, filter)?;
        report.ratio(row, name, ours.median - alone.median, peer.median, Goal::new(2.0, 1.2));
        report.aside("for scale: its share of the transaction, not counted", alone.median);
    }
    Ok(())
}

fn compare(options: &Options, runtime: &Runtime, filter: &str) -> Result<[Figure; 3]> {
    let open = || StateOptions::new().memory(DELIVERIES).open(MemoryStore::new());
    let (followed, alone) = (runtime.block_on(open())?, runtime.block_on(open())?);
    let filter = TopicFilter::new(filter)?;
    let mut followers: Vec<Subscription> =
        (0..SUBSCRIBERS).map(|_| followed.subscribe(filter.clone(), Since::Now)).collect();
    let (sender, mut receivers) = channel();
    let ready: Vec<Arc<Event>> = made(&followed, runtime)?;
    let figures = measure(
        options,
        [
            Side::prepared(DELIVERIES, |calls| {
                let events = calls / SUBSCRIBERS;
                runtime.block_on(forget(&followed))?;
                timed(|| {
                    runtime.block_on(async {
                        append(&followed, events).await?;
                        for follower in &mut followers {
                            take(follower, events).await?;
                        }
                        Ok(())
                    })
                })
            }),
            Side::prepared(DELIVERIES, |calls| {
                runtime.block_on(forget(&alone))?;
                timed(|| runtime.block_on(append(&alone, calls / SUBSCRIBERS)))
            }),
            Side::new(DELIVERIES, |calls| {
                let events = calls / SUBSCRIBERS;
                runtime.block_on(async {
                    for event in ready.iter().take(events) {
                        sender.send(event.clone()).map_err(|_| Fault::from("nobody receives"))?;
                    }
                    for receiver in &mut receivers {
                        for _ in 0..events {
                            std::hint::black_box(receiver.recv().await?);
                        }
                    }
                    Ok(())
                })
            }),
        ],
    )?;
    drop(followers);
    runtime.block_on(async {
        followed.close().await?;
        alone.close().await
    })?;
    Ok(figures)
}

type Receivers = Vec<broadcast::Receiver<Arc<Event>>>;

fn channel() -> (broadcast::Sender<Arc<Event>>, Receivers) {
    let (sender, first) = broadcast::channel(DELIVERIES / SUBSCRIBERS);
    let mut receivers: Receivers = (1..SUBSCRIBERS).map(|_| sender.subscribe()).collect();
    receivers.push(first);
    (sender, receivers)
}

async fn append(state: &State, events: usize) -> Result {
    let topic = Topic::new(TOPIC)?;
    let appended = state.run(move |tx| {
        Box::pin(async move {
            for _ in 0..events {
                tx.append(topic.clone(), "build.done", "{\"id\":7}")?;
            }
            Ok(())
        })
    });
    Ok(appended.await?)
}

/// Takes so many events; each must be there and in order.
async fn take(follower: &mut Subscription, events: usize) -> Result {
    let mut last = None;
    for _ in 0..events {
        let delivery = follower.try_next().await?.ok_or("the subscription ended")?;
        let in_order = last.is_none_or(|last| delivery.event.offset == last + 1);
        if !in_order {
            return Err(Fault::from("an event was left out"));
        }
        last = Some(delivery.event.offset);
        std::hint::black_box(delivery);
    }
    Ok(())
}

/// Empties the log, so that every round finds the same store.
async fn forget(state: &State) -> Result {
    let gone = state.run(|tx| {
        Box::pin(async move {
            tx.trim(None, tx.offset());
            Ok(())
        })
    });
    Ok(gone.await?)
}

fn made(state: &State, runtime: &Runtime) -> Result<Vec<Arc<Event>>> {
    runtime.block_on(async {
        let made = state.subscribe(TopicFilter::all(), Since::Now);
        append(state, DELIVERIES / SUBSCRIBERS).await?;
        let events = made.take(DELIVERIES / SUBSCRIBERS).map_ok(|delivery| delivery.event).try_collect();
        Ok(events.await?)
    })
}
