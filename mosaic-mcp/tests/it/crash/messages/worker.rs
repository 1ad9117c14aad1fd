//! A process in which several agents send, receive and acknowledge.

use std::collections::HashMap;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::messages::{
    AcknowledgeMessages, Message, Messages, OpenMailbox, ReceiveMessages, ReturnMessages, SendMessage,
};

use super::super::Place;
use super::super::worker::{Called, called, say};
use super::Lane;

pub(super) const MAILBOXES: [&str; 2] = ["red", "blue"];
const CONVERSATIONS: [&str; 2] = ["x", "y"];
const AGENTS: usize = 2;

/// Which worker a sender is of: `agent 1-0` is of the one in the slot 1.
pub(super) fn slot_of(sender: &str) -> usize {
    sender.split_once('-').unwrap().0.parse().unwrap()
}

pub(super) async fn open_mailboxes(place: &Place) {
    let (state, cx) = (place.open().await, CallContext::new());
    let messages = Messages::new(state.clone());
    for name in MAILBOXES {
        let op = OpenMailbox::new(name).lease(1u64).attempts(100u32).limit(100_000u64);
        messages.open_mailbox(&cx, op).await.unwrap();
    }
    state.close().await.unwrap();
}

/// The lane of a message, and its number in it.
pub(super) fn place_of(mailbox: &str, message: &Message) -> (Lane, u64) {
    let sender = message.from.strip_prefix("agent ").unwrap().to_owned();
    let conversation = message.conversation.clone().unwrap();
    ((mailbox.to_owned(), sender, conversation), message.body.as_u64().unwrap())
}

/// The revision at which a message was given: the last part of its receipt.
pub(super) fn given_at(message: &Message) -> u64 {
    u64::from_str_radix(message.receipt.rsplit_once('-').unwrap().1, 16).unwrap()
}

async fn work(messages: Messages, name: String, mut last: HashMap<(&str, &str), u64>) {
    let cx = CallContext::new().principal(Principal::agent(name.clone()));
    let mut random = fastrand::Rng::new();
    let send = async |mailbox: &str, conversation: &str, number: u64| {
        let id = format!("{mailbox}.{conversation}.{number}");
        let send = SendMessage::new(mailbox, number).conversation(conversation).id(id);
        messages.send_message(&cx, send).await.unwrap().repeated
    };
    // What those before it sent last is sent again, as by one who does not know.
    for ((mailbox, conversation), number) in &last {
        assert!(send(mailbox, conversation, *number).await, "it is there already");
        say(&format!("again {mailbox} {name} {conversation} {number}"));
    }
    loop {
        let (mailbox, conversation) = (MAILBOXES[random.usize(0..2)], CONVERSATIONS[random.usize(0..2)]);
        let number = last.entry((mailbox, conversation)).or_default();
        *number += 1;
        // One that was killed may have sent it already.
        let repeated = send(mailbox, conversation, *number).await;
        say(&format!("sent {mailbox} {name} {conversation} {number} {repeated}"));

        let mailbox = MAILBOXES[random.usize(0..2)];
        let take = ReceiveMessages::new(mailbox).limit(3u64);
        let received = messages.receive_messages(&cx, take).await.unwrap().messages;
        let mut receipts = Vec::new();
        for message in &received {
            let ((_, sender, conversation), number) = place_of(mailbox, message);
            let (deliveries, at) = (message.deliveries, given_at(message));
            say(&format!("got {mailbox} {sender} {conversation} {number} {deliveries} {at}"));
            receipts.push(message.receipt.clone());
        }
        if receipts.is_empty() {
            continue;
        }
        if random.u8(0..10) == 0 {
            late(messages.return_messages(&cx, ReturnMessages::new(mailbox, receipts)).await);
            continue;
        }
        let done = AcknowledgeMessages::new(mailbox, receipts);
        let Some(done) = late(messages.acknowledge_messages(&cx, done).await) else { continue };
        for message in received.iter().filter(|message| !done.refused.contains(&message.receipt)) {
            let ((_, sender, conversation), number) = place_of(mailbox, message);
            say(&format!("done {mailbox} {sender} {conversation} {number}"));
        }
    }
}

/// What was answered; none where it came after the lease was over.
fn late<T>(answer: mosaic_core::Result<T>) -> Option<T> {
    answer.map_err(|error| assert_eq!(error.kind(), ErrorKind::Conflict, "{error}")).ok()
}

/// The worker. Does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some(Called { place, slot, left, .. }) = called() else { return };
    let messages = Messages::new(place.open().await);
    let mut work_of = tokio::task::JoinSet::new();
    for at in 0..AGENTS {
        let name = format!("{slot}-{at}");
        let mut last = HashMap::new();
        for word in left.iter().filter(|word| word[1] == name) {
            let mailbox = MAILBOXES.into_iter().find(|name| *name == word[0]).unwrap();
            let conversation = CONVERSATIONS.into_iter().find(|name| *name == word[2]).unwrap();
            last.insert((mailbox, conversation), word[3].parse().unwrap());
        }
        work_of.spawn(work(messages.clone(), name, last));
    }
    while let Some(end) = work_of.join_next().await {
        end.unwrap();
    }
}
