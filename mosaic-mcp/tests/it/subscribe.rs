//! Subscriptions: nothing left out in silence, nothing twice, on several nodes, behind memory and behind what was removed.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind};
use mosaic_mcp::state::{
    Consumers, MemoryStore, Since, State, StateOptions, Subscription, Topic, TopicFilter,
};
use proptest::prelude::*;
use tokio::time::timeout;

use crate::support::SharedStore;

const TOPICS: [&str; 4] = ["a.1", "a.2", "b.1", "b.2.c"];
const FILTERS: [&str; 5] = [">", "a.*", "b.>", "b.1", "*.2"];

fn filter(text: &str) -> TopicFilter {
    TopicFilter::new(text).unwrap()
}

async fn append(state: &State, topics: Vec<usize>) -> u64 {
    state
        .run(move |tx| {
            Box::pin(async move {
                for topic in topics {
                    tx.append(Topic::new(TOPICS[topic % TOPICS.len()])?, "moved", "")?;
                }
                Ok(tx.offset())
            })
        })
        .await
        .unwrap()
}

async fn trim(state: &State, topic: Option<usize>, through: u64) {
    let topic = topic.map(|topic| Topic::new(TOPICS[topic % TOPICS.len()]).unwrap());
    state
        .run(move |tx| {
            Box::pin(async move {
                tx.trim(topic, through);
                Ok(())
            })
        })
        .await
        .unwrap();
}

fn fact(error: &Error, name: &str) -> Option<u64> {
    error.facts().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
}

#[derive(Debug, Clone)]
enum Step {
    Append {
        node: usize,
        topics: Vec<usize>,
    },
    /// Events of which some are removed in the same group.
    Churn {
        node: usize,
        topics: Vec<usize>,
        topic: Option<usize>,
        back: u64,
    },
    Trim {
        node: usize,
        topic: Option<usize>,
        back: u64,
    },
    Open {
        node: usize,
        filter: usize,
        since: u8,
        back: u64,
    },
    Take {
        follower: usize,
        count: usize,
    },
    Resume {
        follower: usize,
        node: usize,
    },
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..2, prop::collection::vec(0usize..4, 1..120)).prop_map(|(node, topics)| Step::Append { node, topics }),
        1 => (0usize..2, prop::collection::vec(0usize..4, 1..40), prop::option::of(0usize..4), 0u64..40)
            .prop_map(|(node, topics, topic, back)| Step::Churn { node, topics, topic, back }),
        1 => (0usize..2, prop::option::of(0usize..4), 0u64..60)
            .prop_map(|(node, topic, back)| Step::Trim { node, topic, back }),
        2 => (0usize..2, 0usize..5, 0u8..3, 0u64..80)
            .prop_map(|(node, filter, since, back)| Step::Open { node, filter, since, back }),
        4 => (0usize..6, 1usize..50).prop_map(|(follower, count)| Step::Take { follower, count }),
        1 => (0usize..6, 0usize..2).prop_map(|(follower, node)| Step::Resume { follower, node }),
        1 => Just(Step::Pause),
    ]
}

/// A subscription and what it must have seen.
struct Follower {
    subscription: Subscription,
    /// Everything up to here is accounted for.
    seen: u64,
    /// It was told of removals up to here.
    told: u64,
    fresh: bool,
}

impl Follower {
    /// Takes what is there, at most so much; checks each.
    async fn take(&mut self, state: &State, log: &[usize], count: usize) {
        for _ in 0..count {
            if self.fresh && self.subscription.position() == 0 {
                // What was removed before the first look is not told.
                self.told = state.trimmed().await.unwrap().before(self.subscription.topics());
            }
            let Ok(next) = timeout(Duration::from_millis(1), self.subscription.next()).await else { return };
            match next.expect("the state is open") {
                Ok(delivery) => {
                    self.fresh = false;
                    let offset = delivery.event.offset;
                    assert!(offset > self.seen, "{offset} again or out of order after {}", self.seen);
                    assert_eq!(
                        delivery.event.topic.as_str(),
                        TOPICS[log[offset as usize - 1] % TOPICS.len()]
                    );
                    assert!(self.subscription.topics().matches(&delivery.event.topic));
                    assert!(delivery.lag <= log.len() as u64 - offset, "lag {}", delivery.lag);
                    self.account(state, log, offset - 1).await;
                    self.seen = offset;
                }
                Err(error) => {
                    self.fresh = false;
                    let through = fact(&error, "removed_through").unwrap_or_else(|| panic!("{error}"));
                    assert!(
                        through > self.seen && through > self.told,
                        "{through} after {} and {}",
                        self.seen,
                        self.told
                    );
                    self.told = through;
                }
            }
        }
    }

    /// What lies between the last one and this offset and was wanted must have been removed, and that must have been told.
    async fn account(&mut self, state: &State, log: &[usize], through: u64) {
        let trimmed = state.trimmed().await.unwrap();
        for offset in self.seen + 1..=through {
            let topic = Topic::new(TOPICS[log[offset as usize - 1] % TOPICS.len()]).unwrap();
            if self.subscription.topics().matches(&topic) {
                let removed = trimmed.all.max(trimmed.topics.get(&topic).copied().unwrap_or(0));
                assert!(offset <= removed, "{offset} on {topic} was left out");
                assert!(offset <= self.told, "nobody was told that {offset} is gone");
            }
        }
        self.seen = self.seen.max(through);
    }
}

async fn play(memory: [usize; 2], steps: Vec<Step>) {
    let store = SharedStore::new();
    let mut nodes = Vec::new();
    for memory in memory {
        nodes.push(StateOptions::new().memory(memory).open(store.clone()).await.unwrap());
    }
    let (mut log, mut followers): (Vec<usize>, Vec<Follower>) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Append { node, topics } => {
                let last = append(&nodes[node], topics.clone()).await;
                log.extend(topics);
                assert_eq!(last, log.len() as u64);
            }
            Step::Churn { node, topics, topic, back } => {
                let through = ((log.len() + topics.len()) as u64).saturating_sub(back);
                tokio::join!(append(&nodes[node], topics.clone()), trim(&nodes[node], topic, through));
                log.extend(topics);
            }
            Step::Trim { node, topic, back } => {
                trim(&nodes[node], topic, (log.len() as u64).saturating_sub(back)).await;
            }
            Step::Open { node, filter: chosen, since, back } if followers.len() < 6 => {
                let at = (log.len() as u64).saturating_sub(back);
                let (since, fresh) = match since {
                    0 => (Since::Start, true),
                    1 => (Since::After(at), false),
                    _ => (Since::Now, false),
                };
                let subscription = nodes[node].subscribe(filter(FILTERS[chosen]), since);
                let seen = subscription.position();
                followers.push(Follower { subscription, seen, told: 0, fresh });
            }
            Step::Open { .. } => {}
            Step::Take { follower, count } => {
                if let Some(follower) = followers.get_mut(follower) {
                    follower.take(&nodes[0], &log, count).await;
                }
            }
            Step::Resume { follower, node } => {
                if let Some(follower) = followers.get_mut(follower).filter(|follower| !follower.fresh) {
                    let at = follower.subscription.position();
                    follower.account(&nodes[0], &log, at).await;
                    follower.told = 0;
                    follower.subscription =
                        nodes[node].subscribe(follower.subscription.topics().clone(), Since::After(at));
                }
            }
            Step::Pause => tokio::time::sleep(Duration::from_millis(1_500)).await,
        }
    }
    for follower in &mut followers {
        while follower.subscription.position() < log.len() as u64 {
            follower.take(&nodes[0], &log, 1_000).await;
        }
        follower.account(&nodes[0], &log, log.len() as u64).await;
        assert_eq!(follower.subscription.lag(), 0);
    }
    for node in nodes {
        node.close().await.unwrap();
    }
}

proptest! {
    #![proptest_config(crate::support::cases(192))]
    #[test]
    fn nothing_is_left_out_in_silence_and_nothing_comes_twice(
        memory in [1usize..80, 1usize..80],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async { timeout(Duration::from_secs(3_600), play(memory, steps)).await }).unwrap();
    }
}

#[tokio::test]
async fn what_was_removed_is_told_once_and_the_rest_follows() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    append(&state, vec![0; 10]).await;
    trim(&state, None, 6).await;
    let mut late = state.subscribe(filter("a.*"), Since::After(3));
    let error = late.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), fact(&error, "removed_through")), (ErrorKind::NotFound, Some(6)), "{error}");
    let rest: Vec<u64> = late.by_ref().take(4).map(|next| next.unwrap().event.offset).collect().await;
    assert_eq!(rest, [7, 8, 9, 10]);
    assert!(late.next().now_or_never().is_none());
    // From the start means: what is kept.
    let kept: Vec<u64> = state
        .subscribe(filter("a.*"), Since::Start)
        .take(4)
        .map_ok(|next| next.event.offset)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(kept, rest);
    state.close().await.unwrap();
}

#[tokio::test]
async fn an_offset_of_another_log_is_told() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    append(&state, vec![0; 3]).await;
    let mut lost = state.subscribe(TopicFilter::all(), Since::After(50));
    let error = lost.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), fact(&error, "log_end")), (ErrorKind::NotFound, Some(3)), "{error}");
    append(&state, vec![1]).await;
    assert_eq!(lost.next().await.unwrap().unwrap().event.offset, 4);
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_subscription_ends_with_the_state_and_after_what_is_there() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let mut all = state.subscribe(TopicFilter::all(), Since::Now);
    append(&state, vec![0, 1, 2]).await;
    let waits = {
        let mut idle = state.subscribe(filter("nothing.here"), Since::Now);
        tokio::spawn(async move { idle.next().await.is_none() })
    };
    tokio::task::yield_now().await;
    state.close().await.unwrap();
    let offsets: Vec<u64> = all.by_ref().map(|next| next.unwrap().event.offset).collect().await;
    assert_eq!(offsets, [1, 2, 3]);
    assert!(waits.await.unwrap());
}

#[tokio::test]
async fn a_consumer_goes_on_where_it_was_and_the_older_one_is_refused() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let (cx, consumers) = (CallContext::new(), Consumers::new(state.clone()));
    append(&state, vec![0, 2, 0, 0]).await;
    let mut first = consumers.open(&cx, "reports", filter("a.*"), Since::Start).await.unwrap();
    assert_eq!(first.next().await.unwrap().unwrap().event.offset, 1);
    assert_eq!(first.next().await.unwrap().unwrap().event.offset, 3);
    assert_eq!(first.acknowledge(4).await.unwrap_err().kind(), ErrorKind::Invalid);
    first.acknowledge(1).await.unwrap();
    first.acknowledge(0).await.unwrap();

    let mut second = consumers.open(&cx, "reports", filter("a.*"), Since::Now).await.unwrap();
    assert_eq!(first.acknowledge(3).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(second.next().await.unwrap().unwrap().event.offset, 3);
    second.acknowledge(3).await.unwrap();
    let wrong = consumers.open(&cx, "reports", filter("b.*"), Since::Now).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Conflict);

    let listed = consumers.list(&cx, None).await.unwrap();
    assert_eq!(
        listed.iter().map(|info| (&*info.name, info.acknowledged, info.lag)).collect::<Vec<_>>(),
        [("reports", 3, 1)]
    );
    assert!(consumers.list(&cx, Some("reports")).await.unwrap().is_empty());
    let other = CallContext::new().tenant(mosaic_core::types::TenantId::new("other").unwrap());
    assert!(consumers.list(&other, None).await.unwrap().is_empty());
    consumers.remove(&cx, "reports").await.unwrap();
    assert_eq!(consumers.remove(&cx, "reports").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(second.acknowledge(3).await.unwrap_err().kind(), ErrorKind::Conflict);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_event_wakes_one_of_those_who_wait_for_its_topic() {
    let store = SharedStore::new();
    let (here, there) = (State::open(store.clone()).await.unwrap(), State::open(store).await.unwrap());
    let topic = Topic::new(TOPICS[0]).unwrap();
    let places: Vec<_> = (0..3).map(|_| here.park(&topic)).collect();
    let woken = |places: &[mosaic_mcp::state::Parked]| {
        places.iter().filter(|place| place.woken().now_or_never().is_some()).count()
    };
    append(&here, vec![1, 2]).await;
    assert_eq!(woken(&places), 0);
    let waits = futures_util::future::join_all(
        places.iter().map(|place| timeout(Duration::from_secs(5), place.woken())),
    );
    let (ends, _) = tokio::join!(waits, append(&there, vec![0]));
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    places[0].pass_on();
    assert_eq!(woken(&places), 1);
    here.close().await.unwrap();
    places[1].woken().await;
    there.close().await.unwrap();
}
