//! Topics and broadcasts: who gets what is published.

use std::collections::BTreeSet;

use mosaic_core::error::ErrorKind;
use mosaic_core::types::TenantId;
use mosaic_mcp::coordination::messages::{
    BroadcastMessage, FollowTopic, OpenMailbox, Overflow, PublishMessage, SendMessage, UnfollowTopic,
};
use mosaic_mcp::state::{Topic, TopicFilter};
use proptest::prelude::*;

use super::{agent, alone, bodies, receive};
use crate::ground::{Ground, on_every_store};

async fn what_is_broadcast_comes_to_all_of_the_tenant_or_of_the_project(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    for (name, project) in [("a", Some("web")), ("b", Some("web")), ("c", Some("api")), ("d", None)] {
        let mut open = OpenMailbox::new(name).limit(1u64);
        open.project = project.map(str::to_owned);
        messages.open_mailbox(&cx, open).await.unwrap();
    }
    let elsewhere = agent("planner").tenant(TenantId::new("other").unwrap());
    messages.open_mailbox(&elsewhere, OpenMailbox::new("a")).await.unwrap();
    let web =
        messages.broadcast_message(&cx, BroadcastMessage::new("web only").project("web")).await.unwrap();
    assert_eq!((web.delivered, web.refused.len()), (2, 0));
    // Two are full and say so; the others get it.
    let all = messages.broadcast_message(&cx, BroadcastMessage::new("all").id("b1")).await.unwrap();
    assert_eq!((all.delivered, &all.refused), (2, &vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(
        messages.broadcast_message(&cx, BroadcastMessage::new("all").id("b1")).await.unwrap(),
        all.repeated(true)
    );
    for (name, body) in [("a", "web only"), ("b", "web only"), ("c", "all"), ("d", "all")] {
        assert_eq!(bodies(&receive(&messages, name).await), [body]);
    }
    let nobody = messages.broadcast_message(&cx, BroadcastMessage::new("x").project("none")).await.unwrap();
    assert_eq!(nobody.delivered, 0);
    let elsewhere =
        messages.receive_messages(&elsewhere, mosaic_mcp::coordination::messages::ReceiveMessages::new("a"));
    assert!(elsewhere.await.unwrap().messages.is_empty());
    state.close().await.unwrap();
}

async fn a_mailbox_that_follows_a_topic_twice_gets_it_once_and_none_after_it_left(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    messages.open_mailbox(&cx, OpenMailbox::new("a").overflow(Overflow::DropOldest)).await.unwrap();
    for filter in ["build.*", "build.>", "build.*"] {
        messages.follow_topic(&cx, FollowTopic::new("a", TopicFilter::new(filter).unwrap())).await.unwrap();
    }
    let publish = PublishMessage::new(Topic::new("build.7").unwrap(), "green");
    assert_eq!(messages.publish_message(&cx, publish.clone()).await.unwrap().delivered, 1);
    let found = receive(&messages, "a").await;
    assert_eq!(found.messages[0].topic.as_ref().map(Topic::as_str), Some("build.7"));
    for (filter, left) in [("build.*", 1), ("build.>", 0)] {
        messages
            .unfollow_topic(&cx, UnfollowTopic::new("a", TopicFilter::new(filter).unwrap()))
            .await
            .unwrap();
        assert_eq!(messages.publish_message(&cx, publish.clone()).await.unwrap().delivered, left);
    }
    let missing = messages.follow_topic(&cx, FollowTopic::new("b", TopicFilter::all())).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    state.close().await.unwrap();
}

async fn what_is_too_large_for_so_many_is_refused_as_a_whole(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    for n in 0..40 {
        messages.open_mailbox(&cx, OpenMailbox::new(format!("box-{n}"))).await.unwrap();
    }
    let large = "x".repeat(250 << 10);
    let error = messages.broadcast_message(&cx, BroadcastMessage::new(large.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    messages.send_message(&cx, SendMessage::new("box-1", large)).await.unwrap();
    let over =
        messages.send_message(&cx, SendMessage::new("box-1", "x".repeat(257 << 10))).await.unwrap_err();
    assert_eq!(over.kind(), ErrorKind::Invalid);
    state.close().await.unwrap();
}

fn filter() -> impl Strategy<Value = String> {
    (prop::collection::vec("[ab*]", 0..4), any::<bool>()).prop_filter_map("empty", |(mut segments, rest)| {
        if rest {
            segments.push(">".to_owned());
        }
        (!segments.is_empty()).then(|| segments.join("."))
    })
}

proptest! {
    #![proptest_config(crate::support::cases(96))]
    #[test]
    fn a_topic_reaches_those_whose_filters_choose_it(
        follows in prop::collection::vec((0usize..5, filter()), 0..24),
        leaves in prop::collection::vec(0usize..24, 0..6),
        topics in prop::collection::vec(prop::collection::vec("[ab]", 1..5), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (state, messages) = alone(&Ground::memory()).await;
            let cx = agent("planner");
            for n in 0..5 {
                messages.open_mailbox(&cx, OpenMailbox::new(format!("box-{n}"))).await.unwrap();
            }
            let mut followed = BTreeSet::new();
            for (mailbox, filter) in &follows {
                let (name, topic) = (format!("box-{mailbox}"), TopicFilter::new(filter).unwrap());
                messages.follow_topic(&cx, FollowTopic::new(&name, topic)).await.unwrap();
                followed.insert((name, filter.clone()));
            }
            for leave in leaves {
                if let Some((mailbox, filter)) = follows.get(leave) {
                    let (name, topic) = (format!("box-{mailbox}"), TopicFilter::new(filter).unwrap());
                    messages.unfollow_topic(&cx, UnfollowTopic::new(&name, topic)).await.unwrap();
                    followed.remove(&(name, filter.clone()));
                }
            }
            for segments in topics {
                let topic = Topic::new(segments.join(".")).unwrap();
                let expected: BTreeSet<&String> = followed
                    .iter()
                    .filter(|(_, filter)| TopicFilter::new(filter).unwrap().matches(&topic))
                    .map(|(name, _)| name)
                    .collect();
                let op = PublishMessage::new(topic, "x").unordered(true);
                let sent = messages.publish_message(&cx, op).await.unwrap();
                assert_eq!(sent.delivered, expected.len() as u64);
                for n in 0..5 {
                    let name = format!("box-{n}");
                    let got = receive(&messages, &name).await.messages.len();
                    assert_eq!(got, usize::from(expected.contains(&name)), "{name}");
                }
            }
            state.close().await.unwrap();
        });
    }
}

on_every_store! {
    what_is_broadcast_comes_to_all_of_the_tenant_or_of_the_project,
    a_mailbox_that_follows_a_topic_twice_gets_it_once_and_none_after_it_left,
    what_is_too_large_for_so_many_is_refused_as_a_whole,
}
