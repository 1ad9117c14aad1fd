//! The audit: what was answered is recorded, and the chain holds.

use std::collections::BTreeSet;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::types::Secret;
use mosaic_mcp::coordination::shared::PutValue;
use mosaic_mcp::node::Node;
use mosaic_mcp::security::audit::{AuditEvent, AuditKeys, AuditSigner, Checkpoint, verify};
use mosaic_mcp::state::Key;
use serde_json::Value;

use super::place::events;
use super::worker::{Called, called, parts, say};
use super::{Place, Witness, kills, play};
use crate::servers::Postgres;
use crate::timed::Timed;

/// The agents of a worker.
const AGENTS: usize = 3;

/// A key of the test, in PEM form.
fn new_key() -> String {
    let pair = Ed25519KeyPair::generate().unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    STANDARD.encode(der.as_ref())
}

fn signer(key: &str) -> AuditSigner {
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
    AuditSigner::pem(&Secret::new(pem)).unwrap()
}

async fn work(node: Node, who: String) {
    let (cx, audit) = (CallContext::new(), node.audit().unwrap().clone());
    let stranger = CallContext::new().principal(Principal::agent(who.clone()));
    for round in 0_u64.. {
        let name = format!("{who}/{round}");
        node.desk().call(&cx, PutValue::new(name.clone(), round)).await.unwrap();
        say(&format!("made {name}"));
        let denied = node.desk().call(&stranger, PutValue::new(name.clone(), 0)).await.unwrap_err();
        assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
        say(&format!("denied {name}"));
        let told = AuditEvent::Configuration {
            by: who.clone(),
            what: name.clone(),
            detail: "it changed".to_owned(),
        };
        audit.write(told).await.unwrap();
        say(&format!("configuration {name}"));
        if round % 4 == 0 {
            say(&format!("head {}", serde_json::to_string(&audit.head().unwrap()).unwrap()));
        }
    }
}

/// The worker. Does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some(Called { place, life, left, .. }) = called() else { return };
    let store = Timed::over(place.store().await);
    let node = Node::builder(store).audit(signer(&left[0][0])).answer_when_audited().open().await.unwrap();
    let mut work_of = tokio::task::JoinSet::new();
    for at in 0..AGENTS {
        work_of.spawn(work(node.clone(), format!("{life}-{at}")));
    }
    while let Some(end) = work_of.join_next().await {
        end.unwrap();
    }
}

/// What was answered to workers.
struct Said {
    key: String,
    /// What was done, and with what.
    answered: Vec<(String, String)>,
    heads: Vec<Checkpoint>,
}

impl Witness for Said {
    fn heard(&mut self, _: &str, word: &str) {
        if let Some(head) = word.strip_prefix("head ") {
            self.heads.push(serde_json::from_str(head).unwrap());
            return;
        }
        let [what, name] = &parts(word)[..] else { panic!("{word:?}") };
        self.answered.push((what.clone(), name.clone()));
    }

    fn left(&self, _: usize) -> Vec<String> {
        vec![self.key.clone()]
    }
}

async fn kills_leave_the_audit_whole(place: Place, seed: u64) {
    let mut said = Said { key: new_key(), answered: Vec::new(), heads: Vec::new() };
    play("crash::audit::worker", &place, seed, &mut said).await;
    let state = place.open().await;
    let keys = AuditKeys::of(&signer(&said.key));
    said.heads.sort_by_key(|head| head.records);
    let report = verify(&state, &keys, &said.heads).await.unwrap();
    assert_eq!(report.fault, None, "every head that was seen is in the chain, and its end is there");

    let mut recorded = BTreeSet::new();
    let mut made = Vec::new();
    for event in events(&state, "audit.>").await {
        // Version, number and hash come before the body.
        let Ok(record) = serde_json::from_slice::<Value>(&event.data[41..]) else { continue };
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        match (record["type"].as_str(), record["outcome"].as_str()) {
            (Some("call"), Some(outcome)) => {
                if outcome == "made" {
                    made.push(text("subject"));
                }
                recorded.insert((outcome.to_owned(), text("subject")));
            }
            (Some("configuration"), _) => {
                recorded.insert(("configuration".to_owned(), text("what")));
            }
            _ => {}
        }
    }
    for answered in &said.answered {
        assert!(recorded.contains(answered), "{answered:?} was answered, and is not recorded");
    }
    let distinct: BTreeSet<&String> = made.iter().collect();
    assert_eq!(distinct.len(), made.len(), "a call is recorded once");
    // Nothing is recorded that did not happen.
    for name in &made {
        let key =
            Key::of(&["state", "default"].into_iter().chain(name.split('/')).collect::<Vec<_>>()).unwrap();
        assert!(state.get(&key).await.unwrap().is_some(), "{key} was recorded as made, and is not there");
    }
    println!("{} records, {} answers, {} heads", report.records, said.answered.len(), said.heads.len());
    assert!(said.answered.len() > kills() && !said.heads.is_empty(), "the workers worked");
    state.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_the_audit_whole_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    kills_leave_the_audit_whole(Place::file(&folder), 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_the_audit_whole_on_a_server() {
    let Some(server) = Postgres::start() else { return };
    kills_leave_the_audit_whole(Place::Postgres(server.url().expose().to_owned()), 8).await;
}
