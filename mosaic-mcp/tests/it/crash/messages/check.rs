//! What must hold after the kills, and after one reader has emptied every mailbox.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::messages::{AcknowledgeMessages, GetMailbox, Messages, ReceiveMessages};
use serde::Deserialize;

use super::super::place::events;
use super::super::{Place, kills};
use super::{Got, Lane, Said, worker};

/// What an event tells of a message.
#[derive(Deserialize)]
struct Told {
    id: String,
    from: String,
}

/// What the log tells of the messages of a lane: their numbers, in order.
#[derive(Default)]
struct Course {
    sent: Vec<u64>,
    done: Vec<u64>,
}

/// One reader that empties a mailbox.
async fn empty(messages: &Messages, mailbox: &str, said: &mut Said) -> usize {
    let (cx, mut taken) = (CallContext::new(), 0);
    loop {
        let take = ReceiveMessages::new(mailbox).limit(100u64);
        let received = messages.receive_messages(&cx, take).await.unwrap().messages;
        if received.is_empty() {
            let left = messages.get_mailbox(&cx, GetMailbox::new(mailbox)).await.unwrap();
            assert_eq!((left.held, left.dead, left.dropped), (0, 0, 0), "{left:?}");
            return taken;
        }
        taken += received.len();
        for message in &received {
            let (lane, number) = worker::place_of(mailbox, message);
            assert!(
                !said.acknowledged.contains(&(lane.clone(), number)),
                "{lane:?} {number} was acknowledged, and is given out again"
            );
            let (deliveries, at) = (message.deliveries, worker::given_at(message));
            said.got.entry(lane).or_default().push(Got { number, deliveries, at });
        }
        let receipts = received.into_iter().map(|message| message.receipt).collect::<Vec<_>>();
        let done =
            messages.acknowledge_messages(&cx, AcknowledgeMessages::new(mailbox, receipts)).await.unwrap();
        assert!(done.refused.is_empty());
    }
}

pub(super) async fn check(place: &Place, mut said: Said) {
    let state = place.open_later().await;
    let messages = Messages::new(state.clone());
    let mut left = 0;
    for mailbox in worker::MAILBOXES {
        left += empty(&messages, mailbox, &mut said).await;
    }
    let mut courses = BTreeMap::<Lane, Course>::new();
    for event in events(&state, "*.message.>").await {
        let mailbox =
            worker::MAILBOXES.into_iter().find(|name| event.topic.as_str().ends_with(name)).unwrap();
        if !matches!(&*event.kind, "message.sent" | "message.acknowledged") {
            continue;
        }
        let told: Told = serde_json::from_slice(&event.data).unwrap();
        let parts: Vec<&str> = told.id.split('.').collect();
        let (sender, number) = (told.from.strip_prefix("agent ").unwrap(), parts[2].parse().unwrap());
        let course = courses.entry((mailbox.to_owned(), sender.to_owned(), parts[1].to_owned())).or_default();
        if &*event.kind == "message.sent" { course.sent.push(number) } else { course.done.push(number) }
    }
    for (lane, last) in &said.sent {
        assert!(courses[lane].sent.len() as u64 >= *last, "{lane:?}: {last} was acknowledged and is lost");
    }
    let mut total = 0;
    for (lane, course) in &courses {
        let all: Vec<u64> = (1..=course.sent.len() as u64).collect();
        assert_eq!(course.sent, all, "{lane:?}: each was sent once, in order");
        assert_eq!(course.done, all, "{lane:?}: each was done once, in order");
        total += all.len();
        let got = said.got.get(lane).map(Vec::as_slice).unwrap_or_default();
        // What was given for the first time was given in order. What nobody lived to tell of is missing here.
        let mut first: Vec<&Got> = got.iter().filter(|got| got.deliveries == 1).collect();
        first.sort_by_key(|got| got.at);
        assert!(first.is_sorted_by(|a, b| a.number < b.number), "{lane:?}: {first:?}");
        let mut each: Vec<(u64, u32)> = got.iter().map(|got| (got.number, got.deliveries)).collect();
        each.sort_unstable();
        assert!(
            each.is_sorted_by(|a, b| a < b),
            "{lane:?}: two were given the same message at once: {each:?}"
        );
    }
    let given = said.got.values().flatten();
    let again = given.filter(|got| got.deliveries > 1).count();
    println!(
        "{} messages, {} acknowledged as done, {left} were left; {} sent again, {again} given again",
        total,
        said.acknowledged.len(),
        said.repeated
    );
    assert!(said.acknowledged.len() > kills() && again > 0 && said.repeated > 0, "the workers worked");
    state.close().await.unwrap();
}
