//! Messages: what was sent is delivered in order, what was acknowledged is not delivered again, and what is sent again is there once.

mod check;
mod worker;

use std::collections::{BTreeMap, BTreeSet};

use super::worker::parts;
use super::{Place, Witness, play};
use crate::servers::Postgres;

/// The messages of one sender in one conversation, in one mailbox.
pub(super) type Lane = (String, String, String);

/// A message that somebody was given.
#[derive(Debug, Clone, PartialEq)]
struct Got {
    number: u64,
    deliveries: u32,
    /// The revision at which it was given.
    at: u64,
}

/// What was acknowledged to workers.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The last message that was sent; each has the number after the one before it.
    sent: BTreeMap<Lane, u64>,
    got: BTreeMap<Lane, Vec<Got>>,
    acknowledged: BTreeSet<(Lane, u64)>,
    /// How many were sent again by who did not know whether they had been sent.
    repeated: usize,
}

impl Witness for Said {
    fn heard(&mut self, _: &str, word: &str) {
        let word = parts(word);
        let lane = (word[1].clone(), word[2].clone(), word[3].clone());
        let number: u64 = word[4].parse().unwrap();
        match word[0].as_str() {
            "sent" => {
                let last = self.sent.insert(lane, number).unwrap_or(0);
                assert_eq!(number, last + 1, "a sender goes on where it was");
                self.repeated += usize::from(word[5] == "true");
            }
            "again" => self.repeated += 1,
            "got" => {
                let (deliveries, at) = (word[5].parse().unwrap(), word[6].parse().unwrap());
                self.got.entry(lane).or_default().push(Got { number, deliveries, at });
            }
            "done" => {
                assert!(self.acknowledged.insert((lane, number)), "{word:?}: acknowledged twice");
            }
            other => panic!("{other:?} is no word"),
        }
    }

    fn left(&self, slot: usize) -> Vec<String> {
        let own = self.sent.iter().filter(|((_, sender, _), _)| worker::slot_of(sender) == slot);
        own.map(|((mailbox, sender, conversation), last)| format!("{mailbox} {sender} {conversation} {last}"))
            .collect()
    }
}

async fn kills(place: Place, seed: u64) {
    worker::open_mailboxes(&place).await;
    let mut said = Said::default();
    play("crash::messages::worker::worker", &place, seed, &mut said).await;
    check::check(&place, said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_and_repeat_no_message_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    kills(Place::file(&folder), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_and_repeat_no_message_on_a_server() {
    let Some(server) = Postgres::start() else { return };
    kills(Place::Postgres(server.url().expose().to_owned()), 6).await;
}
