//! Random courses of an audit: nodes that come, go and change their keys, time that passes, old records that are removed.

use std::collections::BTreeMap;
use std::time::Duration;

use mosaic_core::types::Timestamp;
use mosaic_mcp::security::audit::{
    Audit, AuditEvent, AuditKeys, AuditOptions, AuditSigner, Checkpoint, export, kept_after, verify,
    verify_export,
};
use mosaic_mcp::state::{Clock, State, StateOptions, Topic};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::ground::{Ground, Spot};

const DAY: u64 = 86_400;
/// How long records are kept.
const KEEP: u64 = 10 * DAY;

#[derive(Debug, Clone)]
enum Step {
    /// Told, and not waited for.
    Tell {
        node: usize,
        count: usize,
    },
    /// Written when the answer is there.
    Write {
        node: usize,
    },
    Flush {
        node: usize,
    },
    /// Something else in the same log.
    Other {
        count: usize,
    },
    /// The node is closed, and opened with another key or the same.
    Restart {
        node: usize,
        key: usize,
    },
    Anchor,
    Pass {
        hours: u64,
    },
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0usize..2, 1usize..20).prop_map(|(node, count)| Step::Tell { node, count }),
        3 => (0usize..2).prop_map(|node| Step::Write { node }),
        2 => (0usize..2).prop_map(|node| Step::Flush { node }),
        1 => (1usize..9).prop_map(|count| Step::Other { count }),
        1 => (0usize..2, 0usize..3).prop_map(|(node, key)| Step::Restart { node, key }),
        1 => Just(Step::Anchor),
        3 => (1u64..100).prop_map(|hours| Step::Pass { hours }),
        2 => Just(Step::Look),
    ]
}

struct Course {
    spot: Spot,
    removes: bool,
    signers: Vec<AuditSigner>,
    keys: AuditKeys,
    states: Vec<State>,
    audits: Vec<Audit>,
    anchors: Vec<Checkpoint>,
    /// Each thing that was told: by which node, when, and whether it is known to be written.
    told: Vec<(usize, Timestamp, bool)>,
}

fn options(signer: &AuditSigner, removes: bool) -> AuditOptions {
    let options = AuditOptions::new(signer.clone()).checkpoints(7, Duration::from_secs(3_600)).batch(16);
    if removes { options.retention(Duration::from_secs(KEEP)) } else { options }
}

impl Course {
    async fn open(on: &Ground, removes: bool) -> Self {
        let signers: Vec<AuditSigner> = (0..3).map(|_| AuditSigner::generate().unwrap()).collect();
        let keys = AuditKeys::of(&signers[0]).and(&signers[1].public()).unwrap();
        let keys = keys.and(&signers[2].public()).unwrap();
        let (spot, none) = (on.spot(), Vec::new());
        let mut course = Self {
            spot,
            removes,
            signers,
            keys,
            states: vec![],
            audits: vec![],
            anchors: vec![],
            told: none,
        };
        for node in 0..2 {
            let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
            let state = StateOptions::new().clock(clock).open_shared(course.spot.open().await).await.unwrap();
            course.states.push(state);
            let audit = course.audit(node, node).await;
            course.audits.push(audit);
        }
        course
    }

    async fn audit(&self, node: usize, key: usize) -> Audit {
        let options = options(&self.signers[key], self.removes);
        Audit::open_trusting(&self.states[node], options, &self.keys).await.unwrap()
    }

    /// The next thing to tell, by its number.
    fn event(&mut self, node: usize, written: bool) -> AuditEvent {
        let detail = self.told.len().to_string();
        self.told.push((node, self.states[node].now(), written));
        AuditEvent::Configuration { by: format!("node {node}"), what: "course".to_owned(), detail }
    }

    fn all_written(&mut self, of: usize) {
        self.told.iter_mut().filter(|(node, ..)| *node == of).for_each(|(.., written)| *written = true);
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Tell { node, count } => {
                for _ in 0..count {
                    let event = self.event(node, false);
                    self.audits[node].tell(event);
                }
            }
            Step::Write { node } => {
                let event = self.event(node, true);
                self.audits[node].write(event).await.unwrap();
                self.all_written(node);
            }
            Step::Flush { node } => {
                self.audits[node].flush().await.unwrap();
                self.all_written(node);
            }
            Step::Other { count } => {
                let append = self.states[0].run(move |tx| {
                    Box::pin(async move {
                        for _ in 0..count {
                            tx.append(Topic::new("task.1")?, "moved", "")?;
                        }
                        Ok(())
                    })
                });
                append.await.unwrap();
            }
            Step::Restart { node, key } => {
                self.audits[node].close().await.unwrap();
                self.all_written(node);
                self.audits[node] = self.audit(node, key).await;
            }
            Step::Anchor => {
                let head = self.audits[0].stored_head().await.unwrap();
                self.anchors.extend(head.and_then(|head| head.checkpoint));
            }
            // Step by step, as the nodes look from time to time.
            Step::Pass { hours } => {
                for _ in 0..hours {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                }
            }
            Step::Look => self.look().await,
        }
    }

    /// What there is holds, and is what was told: all that is young, each once, and what a node told in its order.
    async fn look(&mut self) {
        let state = &self.states[0];
        let report = verify(state, &self.keys, &self.anchors).await.unwrap();
        assert_eq!(report.fault, None);
        let after = kept_after(state, &self.keys).await.unwrap();
        assert!(self.removes || after.is_none());
        let mut lines = Vec::new();
        let exported = export(state, after.as_ref(), |line| {
            lines.push(line.to_owned());
            Ok(())
        });
        if exported.await.is_err() {
            assert!(self.told.iter().all(|(.., written)| !written), "there is no audit");
            return;
        }
        let again = verify_export(lines.join("\n").as_bytes(), &self.keys, &self.anchors).unwrap();
        assert_eq!((again.fault, again.last), (None, report.last));
        let mut found: BTreeMap<usize, usize> = BTreeMap::new();
        let mut last = [None; 2];
        for line in &lines {
            let row: Value = serde_json::from_str(line).unwrap();
            let Some(number) = row["record"]["detail"].as_str() else { continue };
            let number: usize = number.parse().unwrap();
            let node = self.told[number].0;
            assert!(last[node] < Some(number), "{number} of node {node} came after {:?}", last[node]);
            last[node] = Some(number);
            *found.entry(number).or_default() += 1;
        }
        let young = state.now() - jiff::SignedDuration::from_secs(KEEP as i64);
        for (number, (_, at, written)) in self.told.iter().enumerate() {
            let times = found.get(&number).copied().unwrap_or(0);
            assert!(times <= 1, "{number} is there {times} times");
            let must = *written && (!self.removes || *at > young);
            assert!(times == 1 || !must, "{number} of {at} is missing at {}", state.now());
        }
    }
}

async fn play(on: &Ground, removes: bool, steps: Vec<Step>) {
    let mut course = Course::open(on, removes).await;
    for step in steps {
        course.take(step).await;
    }
    for (node, audit) in course.audits.clone().into_iter().enumerate() {
        audit.close().await.unwrap();
        course.all_written(node);
    }
    course.look().await;
    for state in course.states {
        state.close().await.unwrap();
    }
}

#[test]
fn what_was_told_is_there_once_and_holds() {
    let on = Ground::memory();
    let mut runner = TestRunner::new(crate::support::cases(30));
    let ended = runner.run(&(any::<bool>(), prop::collection::vec(step(), 1..50)), |(removes, steps)| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(&on, removes, steps));
        Ok(())
    });
    ended.unwrap();
}
