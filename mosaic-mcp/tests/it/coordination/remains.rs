//! What is left of everything that was done, once it is over: a store does not grow with use.

use std::time::Duration;

use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, Window};
use mosaic_mcp::coordination::ProjectId;
use mosaic_mcp::coordination::agents::DeregisterAgent;
use mosaic_mcp::coordination::budgets::{Budgets, DeleteBudget, ReserveBudget, SetBudget, SettleBudget};
use mosaic_mcp::coordination::messages::*;
use mosaic_mcp::coordination::shared::{PutValue, Shared};
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::state::{KeyRange, Topic, TopicFilter};
use serde_json::json;

use super::{Rig, agent, task, texts};
use crate::ground::{Ground, on_every_store};

/// Tasks that end in every way, of agents that leave and that are lost.
async fn work(rig: &Rig) {
    let ann = rig.agent(agent("ann").slots(9u32).offers(texts(&["rust", "gpu"]))).await;
    let bob = rig.agent(agent("bob").offers(texts(&["rust"]))).await;
    let project = ProjectId::new("p").unwrap();
    for weight in [5u32, 1] {
        rig.tasks.set_project(&rig.cx, SetProject::new(project.clone(), weight)).await.unwrap();
    }
    let deadline = rig.state.now() + jiff::SignedDuration::from_secs(20);
    let batch = vec![
        task("p", "Done").name("done").input(json!(1)).idempotency_key("once").priority(9),
        task("p", "Broken").name("broken").retry(Retry::new().attempts(1u32)).priority(8),
        task("p", "Stopped").requires(texts(&["gpu"])).priority(7),
        task("p", "Skipped").after(texts(&["broken"])),
        task("p", "Either").after(texts(&["done", "broken"])).rule(Rule::Any),
        task("p", "Clean up").name("clean").after(texts(&["broken"])).rule(Rule::Failure),
        task("p", "Late").after(texts(&["clean"])).deadline(deadline),
        task("p", "Cancelled").not_before(deadline),
    ];
    let ids: Vec<TaskId> = rig
        .tasks
        .submit_tasks(&rig.cx, SubmitTasks::new(batch))
        .await
        .unwrap()
        .tasks
        .into_iter()
        .map(|task| task.task)
        .collect();
    let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(3u32);
    for claim in rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks {
        let (id, token) = (claim.task.task, claim.token);
        let log = ReportProgress::new(id.clone(), token).log(texts(&["a", "b"]));
        rig.tasks.report_progress(&rig.cx, log).await.unwrap();
        match claim.task.title.as_str() {
            "Done" => {
                let done = CompleteTask::new(id, token).result(json!(2));
                rig.tasks.complete_task(&rig.cx, done).await.unwrap();
            }
            "Broken" => drop(rig.tasks.fail_task(&rig.cx, FailTask::new(id, token, "no")).await.unwrap()),
            _ => drop(rig.tasks.cancel_task(&rig.cx, CancelTask::new(id)).await.unwrap()),
        }
    }
    rig.tasks.cancel_task(&rig.cx, CancelTask::new(ids[7].clone())).await.unwrap();
    rig.agents.deregister_agent(&rig.cx, DeregisterAgent::new(ann.agent)).await.unwrap();
    // Bob has one when he is lost, and nobody takes the rest.
    assert!(rig.claim(&bob).await.is_some());
    rig.pass(100).await;
    for id in [&ids[4], &ids[5]] {
        rig.tasks.cancel_task(&rig.cx, CancelTask::new(id.clone())).await.unwrap();
    }
    for id in &ids {
        let task = rig.task(id).await;
        assert!(task.state.is_ended(), "{}: {}", task.title, task.state);
    }
}

/// Messages that are answered, expire, die and are left behind.
async fn talk(rig: &Rig) {
    let (messages, cx) = (Messages::new(rig.state.clone()), &rig.cx);
    for name in ["ann", "bob"] {
        let open = OpenMailbox::new(name).project("p").attempts(1u32).lease(5u64);
        messages.open_mailbox(cx, open).await.unwrap();
        let follow = FollowTopic::new(name, TopicFilter::new("news.>").unwrap());
        messages.follow_topic(cx, follow).await.unwrap();
    }
    messages.send_message(cx, SendMessage::new("ann", 1).id("one").seconds(5u64)).await.unwrap();
    messages.publish_message(cx, PublishMessage::new(Topic::new("news.7").unwrap(), 2)).await.unwrap();
    messages.broadcast_message(cx, BroadcastMessage::new(3).project("p")).await.unwrap();
    let asks = SendMessage::new("bob", 4).conversation("c").reply_to("ann").reply_within(60u64);
    messages.send_message(cx, asks).await.unwrap();
    let asked = |found: &Message| found.answer_by.is_some();
    let found = messages.receive_messages(cx, ReceiveMessages::new("bob")).await.unwrap().messages;
    let receipt = found.iter().find(|found| asked(found)).unwrap().receipt.clone();
    messages.reply_message(cx, ReplyMessage::new("bob", receipt, 5)).await.unwrap();
    tokio::time::advance(Duration::from_secs(6)).await;
    messages.receive_messages(cx, ReceiveMessages::new("bob")).await.unwrap();
    assert!(messages.get_mailbox(cx, GetMailbox::new("bob")).await.unwrap().dead > 0);
    for name in ["ann", "bob"] {
        messages.close_mailbox(cx, CloseMailbox::new(name)).await.unwrap();
    }
}

/// Budgets with what was settled and what never is.
async fn spend(rig: &Rig) {
    let (budgets, cx) = (Budgets::new(rig.state.clone()), &rig.cx);
    let limit = vec![BudgetLimit::new(Currency::Calls, Window::Day, 100)];
    budgets.set_budget(cx, SetBudget::new("team:a", limit)).await.unwrap();
    let reserve = || ReserveBudget::new("team:a/agent:x", Amounts::new().calls(5));
    let held = budgets.reserve(cx, reserve()).await.unwrap();
    budgets.settle(cx, SettleBudget::new(held.id, Amounts::new().calls(1))).await.unwrap();
    budgets.reserve(cx, reserve()).await.unwrap();
    budgets.delete_budget(cx, DeleteBudget::new("team:a")).await.unwrap();
}

async fn nothing_of_what_is_over_stays_for_ever(on: &Ground) {
    let rig = Rig::open(on).await;
    for round in 0..3 {
        work(&rig).await;
        talk(&rig).await;
        spend(&rig).await;
        let value = PutValue::new(format!("run/{round}"), 1).seconds(60u64);
        Shared::new(rig.state.clone()).put_value(&rig.cx, value).await.unwrap();
        rig.pass(8 * 86_400).await;
        assert_eq!(Budgets::new(rig.state.clone()).sweep(100).await.unwrap(), 1);
        let left = rig.state.range(&KeyRange::all(), 1_000).await.unwrap();
        let left: Vec<&str> = left.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(left, ["budget/version", "task-sets/default"]);
    }
    let head = rig.state.trim_before(rig.state.now() + Duration::from_secs(1)).await.unwrap();
    assert_eq!(head, rig.state.head().offset);
    assert!(rig.state.store().events(&TopicFilter::all(), 0, 10).await.unwrap().is_empty());
    rig.close().await;
}

on_every_store! {
    nothing_of_what_is_over_stays_for_ever,
}
