//! Mailboxes against a model: a list of messages, and what may become of each.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::messages::{
    AcknowledgeMessages, GetMailbox, ListDeadMessages, Messages, OpenMailbox, Overflow, ReceiveMessages,
    ReplayDeadMessage, ReturnMessages, SendMessage,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::advance;

use super::{agent, node};
use crate::ground::Ground;

#[derive(Debug, Clone)]
enum Step {
    Send {
        node: usize,
        sender: usize,
        conversation: Option<u8>,
        seconds: Option<u64>,
        unordered: bool,
    },
    Receive {
        node: usize,
        limit: u64,
    },
    /// By receipts that were given, however old.
    Acknowledge {
        node: usize,
        which: Vec<usize>,
    },
    Return {
        node: usize,
        which: Vec<usize>,
        delay: u64,
    },
    Replay {
        which: usize,
    },
    Pass {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let which = || prop::collection::vec(0usize..6, 1..4);
    prop_oneof![
        6 => (0usize..2, 0usize..2, prop::option::of(0u8..2), prop::option::weighted(0.3, 1u64..30), prop::bool::weighted(0.2))
            .prop_map(|(node, sender, conversation, seconds, unordered)| Step::Send { node, sender, conversation, seconds, unordered }),
        4 => (0usize..2, 1u64..5).prop_map(|(node, limit)| Step::Receive { node, limit }),
        3 => (0usize..2, which()).prop_map(|(node, which)| Step::Acknowledge { node, which }),
        2 => (0usize..2, which(), prop_oneof![Just(0u64), 1u64..15])
            .prop_map(|(node, which, delay)| Step::Return { node, which, delay }),
        1 => (0usize..3).prop_map(|which| Step::Replay { which }),
        3 => (1u64..12).prop_map(|seconds| Step::Pass { seconds }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
enum Now {
    Waiting,
    Given { receipt: String, until: u64 },
    PutOff { until: u64 },
}

#[derive(Debug, Clone)]
struct Letter {
    number: u64,
    body: u64,
    /// Sender and conversation, or the letter alone.
    lane: (usize, Option<u8>, Option<u64>),
    expires: Option<u64>,
    deliveries: u32,
    now: Now,
}

#[derive(Debug)]
struct Model {
    overflow: Overflow,
    limit: usize,
    attempts: u32,
    time: u64,
    last: u64,
    letters: Vec<Letter>,
    dead: Vec<Letter>,
    acknowledged: BTreeSet<u64>,
    dropped: u64,
    expired: u64,
}

const LEASE: u64 = 10;

impl Model {
    fn worthless(&self, letter: &Letter) -> bool {
        letter.expires.is_some_and(|end| end <= self.time)
    }

    fn drop_expired(&mut self) {
        let before = self.letters.len();
        let time = self.time;
        self.letters
            .retain(|letter| letter.now != Now::Waiting || letter.expires.is_none_or(|end| end > time));
        self.expired += (before - self.letters.len()) as u64;
    }

    /// Whether there is room, after what goes for it.
    fn make_room(&mut self) -> bool {
        if self.letters.len() >= self.limit {
            self.drop_expired();
        }
        while self.letters.len() >= self.limit && self.overflow == Overflow::DropOldest {
            let Some(oldest) = self.letters.iter().position(|letter| letter.now == Now::Waiting) else {
                break;
            };
            self.letters.remove(oldest);
            self.dropped += 1;
        }
        self.letters.len() < self.limit
    }

    fn put(&mut self, mut letter: Letter) {
        self.last += 1;
        letter.number = self.last;
        if letter.lane.2.is_some() {
            letter.lane.2 = Some(self.last);
        }
        letter.deliveries = 0;
        letter.now = Now::Waiting;
        self.letters.push(letter);
    }

    /// The time of a letter is over.
    fn lapse(&mut self, at: usize) {
        if self.letters[at].deliveries >= self.attempts {
            let letter = self.letters.remove(at);
            self.dead.push(letter);
        } else if self.worthless(&self.letters[at]) {
            self.letters.remove(at);
            self.expired += 1;
        } else {
            self.letters[at].now = Now::Waiting;
        }
    }

    fn lapse_due(&mut self) {
        let mut due: Vec<(u64, u64)> = Vec::new();
        for letter in &self.letters {
            if let Now::Given { until, .. } | Now::PutOff { until } = letter.now
                && until <= self.time
            {
                due.push((until, letter.number));
            }
        }
        due.sort_unstable();
        for (_, number) in due {
            let at = self.letters.iter().position(|letter| letter.number == number).unwrap();
            self.lapse(at);
        }
    }

    /// The places of what is given out now, in order.
    fn ready(&self, limit: u64) -> Vec<usize> {
        let mut lanes = HashSet::new();
        let heads = self.letters.iter().enumerate().filter(|(_, letter)| lanes.insert(letter.lane));
        let ready = heads.filter(|(_, letter)| letter.now == Now::Waiting).map(|(at, _)| at);
        ready.take(limit as usize).collect()
    }

    /// The place of what a receipt is good for.
    fn held(&self, asked: &str) -> Option<usize> {
        self.letters.iter().position(|letter| match &letter.now {
            Now::Given { receipt, until } => receipt == asked && self.time < *until,
            _ => false,
        })
    }

    async fn compare(&self, messages: &Messages) {
        let found = messages.get_mailbox(&agent("reader"), GetMailbox::new("box")).await.unwrap();
        let given = self.letters.iter().filter(|letter| letter.now != Now::Waiting).count();
        assert_eq!(
            (found.held, found.given, found.dropped, found.expired, found.dead),
            (self.letters.len() as u64, given as u64, self.dropped, self.expired, self.dead.len() as u64),
            "{self:#?}"
        );
    }
}

async fn play(on: &Ground, overflow: Overflow, limit: u64, attempts: u32, steps: Vec<Step>) {
    let store = on.spot();
    let (one, two) = (node(&store).await, node(&store).await);
    let nodes = [&one.1, &two.1];
    let cx = agent("reader");
    let open = OpenMailbox::new("box").overflow(overflow).limit(limit).lease(LEASE).attempts(attempts);
    nodes[0].open_mailbox(&cx, open).await.unwrap();
    let mut model = Model {
        overflow,
        limit: limit as usize,
        attempts,
        time: 0,
        last: 0,
        letters: Vec::new(),
        dead: Vec::new(),
        acknowledged: BTreeSet::new(),
        dropped: 0,
        expired: 0,
    };
    let (mut sent, mut receipts) = (0u64, Vec::<String>::new());
    for step in steps {
        match step {
            Step::Send { node, sender, conversation, seconds, unordered } => {
                let mut op = SendMessage::new("box", sent + 1).unordered(unordered);
                op.conversation = conversation.map(|c| c.to_string());
                op.seconds = seconds;
                let result = nodes[node].send_message(&agent(&format!("sender-{sender}")), op).await;
                if !model.make_room() {
                    assert_eq!(result.unwrap_err().kind(), ErrorKind::QuotaExceeded);
                    // Nothing of a refused call stays, not even what it tidied up.
                    let found = nodes[0].get_mailbox(&cx, GetMailbox::new("box")).await.unwrap();
                    assert_eq!(found.held, limit);
                } else {
                    result.unwrap();
                    sent += 1;
                    let lane = if unordered { (sender, None, Some(0)) } else { (sender, conversation, None) };
                    let expires = seconds.map(|seconds| model.time + seconds);
                    model.put(Letter {
                        number: 0,
                        body: sent,
                        lane,
                        expires,
                        deliveries: 0,
                        now: Now::Waiting,
                    });
                }
            }
            Step::Receive { node, limit } => {
                let found = nodes[node]
                    .receive_messages(&cx, ReceiveMessages::new("box").limit(limit))
                    .await
                    .unwrap();
                model.lapse_due();
                model.drop_expired();
                let places = model.ready(limit);
                let got: Vec<u64> =
                    found.messages.iter().map(|message| message.body.as_u64().unwrap()).collect();
                let expected: Vec<u64> = places.iter().map(|at| model.letters[*at].body).collect();
                assert_eq!(got, expected, "{model:#?}");
                for (at, message) in places.into_iter().zip(&found.messages) {
                    assert!(!model.acknowledged.contains(&model.letters[at].body));
                    model.letters[at].deliveries += 1;
                    assert_eq!(message.deliveries, model.letters[at].deliveries);
                    let until = model.time + LEASE;
                    model.letters[at].now = Now::Given { receipt: message.receipt.clone(), until };
                    receipts.push(message.receipt.clone());
                }
                let waiting = model.letters.iter().filter(|letter| letter.now == Now::Waiting).count();
                assert_eq!(
                    (found.waiting, found.dropped, found.expired),
                    (waiting as u64, model.dropped, model.expired)
                );
            }
            Step::Acknowledge { node, which } | Step::Return { node, which, .. } if receipts.is_empty() => {
                let _ = (node, which);
            }
            Step::Acknowledge { node, which } => {
                let asked: Vec<String> = which.iter().map(|back| pick(&receipts, *back)).collect();
                let result = nodes[node]
                    .acknowledge_messages(&cx, AcknowledgeMessages::new("box", asked.clone()))
                    .await;
                let mut refused = Vec::new();
                for receipt in &asked {
                    match model.held(receipt) {
                        Some(at) => assert!(model.acknowledged.insert(model.letters.remove(at).body)),
                        None => refused.push(receipt.clone()),
                    }
                }
                check(result, asked.len(), refused);
            }
            Step::Return { node, which, delay } => {
                let asked: Vec<String> = which.iter().map(|back| pick(&receipts, *back)).collect();
                let op = ReturnMessages::new("box", asked.clone()).delay(delay);
                let result = nodes[node].return_messages(&cx, op).await;
                let mut refused = Vec::new();
                for receipt in &asked {
                    match model.held(receipt) {
                        Some(at) if delay == 0 => model.lapse(at),
                        Some(at) => model.letters[at].now = Now::PutOff { until: model.time + delay },
                        None => refused.push(receipt.clone()),
                    }
                }
                check(result, asked.len(), refused);
            }
            Step::Replay { which } => {
                let listed =
                    nodes[0].list_dead_messages(&cx, ListDeadMessages::new("box")).await.unwrap().items;
                let mut known: Vec<u64> = model.dead.iter().map(|letter| letter.number).collect();
                known.sort_unstable();
                assert_eq!(listed.iter().map(|dead| dead.number).collect::<Vec<_>>(), known);
                let Some(number) = known.get(which).copied() else { continue };
                let result = nodes[1].replay_dead_message(&cx, ReplayDeadMessage::new("box", number)).await;
                if model.make_room() {
                    result.unwrap();
                    let at = model.dead.iter().position(|letter| letter.number == number).unwrap();
                    let letter = model.dead.remove(at);
                    model.put(Letter { expires: None, ..letter });
                } else {
                    assert_eq!(result.unwrap_err().kind(), ErrorKind::QuotaExceeded);
                }
            }
            Step::Pass { seconds } => {
                advance(Duration::from_secs(seconds)).await;
                model.time += seconds;
            }
        }
        model.compare(nodes[0]).await;
    }
    // What was sent is somewhere: done, dropped, expired, dead or there.
    let all = model.acknowledged.len() as u64 + model.dropped + model.expired;
    assert_eq!(all + (model.dead.len() + model.letters.len()) as u64, sent);
    one.0.close().await.unwrap();
    two.0.close().await.unwrap();
}

fn pick(receipts: &[String], back: usize) -> String {
    receipts[receipts.len() - 1 - back.min(receipts.len() - 1)].clone()
}

fn check(
    result: mosaic_core::Result<mosaic_mcp::coordination::messages::Settled>,
    asked: usize,
    refused: Vec<String>,
) {
    match result {
        Ok(settled) => {
            assert_eq!(settled.settled as usize, asked - refused.len());
            assert_eq!(settled.refused, refused);
        }
        Err(error) => {
            assert_eq!((error.kind(), refused.len()), (ErrorKind::Conflict, asked), "{error}");
        }
    }
}

fn courses(on: &Ground, cases: u32) {
    let mut runner = TestRunner::new(crate::support::cases(cases));
    let given = (any::<bool>(), 1_u64..12, 1_u32..4, prop::collection::vec(step(), 1..80));
    let ended = runner.run(&given, |(drop_oldest, limit, attempts, steps)| {
        let overflow = if drop_oldest { Overflow::DropOldest } else { Overflow::Reject };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(on, overflow, limit, attempts, steps));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn mailboxes_do_what_the_model_does() {
    courses(&Ground::memory(), 256);
}

#[cfg(feature = "sqlite")]
#[test]
fn mailboxes_in_files_do_what_the_model_does() {
    courses(&Ground::folder(), 12);
}

#[cfg(feature = "postgres")]
#[test]
fn mailboxes_on_a_server_do_what_the_model_does() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 6);
}
