use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::budget::CallBudgets;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::CreateRepository;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::Double;
use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, Window};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Region, TenantId};
use serde_json::json;

use super::*;
use crate::coordination::ProjectId;
use crate::coordination::budgets::{GetBudget, ReserveBudget, SetBudget};
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
        .store_region(eu)
        .open()
        .await
        .unwrap();
    assert!(node.audit().is_some());
    node.close().await.unwrap();
}

/// Asks until it is refused for five seconds, so many times at most; gives how often it was not.
async fn ask(mosaic: &Orchestrator, most: usize) -> usize {
    let (mut asked, mut refused) = (0, 0);
    while asked < most && refused < 5 {
        match mosaic.git().create_repository(CreateRepository::new("acme", "widget")).await {
            Ok(_) => (asked, refused) = (asked + 1, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
                refused += 1;
                // What is lent to a node that does not use it comes back.
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
    asked
}

#[tokio::test(start_paused = true)]
async fn the_orchestras_of_two_nodes_share_a_budget_and_never_use_more() {
    let clock = crate::state::Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
    let (store, cx) = (MemoryStore::new(), CallContext::new());
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let node = Node::builder(store.clone()).clock(clock).open().await.unwrap();
        // Such a call counts as five.
        let limit = vec![BudgetLimit::new(Currency::Calls, Window::Total, 1_500)];
        node.budgets().set_budget(&cx, SetBudget::new("", limit)).await.unwrap();
        let forge = Double::new().answer(|op: &CreateRepository| Ok(Repository::of(&op.repo, "main")));
        let budgets = CallBudgets::new(node.budget_tree().await.unwrap());
        let mosaic = Orchestrator::builder().provider("forge", forge).budgets(budgets).build().await.unwrap();
        nodes.push((node, mosaic));
    }
    // The first ends in between, and gives back what it did not use.
    let early = ask(&nodes[0].1, 40).await + ask(&nodes[1].1, 40).await;
    assert_eq!(early, 80);
    nodes[0].0.close().await.unwrap();
    assert_eq!(ask(&nodes[0].1, 1).await, 0, "a node that is closed grants nothing");
    assert_eq!(nodes[0].0.budget_tree().await.unwrap_err().kind(), ErrorKind::Lifecycle);
    let late = ask(&nodes[1].1, 1_000).await;
    assert_eq!(early + late, 300);
    let budgets = nodes[1].0.budgets();
    nodes[1].0.close().await.unwrap();
    assert_eq!(budgets.get_budget(&cx, GetBudget::new("")).await.unwrap().uses[0].used, 1_500);
    for (_, mosaic) in &nodes {
        mosaic.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn reservations_that_nobody_asks_about_end_by_themselves() {
    let clock = crate::state::Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
    let node = Node::builder(MemoryStore::new()).clock(clock).open().await.unwrap();
    let cx = CallContext::new();
    let limit = vec![BudgetLimit::new(Currency::Calls, Window::Total, 10)];
    node.budgets().set_budget(&cx, SetBudget::new("p", limit)).await.unwrap();
    let reserve = ReserveBudget::new("p", Amounts::new().calls(7)).seconds(60u64).give_back(true);
    node.budgets().reserve(&cx, reserve).await.unwrap();
    let used = async || node.budgets().get_budget(&cx, GetBudget::new("p")).await.unwrap().uses[0].used;
    assert_eq!(used().await, 7);
    tokio::time::sleep(std::time::Duration::from_secs(70)).await;
    assert_eq!(used().await, 0);
    node.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_audit_is_kept_as_long_as_required_and_no_longer_than_said() {
    let day = std::time::Duration::from_secs(86_400);
    let clock = crate::state::Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
    let signer = AuditSigner::generate().unwrap();
    let year = Compliance { audit: true, ..Compliance::default() }.retention_days(365);
    let open = |keep| {
        let node = Node::builder(MemoryStore::new()).audit(signer.clone()).clock(clock);
        node.audit_retention(keep).compliance(year.clone()).open()
    };
    let refused = open(364 * day).await.unwrap_err();
    assert!(refused.message().contains("less than 365 days"), "{refused}");
    let node = open(365 * day).await.unwrap();
    let cx = CallContext::new();
    for n in 0..3 {
        node.desk().call(&cx, PutValue::new("a", n)).await.unwrap();
        node.audit().unwrap().flush().await.unwrap();
        // A checkpoint is signed after a minute; then much time is gone at once.
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        tokio::time::advance(200 * day).await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
    let keys = AuditKeys::of(&signer);
    let report = verify(node.state(), &keys, &[]).await.unwrap();
    assert!(report.fault.is_none() && report.first > 1, "{report:?}");
    node.close().await.unwrap();
}
