//! Messages: against a model, and one by one.

mod many;
mod model;
mod reply;
mod route;

use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::types::{TenantId, Timestamp};
use mosaic_mcp::coordination::messages::{
    AcknowledgeMessages, BroadcastMessage, CloseMailbox, GetMailbox, ListDeadMessages, ListMailboxes,
    Messages, OpenMailbox, Overflow, ReceiveMessages, Received, ReplayDeadMessage, ReturnMessages,
    SendMessage,
};
use mosaic_mcp::function::Desk;
use mosaic_mcp::state::{Clock, KeyRange, State, StateOptions, TopicFilter};
use proptest::prelude::*;
use tokio::time::{advance, timeout};

use crate::ground::{Ground, Spot, on_every_store};
use crate::support::SharedStore;

async fn node(spot: &Spot) -> (State, Messages) {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let state = StateOptions::new().clock(clock).open_shared(spot.open().await).await.unwrap();
    (state.clone(), Messages::new(state))
}

/// A node of its own.
async fn alone(on: &Ground) -> (State, Messages) {
    node(&on.spot()).await
}

fn agent(name: &str) -> CallContext {
    CallContext::new().principal(Principal::agent(name.to_owned()))
}

fn bodies(received: &Received) -> Vec<String> {
    received.messages.iter().map(|message| message.body.as_str().unwrap_or_default().to_owned()).collect()
}

async fn receive(messages: &Messages, mailbox: &str) -> Received {
    messages.receive_messages(&agent("reader"), ReceiveMessages::new(mailbox)).await.unwrap()
}

async fn done(messages: &Messages, mailbox: &str, receipt: &str) -> Result<u64, ErrorKind> {
    let op = AcknowledgeMessages::new(mailbox, vec![receipt.to_owned()]);
    messages
        .acknowledge_messages(&agent("reader"), op)
        .await
        .map(|done| done.settled)
        .map_err(|error| error.kind())
}

async fn an_old_receipt_is_refused_and_a_message_given_out_too_often_is_dead(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    messages.open_mailbox(&cx, OpenMailbox::new("box").lease(10u64).attempts(2u32)).await.unwrap();
    messages.send_message(&cx, SendMessage::new("box", "one")).await.unwrap();
    let first = receive(&messages, "box").await;
    assert_eq!((bodies(&first), first.messages[0].deliveries), (vec!["one".to_owned()], 1));
    assert!(receive(&messages, "box").await.messages.is_empty());
    advance(Duration::from_secs(10)).await;
    // Over is over, also before it is given out again.
    assert_eq!(done(&messages, "box", &first.messages[0].receipt).await, Err(ErrorKind::Conflict));
    let second = receive(&messages, "box").await;
    assert_eq!(second.messages[0].deliveries, 2);
    assert_eq!(done(&messages, "box", &first.messages[0].receipt).await, Err(ErrorKind::Conflict));
    let back = ReturnMessages::new("box", vec![second.messages[0].receipt.clone()]);
    messages.return_messages(&cx, back).await.unwrap();
    assert!(receive(&messages, "box").await.messages.is_empty());

    let dead = messages.list_dead_messages(&cx, ListDeadMessages::new("box")).await.unwrap().items;
    assert_eq!((dead[0].body.as_str(), dead[0].deliveries), (Some("one"), 2));
    messages.replay_dead_message(&cx, ReplayDeadMessage::new("box", dead[0].number)).await.unwrap();
    let third = receive(&messages, "box").await;
    assert_eq!(third.messages[0].deliveries, 1);
    assert_eq!(done(&messages, "box", &third.messages[0].receipt).await, Ok(1));
    assert_eq!(done(&messages, "box", &third.messages[0].receipt).await, Err(ErrorKind::Conflict));
    let again = messages.replay_dead_message(&cx, ReplayDeadMessage::new("box", dead[0].number)).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::NotFound);
    state.close().await.unwrap();
}

async fn a_mailbox_whose_limit_is_lowered_goes_down_to_it_and_takes_what_comes(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    let open = OpenMailbox::new("box").limit(100u64).overflow(Overflow::DropOldest);
    messages.open_mailbox(&cx, open).await.unwrap();
    for n in 0..80 {
        messages.send_message(&cx, SendMessage::new("box", n)).await.unwrap();
    }
    messages.open_mailbox(&cx, OpenMailbox::new("box").limit(2u64)).await.unwrap();
    for n in 80..84 {
        messages.send_message(&cx, SendMessage::new("box", n)).await.unwrap();
    }
    let found = messages.get_mailbox(&cx, GetMailbox::new("box")).await.unwrap();
    assert_eq!((found.held, found.dropped), (2, 82));
    let left = receive(&messages, "box").await;
    assert_eq!(left.messages[0].body, 82);
    state.close().await.unwrap();
}

/// Whoever has the message goes without a word, and one that would have known when it lapses waits no longer.
#[tokio::test(start_paused = true)]
async fn what_one_reader_lets_lapse_another_that_waits_has_at_once() {
    let (state, messages) = alone(&Ground::memory()).await;
    let cx = agent("planner");
    let start = tokio::time::Instant::now();
    messages.open_mailbox(&cx, OpenMailbox::new("box").lease(10u64)).await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for wait in [290_u64, 5, 280, 300] {
        let messages = messages.clone();
        readers.spawn(async move {
            let op = ReceiveMessages::new("box").wait(wait);
            let received = messages.receive_messages(&agent("reader"), op).await.unwrap();
            (start.elapsed().as_secs(), bodies(&received).len())
        });
        // Each is there before the next.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    messages.send_message(&cx, SendMessage::new("box", "one")).await.unwrap();
    let mut got = Vec::new();
    while let Some(done) = readers.join_next().await {
        got.push(done.unwrap());
    }
    assert_eq!(got, [(0, 1), (5, 0), (10, 1), (20, 1)]);
    state.close().await.unwrap();
}

async fn a_full_mailbox_refuses_or_drops_the_oldest_as_it_says(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    messages.open_mailbox(&cx, OpenMailbox::new("strict").limit(2u64)).await.unwrap();
    let loose = OpenMailbox::new("loose").limit(2u64).overflow(Overflow::DropOldest);
    messages.open_mailbox(&cx, loose).await.unwrap();
    for name in ["strict", "loose"] {
        for body in ["one", "two"] {
            messages.send_message(&cx, SendMessage::new(name, body)).await.unwrap();
        }
    }
    let error = messages.send_message(&cx, SendMessage::new("strict", "three")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.wait()),
        (ErrorKind::QuotaExceeded, Some(Duration::from_secs(1))),
        "{error}"
    );
    // The one that is worked on stays; the one that waits behind it in the same lane goes.
    let held = receive(&messages, "loose").await;
    messages.send_message(&cx, SendMessage::new("loose", "three")).await.unwrap();
    assert_eq!(done(&messages, "loose", &held.messages[0].receipt).await, Ok(1));
    let rest = receive(&messages, "loose").await;
    assert_eq!((bodies(&rest), rest.dropped), (vec!["three".to_owned()], 1));
    let other = OpenMailbox::new("loose").overflow(Overflow::Reject);
    assert_eq!(messages.open_mailbox(&cx, other).await.unwrap_err().kind(), ErrorKind::Conflict);
    // What is worth nothing any more makes room.
    messages.open_mailbox(&cx, OpenMailbox::new("short").limit(1u64)).await.unwrap();
    messages.send_message(&cx, SendMessage::new("short", "soon old").seconds(5u64)).await.unwrap();
    assert!(messages.send_message(&cx, SendMessage::new("short", "new")).await.is_err());
    advance(Duration::from_secs(5)).await;
    messages.send_message(&cx, SendMessage::new("short", "new")).await.unwrap();
    let found = receive(&messages, "short").await;
    assert_eq!((bodies(&found), found.expired), (vec!["new".to_owned()], 1));
    state.close().await.unwrap();
}

async fn a_message_that_is_sent_again_within_the_hour_is_delivered_once(on: &Ground) {
    let (state, messages) = alone(on).await;
    let (cx, other) = (agent("planner"), agent("other"));
    messages.open_mailbox(&cx, OpenMailbox::new("box")).await.unwrap();
    let send = SendMessage::new("box", "one").id("release-7");
    let first = messages.send_message(&cx, send.clone()).await.unwrap();
    assert_eq!((first.id.as_str(), first.delivered, first.repeated), ("release-7", 1, false));
    let again = messages.send_message(&cx, send.clone()).await.unwrap();
    assert_eq!(again, first.clone().repeated(true));
    let changed = messages.send_message(&cx, SendMessage::new("box", "two").id("release-7")).await;
    assert_eq!(changed.unwrap_err().kind(), ErrorKind::Conflict);
    // Another sender has names of its own.
    assert!(!messages.send_message(&other, send.clone()).await.unwrap().repeated);
    let held = messages.get_mailbox(&cx, GetMailbox::new("box")).await.unwrap().held;
    assert_eq!(held, 2);
    advance(Duration::from_secs(3_600)).await;
    assert!(!messages.send_message(&cx, send).await.unwrap().repeated);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_message_wakes_one_reader_on_whatever_node() {
    let store = SharedStore::new();
    let ((here, ours), (there, theirs)) =
        (node(&Spot::Memory(store.clone())).await, node(&Spot::Memory(store.clone())).await);
    let cx = agent("planner");
    ours.open_mailbox(&cx, OpenMailbox::new("box").lease(10u64)).await.unwrap();
    ours.open_mailbox(&cx, OpenMailbox::new("other")).await.unwrap();
    let wait = |name: &'static str| {
        let messages = ours.clone();
        tokio::spawn(async move {
            messages.receive_messages(&agent("reader"), ReceiveMessages::new(name).wait(30u64)).await.unwrap()
        })
    };
    let readers: Vec<_> = (0..50).map(|_| wait("box")).collect();
    let idle = wait("other");
    tokio::time::sleep(Duration::from_millis(10)).await;
    let before = store.questions();
    theirs.send_message(&cx, SendMessage::new("box", "one")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    // One reader looks: a few questions, not fifty times as many.
    assert!(store.questions() - before < 20, "{} questions", store.questions() - before);
    assert_eq!(readers.iter().filter(|reader| reader.is_finished()).count(), 1);
    assert!(!idle.is_finished());
    // Three that may go out of turn wake three.
    for n in 0..3 {
        theirs.send_message(&cx, SendMessage::new("box", n.to_string()).unordered(true)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let ended = readers.iter().filter(|reader| reader.is_finished()).count();
    assert!((2..=4).contains(&ended), "{ended}");
    // When the lease is over somebody has it again, and the others end with their time.
    advance(Duration::from_secs(40)).await;
    let mut seen = Vec::new();
    for reader in readers {
        seen.extend(bodies(&reader.await.unwrap()));
    }
    assert!(seen.iter().filter(|body| *body == "one").count() > 1, "{seen:?}");
    assert!(idle.await.unwrap().messages.is_empty());
    here.close().await.unwrap();
    there.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_call_costs_does_not_grow_with_what_waits() {
    let mut costs = Vec::new();
    for backlog in [10u64, 2_000] {
        let store = SharedStore::new();
        let (state, messages) = node(&Spot::Memory(store.clone())).await;
        let cx = agent("planner");
        messages.open_mailbox(&cx, OpenMailbox::new("box").limit(100_000u64)).await.unwrap();
        let sends = (0..backlog).map(|n| {
            let conversation = format!("c{}", n % 500);
            let send = SendMessage::new("box", n).conversation(conversation).seconds(1_000 + n);
            messages.send_message(&cx, send)
        });
        futures_util::future::try_join_all(sends).await.unwrap();
        let at = |store: &SharedStore| store.questions();
        let begin = at(&store);
        let found = messages.receive_messages(&cx, ReceiveMessages::new("box").limit(5u64)).await.unwrap();
        let received = at(&store) - begin;
        let receipts = found.messages.iter().map(|message| message.receipt.clone()).collect::<Vec<_>>();
        messages.acknowledge_messages(&cx, AcknowledgeMessages::new("box", receipts)).await.unwrap();
        let settled = at(&store) - begin - received;
        messages.send_message(&cx, SendMessage::new("box", "more").conversation("c1")).await.unwrap();
        let sent = at(&store) - begin - received - settled;
        for n in 0..backlog.min(200) {
            messages.open_mailbox(&cx, OpenMailbox::new(format!("many-{n}"))).await.unwrap();
        }
        let begin = at(&store);
        for unordered in [false, true] {
            let all = BroadcastMessage::new("all").unordered(unordered);
            assert!(messages.broadcast_message(&cx, all).await.unwrap().delivered > 10);
        }
        assert!(at(&store) - begin <= 6, "{}", at(&store) - begin);
        assert_eq!(found.messages.len(), 5);
        assert!(received <= 5 && sent <= 3, "{received} {sent}");
        costs.push((received, sent));
        state.close().await.unwrap();
    }
    assert_eq!(costs[0], costs[1]);
}

async fn a_mailbox_that_is_closed_leaves_nothing_and_a_new_one_of_its_name_is_empty(on: &Ground) {
    let (state, messages) = alone(on).await;
    let cx = agent("planner");
    let open = OpenMailbox::new("box").project("web").limit(5_000u64);
    messages.open_mailbox(&cx, open.clone()).await.unwrap();
    let sends =
        (0..900).map(|n| messages.send_message(&cx, SendMessage::new("box", n).unordered(n % 2 == 0)));
    futures_util::future::try_join_all(sends).await.unwrap();
    let old = receive(&messages, "box").await;
    messages.close_mailbox(&cx, CloseMailbox::new("box")).await.unwrap();
    assert!(state.range(&KeyRange::all(), 10).await.unwrap().is_empty());
    let missing = messages.send_message(&cx, SendMessage::new("box", "late")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    messages.open_mailbox(&cx, open).await.unwrap();
    messages.send_message(&cx, SendMessage::new("box", "new")).await.unwrap();
    assert_eq!(done(&messages, "box", &old.messages[0].receipt).await, Err(ErrorKind::Conflict));
    assert_eq!(bodies(&receive(&messages, "box").await), ["new"]);

    let other = agent("planner").tenant(TenantId::new("other").unwrap());
    assert!(messages.list_mailboxes(&other, ListMailboxes::new()).await.unwrap().items.is_empty());
    let listed = messages.list_mailboxes(&cx, ListMailboxes::new().project("web")).await.unwrap();
    assert_eq!(
        listed.items.iter().map(|found| (&*found.mailbox, found.held, found.given)).collect::<Vec<_>>(),
        [("box", 1, 1)]
    );
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_takes_no_message_from_the_others() {
    let store = SharedStore::new();
    let (state, messages) = node(&Spot::Memory(store.clone())).await;
    let cx = agent("planner");
    messages.open_mailbox(&cx, OpenMailbox::new("box")).await.unwrap();
    let wait = || messages.receive_messages(&cx, ReceiveMessages::new("box").wait(60u64));
    for _ in 0..5 {
        assert!(timeout(Duration::from_millis(5), wait()).await.is_err());
    }
    let (found, _) = tokio::join!(wait(), messages.send_message(&cx, SendMessage::new("box", "one")));
    assert_eq!(bodies(&found.unwrap()), ["one"]);
    // The log tells what happened, without bodies.
    let filter = TopicFilter::of_tenant(cx.tenant_id(), "message.box").unwrap();
    let kinds: Vec<_> = state.events(&filter, 0, 10).await.unwrap();
    assert_eq!(
        kinds.iter().map(|event| &*event.kind).collect::<Vec<_>>(),
        ["mailbox.opened", "message.sent"]
    );
    assert!(!String::from_utf8_lossy(&kinds[1].data).contains("one"));
    state.close().await.unwrap();
}

on_every_store! {
    an_old_receipt_is_refused_and_a_message_given_out_too_often_is_dead,
    a_mailbox_whose_limit_is_lowered_goes_down_to_it_and_takes_what_comes,
    a_full_mailbox_refuses_or_drops_the_oldest_as_it_says,
    a_message_that_is_sent_again_within_the_hour_is_delivered_once,
    a_mailbox_that_is_closed_leaves_nothing_and_a_new_one_of_its_name_is_empty,
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
        Just("box".into()),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(key(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "mailbox",
        "to",
        "body",
        "topic",
        "conversation",
        "id",
        "seconds",
        "receipts",
        "receipt",
        "limit",
        "wait",
        "delay",
        "reply_to",
        "reply_within",
        "unordered",
        "project",
        "number",
        "page",
        "lease",
        "attempts",
    ];
    prop_oneof![9 => prop::sample::select(known.map(str::to_owned).to_vec()), 1 => ".{0,8}"]
}

proptest! {
    #![proptest_config(crate::support::cases(400))]
    #[test]
    fn any_input_is_taken_or_refused_with_what_is_wrong(function in 0usize..64, params in json(), named in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (state, messages) = alone(&Ground::memory()).await;
            let cx = CallContext::new();
            messages.open_mailbox(&cx, OpenMailbox::new("box")).await.unwrap();
            let desk = Desk::builder().room(messages).build();
            let defs: Vec<_> = desk.offered().collect();
            let mut params = params;
            if let (true, Some(object)) = (named, params.as_object_mut()) {
                object.insert("mailbox".to_owned(), "box".into());
            }
            let def = defs[function % defs.len()];
            if let Err(error) = def.call(&desk, &cx, params).await {
                let expected = matches!(error.kind(), ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::DeadlineExceeded | ErrorKind::QuotaExceeded);
                assert!(expected, "{error}");
            }
            state.close().await.unwrap();
        });
    }
}
