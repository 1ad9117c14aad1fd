use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use serde_json::json;

use super::*;
use crate::coordination::messages::{OpenMailbox, SendMessage};
use crate::coordination::shared::{AppendEvent, GetValue, PutValue};
use crate::security::audit::AuditSigner;
use crate::security::seal::{Keyring, LocalKey, MasterKey as _};
use crate::state::{MemoryStore, SqliteStore, StateStore as _, backup};

/// What must be nowhere in a file.
const PLAIN: &str = "the-reactor-is-in-building-seven";

/// The same key three times.
fn three() -> (LocalKey, LocalKey, LocalKey) {
    let (key, text) = LocalKey::generate().unwrap();
    (key, LocalKey::new(&text).unwrap(), LocalKey::new(&text).unwrap())
}

fn key() -> (LocalKey, LocalKey) {
    let (one, same, _) = three();
    (one, same)
}

/// Writes what is told in confidence in every room that keeps some.
async fn confide(node: &Node) {
    let cx = CallContext::new();
    node.shared().put_value(&cx, PutValue::new("plan", json!({ "note": PLAIN }))).await.unwrap();
    node.shared().append_event(&cx, AppendEvent::new("plan", "noted", json!(PLAIN))).await.unwrap();
    node.messages().open_mailbox(&cx, OpenMailbox::new("ann")).await.unwrap();
    node.messages().send_message(&cx, SendMessage::new("ann", PLAIN)).await.unwrap();
}

async fn told(node: &Node) -> serde_json::Value {
    node.shared().get_value(&CallContext::new(), GetValue::new("plan")).await.unwrap().value["note"].clone()
}

/// Whether a backup has a text in it, as it is or within a value.
fn has(file: &[u8], text: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let lines = std::str::from_utf8(file).unwrap().lines();
    let plain = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    let words = lines.flat_map(|line| line.split('"')).filter_map(|word| STANDARD.decode(word).ok());
    plain(file) || words.into_iter().any(|bytes| plain(&bytes))
}

#[tokio::test]
async fn a_backup_of_a_sealed_node_is_sealed_and_opens_with_its_keys_alone() {
    let (own, same) = key();
    let signer = AuditSigner::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sealed = |keys: LocalKey, name: &str| {
        Node::local(folder.path().join(name)).audit(signer.clone()).seal(Keyring::new(keys).unwrap())
    };
    let node = sealed(own, "first").open().await.unwrap();
    confide(&node).await;
    let file = folder.path().join("backup");
    let summary = node.state().backup_to(&file).await.unwrap();
    assert!(summary.sealed && summary.values > 0 && summary.events > 0);
    let bytes = std::fs::read(&file).unwrap();
    assert!(!has(&bytes, PLAIN));
    assert_eq!(backup::verify_file(&file).await.unwrap(), summary);
    // Only who asks for it has it opened.
    let mut opened = Vec::new();
    assert!(!node.state().backup_opened(&mut opened).await.unwrap().sealed);
    assert!(has(&opened, PLAIN), "the test would find it");
    node.close().await.unwrap();

    let place = folder.path().join("second");
    std::fs::create_dir(&place).unwrap();
    let store = SqliteStore::open(place.join("state.db")).await.unwrap();
    assert_eq!(backup::restore_from(&store, &file).await.unwrap(), summary);
    store.close().await.unwrap();
    // With other keys, or none, it does not open, and says what is missing.
    let id = same.id().to_owned();
    let error = sealed(key().0, "second").open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains(&id) && error.message().contains("not there"), "{error}");
    let error = Node::local(&place).open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("give the node the master keys"), "{error}");
    let node = sealed(same, "second").open().await.unwrap();
    assert_eq!(told(&node).await, PLAIN);
    node.close().await.unwrap();
}

#[tokio::test]
async fn a_key_is_in_use_as_long_as_a_value_or_an_event_is_under_it() {
    let ((old, old_again), (new, new_again, new_third)) = (key(), three());
    let [old_id, new_id] = [&old, &new].map(|key| key.id().to_owned());
    let below = MemoryStore::new();
    let open = |keys: Keyring| Node::builder(below.clone()).seal(keys).open();
    let node = open(Keyring::new(old).unwrap()).await.unwrap();
    confide(&node).await;
    node.close().await.unwrap();

    let node = open(Keyring::new(new).unwrap().or(old_again).unwrap()).await.unwrap();
    let last = node.state().head().offset;
    let used = node.keys_in_use().await.unwrap();
    assert_eq!(used.keys().collect::<Vec<_>>(), [&old_id]);
    let under_old = used[&old_id];
    assert!(under_old.values > 0 && under_old.events > 0 && under_old.last_event == last, "{used:?}");
    assert_eq!(node.reseal().await.unwrap(), under_old.values);
    assert_eq!(node.reseal().await.unwrap(), 0, "once");
    let used = node.keys_in_use().await.unwrap();
    assert_eq!(
        (used[&old_id].values, used[&old_id].events, used[&old_id].last_event),
        (0, under_old.events, last)
    );
    assert_eq!((used[&new_id].values, used[&new_id].events), (under_old.values, 0));
    // It is too early: nobody finds that out when an event is read that cannot be.
    let error = open(Keyring::new(new_third).unwrap()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.message().contains(&old_id), "{error}");
    let trim = node.state().run(move |tx| {
        Box::pin(async move {
            tx.trim(None, last);
            Ok(())
        })
    });
    trim.await.unwrap();
    assert!(!node.keys_in_use().await.unwrap().contains_key(&old_id));
    let only = open(Keyring::new(new_again).unwrap()).await.unwrap();
    assert_eq!(told(&only).await, PLAIN);
    only.close().await.unwrap();
    node.close().await.unwrap();

    let plain = Node::builder(MemoryStore::new()).open().await.unwrap();
    assert_eq!((plain.keys_in_use().await.unwrap().len(), plain.reseal().await.unwrap()), (0, 0));
    plain.close().await.unwrap();
}
