//! Requests and their answers.

use std::time::Duration;

use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::messages::{
    Message, Messages, OpenMailbox, ReceiveMessages, ReplyMessage, RequestReply, SendMessage,
};
use tokio::time::{advance, sleep};

use super::{agent, alone, node, receive};
use crate::ground::{Ground, Spot};
use crate::support::SharedStore;

async fn next(messages: &Messages, mailbox: &str) -> Message {
    let op = ReceiveMessages::new(mailbox).wait(60u64);
    messages.receive_messages(&agent("builder"), op).await.unwrap().messages.remove(0)
}

#[tokio::test(start_paused = true)]
async fn an_answer_on_another_node_ends_the_call_that_waits() {
    let store = SharedStore::new();
    let ((here, ours), (there, theirs)) =
        (node(&Spot::Memory(store.clone())).await, node(&Spot::Memory(store.clone())).await);
    ours.open_mailbox(&agent("builder"), OpenMailbox::new("builder")).await.unwrap();
    let planner = agent("planner");
    let ask = ours.request_reply(&planner, RequestReply::new("builder", "green?").seconds(30u64));
    let answer = async {
        let asked = next(&theirs, "builder").await;
        assert_eq!((asked.from.as_str(), &asked.body), ("agent planner", &"green?".into()));
        sleep(Duration::from_secs(5)).await;
        let op = ReplyMessage::new("builder", asked.receipt, "yes");
        let replied = theirs.reply_message(&agent("builder"), op.clone()).await.unwrap();
        assert!(replied.delivered, "{replied:?}");
        // The message is done: the receipt is no longer good.
        assert_eq!(
            theirs.reply_message(&agent("builder"), op).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );
    };
    let began = tokio::time::Instant::now();
    let (reply, ()) = tokio::join!(ask, answer);
    let reply = reply.unwrap();
    assert_eq!((reply.from.as_str(), reply.body), ("agent builder", "yes".into()));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    here.close().await.unwrap();
    there.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_dropped_and_whoever_gives_it_is_told() {
    let (state, messages) = alone(&Ground::memory()).await;
    messages.open_mailbox(&agent("builder"), OpenMailbox::new("builder")).await.unwrap();
    let ask = messages.clone();
    let asked = tokio::spawn(async move {
        ask.request_reply(&agent("planner"), RequestReply::new("builder", "green?").seconds(10u64)).await
    });
    let message = next(&messages, "builder").await;
    assert!(message.answer_by.is_some_and(|end| end > message.sent));
    let error = asked.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
    let op = ReplyMessage::new("builder", message.receipt, "yes");
    let replied = messages.reply_message(&agent("builder"), op).await.unwrap();
    assert_eq!((replied.delivered, replied.reason.as_deref()), (false, Some("it came too late")));
    // A request that nobody took in time is not delivered, either.
    let nobody = RequestReply::new("builder", "anyone?").seconds(3u64);
    assert_eq!(
        messages.request_reply(&agent("planner"), nobody).await.unwrap_err().kind(),
        ErrorKind::DeadlineExceeded
    );
    let found = receive(&messages, "builder").await;
    assert_eq!((found.messages.len(), found.expired), (0, 1));
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_to_the_mailbox_that_was_named_and_a_second_one_nowhere() {
    let (state, messages) = alone(&Ground::memory()).await;
    let (planner, builder) = (agent("planner"), agent("builder"));
    for name in ["planner", "builder"] {
        messages.open_mailbox(&planner, OpenMailbox::new(name).lease(10u64)).await.unwrap();
    }
    let send = SendMessage::new("builder", "green?").id("q1").reply_to("planner").reply_within(100u64);
    messages.send_message(&planner, send).await.unwrap();
    messages
        .send_message(&planner, SendMessage::new("builder", "no answer needed").unordered(true))
        .await
        .unwrap();
    let first = receive(&messages, "builder").await.messages;
    let needless = ReplyMessage::new("builder", first[1].receipt.clone(), "thanks");
    assert_eq!(messages.reply_message(&builder, needless).await.unwrap_err().kind(), ErrorKind::Invalid);
    // The lease is over, somebody else has it: the first one's answer is refused.
    advance(Duration::from_secs(10)).await;
    let second = receive(&messages, "builder").await.messages;
    let stale = ReplyMessage::new("builder", first[0].receipt.clone(), "yes");
    assert_eq!(messages.reply_message(&builder, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    let good = ReplyMessage::new("builder", second[0].receipt.clone(), "yes");
    assert!(messages.reply_message(&builder, good).await.unwrap().delivered);
    let answer = receive(&messages, "planner").await.messages.remove(0);
    assert_eq!((answer.body, answer.in_reply_to.as_deref()), ("yes".into(), Some("q1")));
    assert_eq!(answer.from, "agent builder");
    let nowhere = SendMessage::new("builder", "x").reply_within(5u64);
    assert_eq!(messages.send_message(&planner, nowhere).await.unwrap_err().kind(), ErrorKind::Invalid);
    state.close().await.unwrap();
}
