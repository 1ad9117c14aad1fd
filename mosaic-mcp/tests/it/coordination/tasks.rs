//! Tasks from submitting to the end.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::types::{PageRequest, TenantId};
use mosaic_mcp::coordination::CoordinationOptions;
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::state::{KeyRange, TopicFilter};
use serde_json::json;

use super::{Rig, agent, origin, task, texts};
use crate::ground::{Ground, on_every_store};

async fn a_task_is_claimed_by_who_can_and_completed_once(on: &Ground) {
    let rig = Rig::open(on).await;
    let submitted =
        rig.submit(task("widget", "Review").requires(texts(&["rust"])).input(json!({"pr": 7}))).await;
    assert_eq!(submitted.state, TaskState::Ready);
    let (plain, able) =
        (rig.agent(agent("plain")).await, rig.agent(agent("able").offers(texts(&["rust"]))).await);
    assert!(rig.claim(&plain).await.is_none());
    let claim = rig.claim(&able).await.unwrap();
    assert_eq!((claim.task.task.clone(), claim.input), (submitted.task.clone(), Some(json!({"pr": 7}))));
    assert!(rig.claim(&able).await.is_none(), "it has one slot, and there is one task");

    let done = CompleteTask::new(submitted.task.clone(), claim.token).result(json!("fine"));
    let first = rig.tasks.complete_task(&rig.cx, done.clone()).await.unwrap();
    assert_eq!(first.state, TaskState::Completed);
    assert_eq!(rig.tasks.complete_task(&rig.cx, done.clone()).await.unwrap(), first);
    let other = rig.tasks.complete_task(&rig.cx, done.clone().result(json!("else"))).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict);
    let detail = rig.tasks.get_task(&rig.cx, GetTask::new(submitted.task)).await.unwrap();
    assert_eq!(detail.result, Some(json!("fine")));

    let events = rig.state.events(&TopicFilter::new("*.task.>").unwrap(), 0, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["task.submitted", "task.claimed", "task.completed"]);
    rig.close().await;
}

async fn dependencies_release_and_skip(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(9u32)).await;
    let batch = vec![
        task("p", "Both").name("both").after(texts(&["a", "b"])),
        task("p", "A").name("a"),
        task("p", "B").name("b").retry(Retry::new().attempts(1u32)),
        task("p", "Either").name("either").after(texts(&["a", "b"])).rule(Rule::Any),
        task("p", "Clean up").name("clean").after(texts(&["b"])).rule(Rule::Failure),
        task("p", "Celebrate").after(texts(&["both"])),
    ];
    let submitted = rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap().tasks;
    let states = async || {
        let mut states = Vec::new();
        for task in &submitted {
            states.push(rig.task(&task.task).await.state);
        }
        states
    };
    use TaskState as S;
    assert_eq!(states().await, [S::Blocked, S::Ready, S::Ready, S::Blocked, S::Blocked, S::Blocked]);
    let (a, b) = (rig.claim(&ann).await.unwrap(), rig.claim(&ann).await.unwrap());
    rig.tasks.complete_task(&rig.cx, CompleteTask::new(a.task.task, a.token)).await.unwrap();
    assert_eq!(states().await, [S::Blocked, S::Completed, S::Running, S::Ready, S::Blocked, S::Blocked]);
    rig.tasks.fail_task(&rig.cx, FailTask::new(b.task.task, b.token, "broken")).await.unwrap();
    assert_eq!(states().await, [S::Skipped, S::Completed, S::Dead, S::Ready, S::Ready, S::Skipped]);
    let skipped = rig.task(&submitted[5].task).await;
    assert_eq!(
        skipped.error.unwrap(),
        format!("task {}, for which it waited, is skipped", submitted[0].task)
    );
    // What waits for something that ended already knows at once.
    let late = rig.submit(task("p", "Late").after(vec![submitted[1].task.to_string()])).await;
    assert_eq!(late.state, S::Ready);
    let late = rig.submit(task("p", "Too late").after(vec![submitted[2].task.to_string()])).await;
    assert_eq!(late.state, S::Skipped);
    rig.close().await;
}

async fn more_dependants_than_one_transaction_tells(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann")).await;
    let root = rig.submit(task("p", "Root")).await.task;
    for _ in 0..3 {
        let many = (0..500).map(|_| task("p", "Leaf").after(vec![root.to_string()])).collect::<Vec<_>>();
        rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(many)).await.unwrap();
    }
    let claim = rig.claim(&ann).await.unwrap();
    rig.tasks.complete_task(&rig.cx, CompleteTask::new(root, claim.token)).await.unwrap();
    let ready = async || {
        let op = GetProject::new(mosaic_mcp::coordination::ProjectId::new("p").unwrap());
        rig.tasks.get_project(&rig.cx, op).await.unwrap().ready
    };
    assert_eq!(ready().await, 250);
    for _ in 0..5 {
        rig.pass(0).await;
    }
    assert_eq!(ready().await, 1_500);
    rig.close().await;
}

async fn a_cancelled_task_reaches_its_agent(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(2u32)).await;
    let (one, two) = (rig.submit(task("p", "One")).await.task, rig.submit(task("p", "Two")).await.task);
    let cancel =
        |id: &TaskId| rig.tasks.cancel_task(&rig.cx, CancelTask::new(id.clone()).reason("not needed"));
    assert_eq!(cancel(&two).await.unwrap().state, TaskState::Cancelled);
    let claim = rig.claim(&ann).await.unwrap();
    assert_eq!(cancel(&one).await.unwrap().state, TaskState::Stopping);
    assert_eq!(cancel(&one).await.unwrap().state, TaskState::Stopping);
    let beat = mosaic_mcp::coordination::agents::HeartbeatAgent::new(ann.agent.clone(), ann.incarnation);
    let held = rig.agents.heartbeat_agent(&rig.cx, beat).await.unwrap().tasks;
    assert!(held.len() == 1 && held[0].task == one && held[0].stop);
    let progress = ReportProgress::new(one.clone(), claim.token);
    assert_eq!(rig.tasks.report_progress(&rig.cx, progress).await.unwrap().state, TaskState::Stopping);
    let ended = rig.tasks.complete_task(&rig.cx, CompleteTask::new(one.clone(), claim.token)).await.unwrap();
    assert_eq!((ended.state, ended.error.as_deref()), (TaskState::Cancelled, Some("not needed")));

    let three = rig.submit(task("p", "Three")).await.task;
    rig.claim(&ann).await.unwrap();
    cancel(&three).await.unwrap();
    rig.pass(61).await;
    assert_eq!(rig.task(&three).await.state, TaskState::Cancelled, "the lease of the agent ended");
    let ended = cancel(&one).await.unwrap();
    assert_eq!(ended.state, TaskState::Cancelled);
    rig.close().await;
}

async fn leases_end_and_old_tokens_are_refused(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").lease_seconds(3_600u64)).await;
    let bob = rig.agent(agent("bob").lease_seconds(3_600u64)).await;
    let id = rig.submit(task("p", "Slow").retry(Retry::new().first_seconds(0u64))).await.task;
    let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).lease_seconds(30u64);
    let old = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks.remove(0);
    rig.pass(20).await;
    let progress =
        ReportProgress::new(id.clone(), old.token).percent(40u32).note("half").log(texts(&["one", "two"]));
    let shown = rig.tasks.report_progress(&rig.cx, progress.clone()).await.unwrap();
    assert_eq!((shown.percent, shown.note.as_deref()), (Some(40), Some("half")));
    rig.pass(29).await;
    assert_eq!(rig.task(&id).await.state, TaskState::Running);
    rig.pass(1).await;
    let lost = rig.task(&id).await;
    assert_eq!(
        (lost.state, lost.error.as_deref()),
        (TaskState::Ready, Some("no progress was reported within the lease"))
    );
    let new = rig.claim(&bob).await.unwrap();
    assert!(new.token > old.token);
    for refused in [
        rig.tasks.complete_task(&rig.cx, CompleteTask::new(id.clone(), old.token)).await,
        rig.tasks.fail_task(&rig.cx, FailTask::new(id.clone(), old.token, "late")).await,
        rig.tasks.return_task(&rig.cx, ReturnTask::new(id.clone(), old.token)).await,
        rig.tasks.report_progress(&rig.cx, progress).await,
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        let message = format!(
            "token {} of task {id} is over: agent bob holds it under a later one; drop the work",
            old.token
        );
        assert_eq!(refused.message(), message);
    }
    let returned = rig.tasks.return_task(&rig.cx, ReturnTask::new(id.clone(), new.token)).await.unwrap();
    assert_eq!((returned.state, returned.attempt), (TaskState::Ready, 1));
    let log = rig.tasks.list_task_log(&rig.cx, ListTaskLog::new(id)).await.unwrap();
    assert_eq!(
        log.items.iter().map(|line| (line.number, line.text.as_str())).collect::<Vec<_>>(),
        [(1, "one"), (2, "two")]
    );
    rig.close().await;
}

async fn times_are_kept(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(9u32).lease_seconds(86_400u64)).await;
    let at = |seconds| origin() + jiff::SignedDuration::from_secs(seconds);
    let later = rig.submit(task("p", "Later").not_before(at(100))).await;
    assert_eq!((later.state, later.due_at), (TaskState::Scheduled, Some(at(100))));
    let late = rig.submit(task("p", "Late").deadline(at(50)).requires(texts(&["nobody"]))).await.task;
    let limited =
        rig.submit(task("p", "Limited").attempt_seconds(10u64).retry(Retry::new().attempts(1u32))).await.task;
    rig.claim(&ann).await.unwrap();
    rig.pass(10).await;
    let dead = rig.task(&limited).await;
    assert_eq!(
        (dead.state, dead.error.as_deref()),
        (TaskState::Dead, Some("the attempt took longer than 10 s"))
    );
    let running = rig.submit(task("p", "Running").deadline(at(50))).await.task;
    let claim = rig.claim(&ann).await.unwrap();
    rig.pass(45).await;
    let dead = rig.task(&late).await;
    assert_eq!((dead.state, dead.error.as_deref()), (TaskState::Dead, Some("its deadline is over")));
    assert_eq!(rig.task(&running).await.state, TaskState::Stopping);
    let ended = rig.tasks.complete_task(&rig.cx, CompleteTask::new(running, claim.token)).await.unwrap();
    assert_eq!((ended.state, ended.error.as_deref()), (TaskState::Dead, Some("its deadline is over")));
    assert!(rig.claim(&ann).await.is_none());
    rig.pass(45).await;
    assert_eq!(rig.claim(&ann).await.unwrap().task.task, later.task);
    rig.close().await;
}

async fn everything_of_a_task_is_removed_when_it_was_kept_long_enough(on: &Ground) {
    let rig = Rig::with(on, CoordinationOptions::new().tick_every(None).keep(Duration::from_secs(100))).await;
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let op = task("p", "Gone").input(json!(1)).idempotency_key("once");
    let id = rig.submit(op.clone()).await.task;
    let after = rig.submit(task("p", "After").after(vec![id.to_string()])).await.task;
    let claim = rig.claim(&ann).await.unwrap();
    let log = ReportProgress::new(id.clone(), claim.token).log(texts(&["x"; 100]));
    for _ in 0..12 {
        rig.tasks.report_progress(&rig.cx, log.clone()).await.unwrap();
    }
    let log = rig
        .tasks
        .list_task_log(&rig.cx, ListTaskLog::new(id.clone()).page(PageRequest::first(1)))
        .await
        .unwrap();
    assert_eq!(log.items[0].number, 201, "the last thousand are kept");
    rig.tasks
        .complete_task(&rig.cx, CompleteTask::new(id.clone(), claim.token).result(json!(2)))
        .await
        .unwrap();
    assert_eq!(rig.submit(op.clone()).await.task, id);
    rig.tasks.cancel_task(&rig.cx, CancelTask::new(after)).await.unwrap();
    rig.pass(100).await;
    let gone = rig.tasks.get_task(&rig.cx, GetTask::new(id.clone())).await.unwrap_err();
    assert_eq!((gone.kind(), gone.message()), (ErrorKind::NotFound, &*format!("there is no task {id}")));
    let left = rig.state.range(&KeyRange::prefix("task"), 100).await.unwrap();
    let left: Vec<String> = left.iter().map(|entry| entry.key.parts().next().unwrap()).collect();
    assert_eq!(left, ["task-queue", "task-sets"]);
    assert_ne!(rig.submit(op).await.task, id);
    rig.close().await;
}

async fn submitting_again_under_a_key_gives_the_same_task(on: &Ground) {
    let rig = Rig::open(on).await;
    let first = rig.submit(task("p", "A").idempotency_key("k")).await;
    assert_eq!(rig.submit(task("p", "A").idempotency_key("k")).await.task, first.task);
    let error = rig.tasks.submit_task(&rig.cx, task("p", "B").idempotency_key("k")).await.unwrap_err();
    let message = format!(
        "the idempotency key \"k\" was used for task {}, which is another one: use another key",
        first.task
    );
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, &*message));
    let cx = CallContext::new().idempotency_key("call");
    let batch = SubmitTasks::new(vec![task("p", "A").name("a"), task("p", "B").after(texts(&["a"]))]);
    let one = rig.tasks.submit_tasks(&cx, batch.clone()).await.unwrap();
    assert_eq!(rig.tasks.submit_tasks(&cx, batch).await.unwrap(), one);
    // Another tenant knows nothing of it.
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    assert!(rig.tasks.get_task(&other, GetTask::new(first.task.clone())).await.is_err());
    assert!(rig.tasks.list_tasks(&other, ListTasks::new()).await.unwrap().items.is_empty());
    let theirs = rig.tasks.submit_task(&other, task("p", "A").idempotency_key("k")).await.unwrap();
    assert_ne!(theirs.task, first.task);
    rig.close().await;
}

async fn what_does_not_fit_is_refused_with_the_reason(on: &Ground) {
    let rig = Rig::open(on).await;
    let refused = async |op: SubmitTask| rig.tasks.submit_task(&rig.cx, op).await.unwrap_err().to_string();
    let base = || task("p", "T");
    for (op, message) in [
        (task("p", ""), "invalid: title has 0 bytes: 1 to 1000 are allowed"),
        (base().priority(101), "invalid: priority is 101: -100 to 100 are allowed"),
        (
            base().requires(texts(&["a b"])),
            "invalid: \"a b\" is no capability: use 1 to 80 of a-z A-Z 0-9 . _ - : / + =",
        ),
        (
            base().after(texts(&["nothing"])),
            "invalid: after has \"nothing\", which is neither a task id nor a name of the same batch",
        ),
        (base().after(texts(&["p-1"])), "not_found: there is no task p-1 to wait for"),
        (base().after(vec!["p-1".to_owned(); 65]), "invalid: it waits for 65 tasks: 64 are allowed"),
        (
            base().deadline(origin()),
            "invalid: the deadline 2027-01-15T08:00:00Z is over: it is 2027-01-15T08:00:00Z",
        ),
        (base().retry(Retry::new().attempts(0u32)), "invalid: retry.attempts is 0: 1 to 100 are allowed"),
        (base().attempt_seconds(0u64), "invalid: attempt_seconds is 0: 1 to 2592000 are allowed"),
        (base().idempotency_key(""), "invalid: idempotency_key has 0 bytes: 1 to 200 are allowed"),
    ] {
        assert_eq!(refused(op).await, message);
    }
    let large = refused(base().input(json!("x".repeat(256 << 10)))).await;
    assert_eq!(
        large,
        "invalid: input has 262146 bytes of JSON: 262144 are allowed; store it elsewhere and name it here"
    );
    let batch = async |ops: Vec<SubmitTask>| {
        rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(ops)).await.unwrap_err().to_string()
    };
    let mixed = vec![base(), task("q", "T")];
    assert_eq!(batch(mixed).await, "invalid: a batch is of one project: this one has tasks of p and of q");
    assert_eq!(batch(vec![]).await, "invalid: 0 tasks: 1 to 1000 are submitted at once");
    let circle = vec![
        base().name("a").after(texts(&["b"])),
        base().name("b").after(texts(&["c"])),
        base().name("c").after(texts(&["a"])),
        base().name("d"),
    ];
    assert_eq!(batch(circle).await, "invalid: tasks wait for each other in a circle, among them: a, b, c");
    assert_eq!(
        batch(vec![base().name("a"), base().name("a")]).await,
        "invalid: two tasks of the batch have the name \"a\""
    );
    let twice = vec![base().idempotency_key("k"), base().idempotency_key("k")];
    assert_eq!(batch(twice).await, "invalid: tasks 0 and 1 of the batch have the idempotency key \"k\"");
    assert!(rig.tasks.list_tasks(&rig.cx, ListTasks::new()).await.unwrap().items.is_empty());

    let ann = rig.agent(agent("ann")).await;
    let claim = async |op: ClaimTasks| rig.tasks.claim_tasks(&rig.cx, op).await.unwrap_err().to_string();
    let op = || ClaimTasks::new(ann.agent.clone(), ann.incarnation);
    assert_eq!(claim(op().limit(0u32)).await, "invalid: limit is 0: 1 to 256 are allowed");
    assert_eq!(claim(op().wait_seconds(301u64)).await, "invalid: wait_seconds is 301: 0 to 300 are allowed");
    let eve = mosaic_mcp::coordination::AgentId::new("eve").unwrap();
    assert_eq!(claim(ClaimTasks::new(eve, 1u64)).await, "not_found: there is no agent eve: register it");
    let cursor = ListTasks::new().page(PageRequest::default().at(mosaic_core::types::Cursor::new("agent/x")));
    let error = rig.tasks.list_tasks(&rig.cx, cursor).await.unwrap_err();
    assert_eq!(error.message(), "the cursor is not one of this list: use `next` of an earlier page as it is");
    rig.close().await;
}

async fn lists_are_paged_and_filtered(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(3u32)).await;
    for n in 0..10 {
        rig.submit(task(if n % 2 == 0 { "even" } else { "odd" }, &n.to_string())).await;
    }
    let claims = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(9u32);
    assert_eq!(
        rig.tasks.claim_tasks(&rig.cx, claims).await.unwrap().tasks.len(),
        3,
        "as many as it has slots"
    );
    let all = async |op: ListTasks| {
        let (mut page, mut titles) = (PageRequest::first(2), Vec::new());
        loop {
            let found = rig.tasks.list_tasks(&rig.cx, op.clone().page(page.clone())).await.unwrap();
            titles.extend(found.items.iter().map(|task| task.title.clone()));
            match found.next {
                Some(next) => page = page.at(next),
                None => return titles,
            }
        }
    };
    let even = mosaic_mcp::coordination::ProjectId::new("even").unwrap();
    assert_eq!(all(ListTasks::new()).await.len(), 10);
    assert_eq!(all(ListTasks::new().project(even.clone())).await, ["0", "2", "4", "6", "8"]);
    assert_eq!(all(ListTasks::new().state(TaskState::Ready)).await.len(), 7);
    // Those of several queues, in the order in which they are next.
    for (title, requires, priority) in [("a", "rust", 0), ("b", "rust", 9), ("c", "gpu", 0), ("d", "rust", 0)]
    {
        rig.submit(task("even", title).requires(texts(&[requires])).priority(priority)).await;
        rig.submit(task("evening", title).requires(texts(&[requires]))).await;
    }
    let ready = ListTasks::new().state(TaskState::Ready);
    assert_eq!(all(ready.clone().project(even.clone())).await, ["4", "6", "8", "b", "a", "d", "c"]);
    assert_eq!(all(ready.clone()).await.len(), 15);
    let other = PageRequest::first(2).at(mosaic_core::types::Cursor::new("task-state/default/ready/even/x"));
    let error = rig.tasks.list_tasks(&rig.cx, ready.project(even.clone()).page(other)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert_eq!(all(ListTasks::new().agent(ann.agent.clone())).await.len(), 3);
    let running = all(ListTasks::new().project(even).state(TaskState::Running)).await;
    assert_eq!(running, ["0", "2"]);
    rig.close().await;
}

async fn priorities_and_one_certain_agent(on: &Ground) {
    let rig = Rig::open(on).await;
    let (ann, bob) = (rig.agent(agent("ann").slots(9u32)).await, rig.agent(agent("bob").slots(9u32)).await);
    for (title, priority) in [("low", -5), ("first", 0), ("second", 0), ("high", 7)] {
        rig.submit(task("p", title).priority(priority)).await;
    }
    rig.submit(task("p", "for bob").requires(texts(&["agent:bob"])).priority(100)).await;
    let claim = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(9u32);
    let claimed = rig.tasks.claim_tasks(&rig.cx, claim).await.unwrap().tasks;
    let titles: Vec<&str> = claimed.iter().map(|claim| claim.task.title.as_str()).collect();
    assert_eq!(titles, ["high", "first", "second", "low"]);
    assert_eq!(rig.claim(&bob).await.unwrap().task.title, "for bob");
    rig.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_waits_for_a_task() {
    let rig = Rig::with(&Ground::memory(), CoordinationOptions::new()).await;
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..50 {
        let agent = rig.agent(agent(&format!("a{n}")).lease_seconds(600u64)).await;
        let (tasks, cx) = (rig.tasks.clone(), rig.cx.clone());
        let op = ClaimTasks::new(agent.agent, agent.incarnation).wait_seconds(60u64);
        waiting.spawn(async move { tasks.claim_tasks(&cx, op).await.unwrap().tasks });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(waiting.try_join_next().is_none());
    for n in 0..20 {
        rig.submit(task("p", &n.to_string())).await;
    }
    let at = origin() + jiff::SignedDuration::from_secs(30);
    rig.submit(task("p", "later").not_before(at)).await;
    let (mut got, mut empty) = (Vec::new(), 0);
    while let Some(claimed) = waiting.join_next().await {
        match claimed.unwrap().pop() {
            Some(claim) => got.push(claim.task.title),
            None => empty += 1,
        }
    }
    assert_eq!((got.len(), empty), (21, 29));
    assert_eq!(got.last().unwrap(), "later");
    let closing = rig.tasks.clone();
    rig.close().await;
    let late = ClaimTasks::new(mosaic_mcp::coordination::AgentId::new("a0").unwrap(), 1u64);
    let refused = closing.claim_tasks(&CallContext::new(), late).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Lifecycle);
}

#[tokio::test(start_paused = true)]
async fn what_was_claimed_for_one_who_has_gone_is_given_back() {
    let rig = Rig::open(&Ground::memory()).await;
    let ann = rig.agent(agent("ann")).await;
    let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).wait_seconds(60u64);
    {
        let claim = rig.tasks.claim_tasks(&rig.cx, op);
        tokio::select! {
            biased;
            _ = claim => unreachable!("there is no task"),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    rig.submit(task("p", "T")).await;
    let claim = rig.claim(&ann).await.unwrap();
    assert_eq!(claim.task.attempt, 1, "nobody claimed it for the one who has gone");
    rig.close().await;
}

async fn each_report_of_a_batch_stands_for_itself(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(9u32)).await;
    let batch = (0..4).map(|n| task("p", &n.to_string())).collect::<Vec<_>>();
    rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
    let op = ClaimTasks::new(ann.agent, ann.incarnation).limit(4u32);
    let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
    let mut reports: Vec<_> =
        claimed.iter().map(|claim| CompleteTask::new(claim.task.task.clone(), claim.token)).collect();
    reports[1].token += 1;
    reports.push(CompleteTask::new("p-1".parse::<TaskId>().unwrap(), 1u64));
    let done = rig.tasks.complete_tasks(&rig.cx, CompleteTasks::new(reports.clone())).await.unwrap();
    assert_eq!(done.tasks.len(), 3);
    let refused: Vec<_> = done.refused.iter().map(|refusal| (refusal.kind, refusal.task.clone())).collect();
    let (late, none) = (reports[1].task.clone(), reports[4].task.clone());
    assert_eq!(refused, [(ErrorKind::Conflict, late), (ErrorKind::NotFound, none)]);
    reports[4].task = "q-1".parse().unwrap();
    let mixed = rig.tasks.complete_tasks(&rig.cx, CompleteTasks::new(reports)).await.unwrap_err();
    assert_eq!(mixed.message(), "a batch is of one project: this one has reports on p and on q");
    let none = rig.tasks.complete_tasks(&rig.cx, CompleteTasks::new(vec![])).await.unwrap_err();
    assert_eq!(none.message(), "0 reports: 1 to 256 are taken at once");
    rig.close().await;
}

async fn too_many_sets_of_requirements_are_refused_when_they_come_and_stop_nobody(on: &Ground) {
    let rig = Rig::open(on).await;
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let at = origin() + jiff::SignedDuration::from_secs(1);
    let flaky = rig.submit(task("p", "Flaky").retry(Retry::new().attempts(2u32).first_seconds(10u64))).await;
    let claim = rig.claim(&ann).await.unwrap();
    let scheduled = rig.submit(task("p", "Scheduled").not_before(at).requires(texts(&["x0"]))).await;
    let blocked = task("p", "Blocked").after(vec![flaky.task.to_string()]).requires(texts(&["x1"]));
    let blocked = rig.submit(blocked.rule(Rule::Failure)).await;
    // One set of those that require nothing, and two of those that are not ready.
    let many = (0..1_000).map(|n| task("p", "Many").requires(vec![format!("y{n}")])).collect::<Vec<_>>();
    rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(many)).await.unwrap();
    for n in 0..21 {
        rig.submit(task("p", "Some").requires(vec![format!("z{n}")])).await;
    }
    let more = task("p", "More").requires(texts(&["more"]));
    let full = rig.tasks.submit_task(&rig.cx, more.clone().not_before(at)).await.unwrap_err();
    assert_eq!(full.kind(), ErrorKind::QuotaExceeded);
    rig.submit(task("p", "Known").requires(texts(&["z0"]))).await;
    let theirs = rig.tasks.submit_task(&other, more.clone().not_before(at)).await.unwrap();

    rig.pass(2).await;
    assert_eq!(rig.task(&scheduled.task).await.state, TaskState::Ready);
    let theirs = rig.tasks.get_task(&other, GetTask::new(theirs.task)).await.unwrap().task;
    assert_eq!(theirs.state, TaskState::Ready);
    let failed = FailTask::new(flaky.task.clone(), claim.token, "no");
    rig.tasks.fail_task(&rig.cx, failed).await.unwrap();
    rig.pass(11).await;
    let claim = rig.claim(&ann).await.unwrap();
    assert_eq!(claim.task.task, flaky.task, "it became ready again");
    let failed = FailTask::new(flaky.task, claim.token, "no");
    rig.tasks.fail_task(&rig.cx, failed).await.unwrap();
    assert_eq!(rig.task(&blocked.task).await.state, TaskState::Ready);
    // Where all tasks of a set have ended, there is room for another.
    rig.tasks.cancel_task(&rig.cx, CancelTask::new(scheduled.task)).await.unwrap();
    rig.submit(more).await;
    rig.close().await;
}

async fn one_record_that_is_not_readable_stops_nothing_else(on: &Ground) {
    let rig = Rig::open(on).await;
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    let at = |seconds| Some(origin() + jiff::SignedDuration::from_secs(seconds));
    let bad = rig.submit(task("bad", "Bad").not_before(at(1).unwrap())).await;
    let range = KeyRange::below(&["task", "default", "bad"]).unwrap();
    let record = rig.state.range(&range, 2).await.unwrap();
    assert_eq!(record.len(), 1);
    rig.state.put(record[0].key.clone(), "{").await.unwrap();
    let ours = rig.submit(task("good", "Good").not_before(at(2).unwrap())).await;
    let theirs = rig.tasks.submit_task(&other, task("p", "Theirs").not_before(at(2).unwrap())).await.unwrap();
    rig.pass(3).await;
    assert_eq!(rig.task(&ours.task).await.state, TaskState::Ready);
    let theirs = rig.tasks.get_task(&other, GetTask::new(theirs.task)).await.unwrap().task;
    assert_eq!(theirs.state, TaskState::Ready);
    // Nor is it a reason to look again at once.
    let later = rig.submit(task("good", "Later").not_before(at(9).unwrap())).await;
    let ticked = rig.tasks.tick().await.unwrap();
    assert_eq!((ticked.done, ticked.more, ticked.next), (0, false, at(9)));
    rig.state.put(record[0].key.clone(), record[0].value.clone()).await.unwrap();
    rig.pass(61).await;
    assert_eq!(rig.task(&bad.task).await.state, TaskState::Ready, "it is tried again");
    assert_eq!(rig.task(&later.task).await.state, TaskState::Ready);
    rig.close().await;
}

on_every_store! {
    too_many_sets_of_requirements_are_refused_when_they_come_and_stop_nobody,
    one_record_that_is_not_readable_stops_nothing_else,
    a_task_is_claimed_by_who_can_and_completed_once,
    dependencies_release_and_skip,
    more_dependants_than_one_transaction_tells,
    a_cancelled_task_reaches_its_agent,
    leases_end_and_old_tokens_are_refused,
    times_are_kept,
    everything_of_a_task_is_removed_when_it_was_kept_long_enough,
    submitting_again_under_a_key_gives_the_same_task,
    what_does_not_fit_is_refused_with_the_reason,
    lists_are_paged_and_filtered,
    priorities_and_one_certain_agent,
    each_report_of_a_batch_stands_for_itself,
}
