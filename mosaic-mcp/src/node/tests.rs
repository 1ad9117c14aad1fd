use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::budget::CallBudgets;
use mosaic_core::engine::route::{Phase, Phases, Routing, Rule};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::CreateRepository;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::Double;
use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, Window};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Region, TenantId};
use serde_json::json;

use super::*;
use crate::coordination::agents::RegisterAgent;
use crate::coordination::budgets::{GetBudget, ReserveBudget, SetBudget};
use crate::coordination::messages::{OpenMailbox, SendMessage};
use crate::coordination::shared::{AppendEvent, GetValue, PutValue};
use crate::coordination::tasks::{ClaimTasks, CompleteTask, ListTasks, ReportProgress, SubmitTask};
use crate::coordination::{AgentId, ProjectId};
use crate::security::Identity;
use crate::security::audit::{AuditEvent, AuditKeys, AuditSigner, verify};
use crate::security::seal::{Keyring, LocalKey};
use crate::security::token::NewApiKey;
use crate::state::{KeyRange, MemoryStore, StateStore as _, TopicFilter};

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
    let stored = store.range(&KeyRange::all(), 100).await.unwrap();
    assert!(!stored.is_empty());
    assert!(stored.iter().all(|entry| !entry.value.windows(4).any(|four| four == b"hush")));
    assert_eq!(Node::builder(store).open().await.unwrap_err().kind(), ErrorKind::Config);
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

#[tokio::test]
async fn where_identity_is_required_no_server_acts_for_clients_that_prove_nothing() {
    let node = |compliance| {
        let node = Node::builder(MemoryStore::new()).access(Default::default()).api_keys();
        node.compliance(compliance).open()
    };
    let mosaic = || Double::new().answer(|op: &CreateRepository| Ok(Repository::of(&op.repo, "main")));
    let mosaic = Orchestrator::builder().provider("forge", mosaic()).build().await.unwrap();
    let open = node(Compliance::default()).await.unwrap();
    open.server(mosaic.clone()).acts_as(CallContext::new()).build().unwrap();
    let strict = node(Compliance { identity: true, ..Compliance::default() }).await.unwrap();
    for who in [CallContext::new(), CallContext::new().principal(Principal::user("ann"))] {
        let refused = strict.server(mosaic.clone()).acts_as(who).build().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert!(refused.message().contains("identity is required"), "{refused}");
    }
    strict.server(mosaic.clone()).build().unwrap();
    mosaic.shutdown().await;
    for node in [open, strict] {
        node.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_node_serves_calls_no_provider_where_data_may_not_go() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (eu, us) = (Region::new("eu").unwrap(), Region::new("us").unwrap());
    let node = Node::builder(MemoryStore::new()).region(eu).store_region(eu);
    let node = node.compliance(Compliance::default().resides_in(eu)).open().await.unwrap();
    let called = Arc::new(AtomicUsize::new(0));
    let forge = || {
        let called = Arc::clone(&called);
        Double::new().answer(move |op: &CreateRepository| {
            called.fetch_add(1, Ordering::Relaxed);
            Ok(Repository::of(&op.repo, "main"))
        })
    };
    let placed = |region| mosaic_core::engine::ProviderConfig { region, ..Default::default() };
    let mosaic = Orchestrator::builder()
        .provider_with("near", forge(), placed(Some(eu)))
        .default_rule(Rule::any().to("near"))
        .build()
        .await
        .unwrap();
    let refused = node.server(mosaic.clone()).build().unwrap_err();
    assert!(refused.message().contains("nothing says where"), "{refused}");
    node.server_of(&mosaic).build().unwrap();

    let served = resident::Resident::new(mosaic.clone(), node.0.compliance.clone());
    let cx = CallContext::new();
    let ask = async || served.call(&cx, CreateRepository::new("acme", "widget")).await;
    ask().await.unwrap();
    for (region, why) in [(Some(us), "far is in us"), (None, "far has no region")] {
        mosaic.add_provider("far", forge(), placed(region)).await.unwrap();
        let refused = ask().await.unwrap_err();
        assert!(refused.kind() == ErrorKind::Config && refused.message().contains(why), "{refused}");
        mosaic.remove_provider("far").await.unwrap();
    }
    assert_eq!(called.load(Ordering::Relaxed), 1);
    ask().await.unwrap();
    mosaic.shutdown().await;
    node.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_nodes_over_a_state_have_its_rules_of_access() {
    let rules = |allow: &str| {
        let rules = json!({
            "roles": { "worker": { "allow": [allow] } },
            "bindings": [{ "who": "agent:worker", "tenant": "*", "roles": ["worker"] }]
        });
        serde_json::from_value(rules).unwrap()
    };
    let worker = CallContext::new().principal(Principal::agent("worker"));
    let store = MemoryStore::new();
    let open = async || {
        let node = Node::builder(store.clone()).access(rules("state:*:built/*"));
        node.open().await.unwrap()
    };
    let may = async |node: &Node, what: &str| {
        let put = node.desk().call(&worker, PutValue::new(format!("{what}/a"), 1)).await;
        put.map_err(|error| assert_eq!(error.kind(), ErrorKind::PermissionDenied)).is_ok()
    };
    let (a, b) = (open().await, open().await);
    assert!(may(&a, "built").await && may(&b, "built").await && !may(&b, "kept").await);
    a.set_access(&rules("state:*:kept/*"), "ann").await.unwrap();
    assert!(may(&a, "kept").await && !may(&a, "built").await, "at once where they are set");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(may(&b, "kept").await && !may(&b, "built").await);
    let late = open().await;
    assert!(may(&late, "kept").await && !may(&late, "built").await, "what is kept wins over what was built");
    let bad: AccessConfig = rules("no permission");
    assert_eq!(a.set_access(&bad, "ann").await.unwrap_err().kind(), ErrorKind::Config);
    late.state().put(crate::state::Key::of(&["access"]).unwrap(), "{").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(may(&b, "kept").await, "rules that cannot be read change nothing");
    let refused = Node::builder(store.clone()).open().await.unwrap_err();
    assert!(refused.message().contains("rules of access"), "nobody is let in by other rules: {refused}");
    for node in [a, b, late] {
        node.close().await.unwrap();
    }
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

#[tokio::test]
async fn changes_of_configuration_keys_and_plugins_are_in_the_audit() {
    let node = Node::builder(MemoryStore::new())
        .audit(AuditSigner::generate().unwrap())
        .api_keys()
        .open()
        .await
        .unwrap();
    let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann")).unwrap();
    let (key, secret) = node.api_keys().create(NewApiKey::new(ann, "laptop")).await.unwrap();
    node.admission().admit(&secret, "here").await.unwrap();
    node.api_keys().revoke(&key.tenant, &key.id).await.unwrap();
    node.access().replace(&Default::default()).unwrap();

    let forge = || Double::new().answer(|op: &CreateRepository| Ok(Repository::of(&op.repo, "main")));
    let mosaic = Orchestrator::builder()
        .provider("a", forge())
        .audit(node.audit().unwrap().clone())
        .build()
        .await
        .unwrap();
    mosaic.set_routing(&Routing::new().default_rule(Rule::any().to("a"))).unwrap();
    mosaic.add_provider("b", forge(), Default::default()).await.unwrap();
    mosaic.reload("b", forge()).await.unwrap();
    mosaic.remove_provider("b").await.unwrap();
    assert!(mosaic.remove_provider("a").await.is_err(), "rules name it, and nothing is told");
    let phase = |name| Phase::new(name, Routing::new().default_rule(Rule::any().to("a")));
    let phases = Phases::new().phase(phase("old"));
    let phases = phases.phase(phase("new"));
    mosaic.set_rules(phases).unwrap();
    mosaic.set_phase_at("new", 20).unwrap();
    mosaic.rollback().unwrap();
    mosaic.shutdown().await;
    node.audit().unwrap().flush().await.unwrap();

    let events = node.state().events(&TopicFilter::new("audit.>").unwrap(), 0, 100).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| String::from_utf8_lossy(&event.data).into_owned()).collect();
    let expected: [(&str, &str, usize); 14] = [
        (r#""type":"configuration""#, "opened: encryption off", 1),
        (r#""type":"configuration""#, "created: key", 1),
        (r#""type":"login""#, r#""name":"ann""#, 1),
        (r#""type":"configuration""#, "revoked: key", 1),
        (r#""type":"configuration""#, r#""what":"access""#, 1),
        (r#""type":"plugin""#, r#""provider":"a","what":"added"#, 1),
        (r#""type":"plugin""#, r#""provider":"b","what":"added"#, 1),
        (r#""type":"plugin""#, r#""provider":"b","what":"reloaded"#, 1),
        (r#""type":"plugin""#, r#""provider":"b","what":"removed"#, 1),
        (r#""type":"plugin""#, r#""provider":"a","what":"removed"#, 0),
        (r#""type":"configuration""#, r#""what":"rules""#, 3),
        (r#""type":"configuration""#, r#""what":"phase","detail":"from phase old at"#, 1),
        (r#""type":"configuration""#, ", back", 1),
        (r#""type""#, secret.expose(), 0),
    ];
    for (kind, what, count) in expected {
        let found = told.iter().filter(|text| text.contains(kind) && text.contains(what)).count();
        assert_eq!(found, count, "{kind} {what}: {told:#?}");
    }
    node.close().await.unwrap();
}

/// Everything below a folder but keys, as bytes.
fn bytes_below(folder: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|kind| kind != "pem") {
            bytes.extend(std::fs::read(path)?);
        }
    }
    Ok(bytes)
}

#[tokio::test]
async fn nothing_of_what_agents_say_lies_in_the_clear() {
    const MARK: &str = "hush-hush-7f3a";
    let folder = tempfile::tempdir().unwrap();
    let cx = CallContext::new();
    let said = async |node: &Node| {
        let project = ProjectId::new("widget").unwrap();
        let ann = RegisterAgent::new(AgentId::new("ann").unwrap()).about(MARK);
        let ann = node.agents().register_agent(&cx, ann).await.unwrap();
        let task = SubmitTask::new(project, format!("{MARK} title")).input(json!({ "input": MARK }));
        node.tasks().submit_task(&cx, task).await.unwrap();
        let claim = ClaimTasks::new(ann.agent.clone(), ann.incarnation);
        let claim = node.tasks().claim_tasks(&cx, claim).await.unwrap().tasks.remove(0);
        let progress =
            ReportProgress::new(claim.task.task.clone(), claim.token).note(MARK).log(vec![MARK.to_owned()]);
        node.tasks().report_progress(&cx, progress).await.unwrap();
        let done = CompleteTask::new(claim.task.task, claim.token).result(json!(MARK));
        node.tasks().complete_task(&cx, done).await.unwrap();
        node.messages().open_mailbox(&cx, OpenMailbox::new("ann")).await.unwrap();
        node.messages().send_message(&cx, SendMessage::new("ann", json!({ "text": MARK }))).await.unwrap();
        node.shared().put_value(&cx, PutValue::new("plan", MARK)).await.unwrap();
        node.shared().append_event(&cx, AppendEvent::new("log", "told", json!(MARK))).await.unwrap();
        let limit = vec![BudgetLimit::new(Currency::Calls, Window::Total, 10)];
        node.budgets().set_budget(&cx, SetBudget::new("p", limit)).await.unwrap();
        node.audit()
            .unwrap()
            .write(AuditEvent::Configuration { by: MARK.into(), what: "w".into(), detail: "d".into() })
            .await
            .unwrap();
    };
    let has = |folder: &std::path::Path, mark: &str| {
        bytes_below(folder).unwrap().windows(mark.len()).any(|part| part == mark.as_bytes())
    };
    let (sealed, plain) = (folder.path().join("sealed"), folder.path().join("plain"));
    let (key, _) = LocalKey::generate().unwrap();
    let node = Node::local(&sealed).seal(Keyring::new(key).unwrap()).open().await.unwrap();
    said(&node).await;
    // While it is open, its log of writes lies beside the file.
    assert!(!has(&sealed, MARK));
    assert!(has(&sealed, "task.completed"), "names are not sealed");
    node.close().await.unwrap();
    assert!(!has(&sealed, MARK));
    let node = Node::local(&plain).open().await.unwrap();
    said(&node).await;
    node.close().await.unwrap();
    assert!(has(&plain, MARK), "where nothing is sealed, this would find it");
}

#[tokio::test(start_paused = true)]
async fn events_that_are_old_go_and_the_audit_holds() {
    let clock = crate::state::Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
    let signer = AuditSigner::pem(&AuditSigner::generate_pem().unwrap()).unwrap();
    let day = std::time::Duration::from_secs(86_400);
    let store = MemoryStore::new();
    let node = Node::builder(store).audit(signer.clone()).clock(clock).keep_events(day).open().await.unwrap();
    let cx = CallContext::new();
    let put = async |name: &str| {
        node.desk().call(&cx, AppendEvent::new("news", name, json!({}))).await.unwrap();
        node.audit().unwrap().flush().await.unwrap();
    };
    put("first").await;
    tokio::time::sleep(day * 2).await;
    put("second").await;
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let kinds = async || {
        let filter = TopicFilter::of_tenant(cx.tenant_id(), "shared.>").unwrap();
        let events = node.state().store().events(&filter, 0, 9).await.unwrap();
        events.iter().map(|event| event.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, ["second"]);
    let report = verify(node.state(), &AuditKeys::of(&signer), &[]).await.unwrap();
    assert!(report.fault.is_none() && report.records >= 3, "{report:?}");
    node.close().await.unwrap();
}
