//! Tasks that die and are replayed.

use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::tasks::*;

use super::{Rig, agent, origin, task, texts};
use crate::ground::{Ground, on_every_store};

async fn an_attempt_that_fails_is_tried_again_until_the_task_is_dead_and_replayed(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let retry = Retry::new().attempts(3u32).first_seconds(10u64).most_seconds(15u64);
    let id = rig.submit(task("p", "Flaky").retry(retry)).await.task;
    for attempt in 1..=3 {
        let claim = rig.claim(&ann).await.unwrap();
        assert_eq!(claim.task.attempt, attempt);
        let failed = FailTask::new(id.clone(), claim.token, format!("no {attempt}"));
        let after = rig.tasks.fail_task(&rig.cx, failed.clone()).await.unwrap();
        assert_eq!(rig.tasks.fail_task(&rig.cx, failed).await.unwrap(), after, "the same report again");
        if attempt < 3 {
            assert_eq!(after.state, TaskState::Scheduled);
            assert!(rig.claim(&ann).await.is_none());
            rig.pass(4).await;
            assert!(rig.claim(&ann).await.is_none(), "at least half of the step is waited");
            rig.pass(11).await;
        } else {
            assert_eq!((after.state, after.error.as_deref()), (TaskState::Dead, Some("no 3")));
        }
    }
    let dead = rig.tasks.list_tasks(&rig.cx, ListTasks::new().state(TaskState::Dead)).await.unwrap();
    assert_eq!(dead.items.len(), 1);
    let replayed = rig.tasks.replay_task(&rig.cx, ReplayTask::new(id.clone())).await.unwrap();
    assert_eq!((replayed.state, replayed.attempt), (TaskState::Ready, 0));
    let again = rig.tasks.replay_task(&rig.cx, ReplayTask::new(id)).await.unwrap_err();
    assert_eq!(again.message(), "a task that is ready cannot take Replayed");
    assert_eq!(rig.claim(&ann).await.unwrap().task.attempt, 1);
    rig.close().await;
}

async fn what_died_before_it_could_begin_waits_on_when_it_is_replayed(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").slots(8u32).lease_seconds(86_400u64)).await;
    let replay = async |id: &TaskId| rig.tasks.replay_task(&rig.cx, ReplayTask::new(id.clone())).await;
    let deadline = origin() + jiff::SignedDuration::from_secs(10);
    let first = rig.submit(task("p", "First")).await.task;
    let late = |rule: Rule| {
        let late = task("p", "Late").after(texts(&[&first.to_string()])).rule(rule).deadline(deadline);
        async { rig.submit(late).await.task }
    };
    let (all, later, failure) = (late(Rule::All).await, late(Rule::Any).await, late(Rule::Failure).await);
    rig.pass(11).await;
    for id in [&all, &later, &failure] {
        assert_eq!(rig.task(id).await.state, TaskState::Dead);
    }
    let again = replay(&all).await.unwrap();
    assert_eq!((again.state, again.deadline, again.ended_at), (TaskState::Blocked, None, None));
    let claim = rig.claim(&ann).await.unwrap();
    assert_eq!(claim.task.task, first);
    assert!(rig.claim(&ann).await.is_none(), "nothing else may begin");
    rig.tasks.complete_task(&rig.cx, CompleteTask::new(first.clone(), claim.token)).await.unwrap();
    assert_eq!(rig.task(&all).await.state, TaskState::Ready);
    // What ended while it was dead counts as well.
    assert_eq!(rig.task(&later).await.state, TaskState::Dead);
    assert_eq!(replay(&later).await.unwrap().state, TaskState::Ready);
    let refused = replay(&failure).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let wanted = format!(
        "task {failure} died before it could begin, and task {first}, for which it waited, is completed: submit another one"
    );
    assert_eq!(refused.message(), wanted);
    assert_eq!(rig.task(&failure).await.state, TaskState::Dead);
    rig.close().await;
}

async fn a_task_that_stops_as_it_is_late_is_cancelled_where_somebody_cancels_it(on: &Ground) {
    let rig = Rig::open(on).await;
    let ann = rig.agent(agent("ann").lease_seconds(86_400u64)).await;
    let deadline = origin() + jiff::SignedDuration::from_secs(10);
    let late = rig.submit(task("p", "Late").deadline(deadline)).await.task;
    let claim = rig.claim(&ann).await.unwrap();
    rig.pass(11).await;
    assert_eq!(rig.task(&late).await.state, TaskState::Stopping);
    let cancel = CancelTask::new(late.clone()).reason("not needed");
    assert_eq!(rig.tasks.cancel_task(&rig.cx, cancel).await.unwrap().state, TaskState::Stopping);
    let done = rig.tasks.complete_task(&rig.cx, CompleteTask::new(late, claim.token)).await.unwrap();
    assert_eq!((done.state, done.error.as_deref()), (TaskState::Cancelled, Some("not needed")));
    rig.close().await;
}

on_every_store! {
    a_task_that_stops_as_it_is_late_is_cancelled_where_somebody_cancels_it,
    an_attempt_that_fails_is_tried_again_until_the_task_is_dead_and_replayed,
    what_died_before_it_could_begin_waits_on_when_it_is_replayed,
}
