use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::types::{Region, TenantId};
use serde_json::json;

use super::*;
use crate::coordination::ProjectId;
use crate::coordination::shared::{GetValue, PutValue};
use crate::coordination::tasks::{ListTasks, SubmitTask};
use crate::security::audit::{AuditKeys, AuditSigner, verify};
use crate::security::seal::{Keyring, LocalKey};
use crate::state::MemoryStore;

#[tokio::test]
async fn a_local_node_is_there_again_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/node");
    let cx = CallContext::new();
    for round in 1..=3 {
        let node = Node::local(&path).open().await.unwrap();
        let task = SubmitTask::new(ProjectId::new("widget").unwrap(), format!("Round {round}"));
        node.desk().call(&cx, task).await.unwrap();
        let listed = node.tasks().list_tasks(&cx, ListTasks::new()).await.unwrap();
        assert_eq!(listed.items.len(), round);
        node.close().await.unwrap();
    }
    let node = Node::local(&path).open().await.unwrap();
    let signer = keys::signer(&path).await.unwrap();
    let report = verify(node.state(), &AuditKeys::of(&signer), &[]).await.unwrap();
    assert!(report.fault.is_none(), "{report:?}");
    assert!(report.records >= 3, "{report:?}");
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(path.join("audit.pem")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    }
    node.close().await.unwrap();
}

#[tokio::test]
async fn nobody_but_the_application_may_do_anything_unless_roles_say_so() {
    let worker = CallContext::new().principal(Principal::agent("worker"));
    let node = Node::builder(MemoryStore::new()).open().await.unwrap();
    let denied = node.desk().call(&worker, GetValue::new("a")).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    node.close().await.unwrap();

    let access = serde_json::from_value(json!({
        "roles": { "worker": { "allow": ["state:*:shared/*"] } },
        "bindings": [{ "who": "agent:worker", "tenant": "*", "roles": ["worker"] }]
    }))
    .unwrap();
    let node = Node::builder(MemoryStore::new()).access(access).open().await.unwrap();
    node.desk().call(&worker, PutValue::new("shared/a", 1)).await.unwrap();
    assert!(node.desk().call(&worker, PutValue::new("private/a", 1)).await.is_err());
    node.close().await.unwrap();
}

#[tokio::test]
async fn what_is_sealed_is_not_in_the_store() {
    let store = MemoryStore::new();
    let (key, _) = LocalKey::generate().unwrap();
    let node = Node::builder(store.clone()).seal(Keyring::new(key).unwrap()).open().await.unwrap();
    let cx = CallContext::new().tenant(TenantId::new("acme").unwrap());
    node.shared().put_value(&cx, PutValue::new("plan", "hush")).await.unwrap();
    assert_eq!(node.shared().get_value(&cx, GetValue::new("plan")).await.unwrap().value, "hush");
    node.close().await.unwrap();
    let plain = Node::builder(store).open().await.unwrap();
    assert!(plain.shared().get_value(&cx, GetValue::new("plan")).await.is_err());
    plain.close().await.unwrap();
}

#[tokio::test]
async fn a_node_that_lacks_what_is_required_does_not_open() {
    let eu = Region::new("eu").unwrap();
    let strict = Compliance::strict().resides_in(eu);
    let refused = Node::builder(MemoryStore::new()).compliance(strict.clone()).open().await.unwrap_err();
    for word in ["encryption", "audit", "authenticators", "roles", "residency"] {
        assert!(refused.message().contains(word), "{refused}");
    }
    let (key, _) = LocalKey::generate().unwrap();
    let node = Node::builder(MemoryStore::new())
        .seal(Keyring::new(key).unwrap())
        .audit(AuditSigner::generate().unwrap())
        .compliance(Compliance { identity: false, ..strict })
        .region(eu)
        .open()
        .await
        .unwrap();
    assert!(node.audit().is_some());
    node.close().await.unwrap();
}
