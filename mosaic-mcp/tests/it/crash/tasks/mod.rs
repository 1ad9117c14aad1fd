//! Tasks: what was submitted is there, what was completed is completed once under its token, and everything can be finished.

mod check;
mod worker;

use std::collections::{BTreeMap, BTreeSet};

use super::worker::parts;
use super::{Place, Witness, play};
use crate::servers::Postgres;

/// What was acknowledged to workers.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The tasks of batches, by the keys of these.
    submitted: BTreeMap<String, Vec<String>>,
    /// Who claimed a task under a token.
    claimed: BTreeMap<(String, u64), String>,
    /// Under which token a task was completed, and by whom.
    completed: BTreeMap<String, (u64, String)>,
    /// Tokens under which a task was given back or has failed.
    given_up: BTreeSet<(String, u64)>,
    /// Tokens of the dead that were refused to those who came after them.
    refused: BTreeSet<(String, u64)>,
    /// What the dead of each slot have left to those who come after them.
    left: [Left; 2],
}

#[derive(Debug, Default)]
struct Left {
    /// What they held, as far as is known: who, the task and the token.
    held: BTreeSet<(String, String, u64)>,
    /// The last worker, and how many batches each of its agents said that it had submitted.
    last: Option<(String, BTreeMap<usize, u64>)>,
}

impl Witness for Said {
    fn heard(&mut self, life: &str, word: &str) {
        let word = parts(word);
        let about = |at: usize| (word[at].clone(), word[at + 1].parse::<u64>().unwrap());
        let left = &mut self.left[usize::from(life.starts_with('1'))];
        if left.last.as_ref().is_none_or(|(last, _)| last != life) {
            // What those before it held was tried by this one at its beginning; it is dead in turn.
            left.last = Some((life.to_owned(), BTreeMap::new()));
        }
        match word[0].as_str() {
            "submitted" => {
                let (agent, batch) = (word[1].parse().unwrap(), word[2].parse().unwrap());
                if let Some((_, batches)) = &mut left.last {
                    batches.insert(agent, batch);
                }
                self.submitted.insert(worker::key(life, agent, batch), word[3..].to_vec());
            }
            // A batch of one who is dead.
            "again" => {
                self.submitted.insert(word[1].clone(), word[2..].to_vec());
            }
            "claimed" => {
                let (id, token) = about(1);
                left.held.insert((life.to_owned(), id.clone(), token));
                assert_eq!(
                    self.claimed.insert((id, token), life.to_owned()),
                    None,
                    "two claims have one token"
                );
            }
            "lost" => {
                assert_eq!(self.claimed.insert(about(1), life.to_owned()), None, "two claims have one token");
            }
            "completed" => {
                let ((id, token), who) = (about(1), word[3].clone());
                left.held.remove(&(who.clone(), id.clone(), token));
                let before = self.completed.insert(id.clone(), (token, who.clone()));
                assert!(before.is_none_or(|before| before == (token, who)), "{id} was completed twice");
            }
            "up" => {
                let (id, token) = about(1);
                left.held.remove(&(life.to_owned(), id.clone(), token));
                self.given_up.insert((id, token));
            }
            "refused" => {
                let ((id, token), who) = (about(1), word[3].clone());
                left.held.remove(&(who, id.clone(), token));
                self.refused.insert((id, token));
            }
            other => panic!("{other:?} is no word"),
        }
    }

    fn left(&self, slot: usize) -> Vec<String> {
        let left = &self.left[slot];
        let held = left.held.iter().map(|(who, id, token)| format!("held {who} {id} {token}"));
        // Whether the batch after the last was submitted is not known.
        let batches = left.last.iter().flat_map(|(life, batches)| {
            (0..worker::AGENTS).map(move |agent| {
                let next = batches.get(&agent).map_or(0, |batch| batch + 1);
                format!("batch {}", worker::key(life, agent, next))
            })
        });
        held.chain(batches).collect()
    }
}

async fn kills(place: Place, seed: u64) {
    let mut said = Said::default();
    play("crash::tasks::worker::worker", &place, seed, &mut said).await;
    check::check(&place, &said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_tasks_whole_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    kills(Place::file(&folder), 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_tasks_whole_on_a_server() {
    let Some(server) = Postgres::start() else { return };
    kills(Place::Postgres(server.url().expose().to_owned()), 4).await;
}
