//! The queue: who comes first begins first, and not more at a time than there are places.

use mosaic_core::ErrorKind;
use mosaic_core::op::cicd::{CancelRun, CicdService, ListRuns, TriggerRun};
use mosaic_core::types::cicd::RunState;

use super::{Place, ended, get, one_job, open_log, text, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_begin_in_the_order_in_which_they_were_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.parallel_jobs(1)).await;
    let order = root.path().join("order");
    let script = format!("mkdir '{0}.busy'; echo $MOSAIC_RUN >> '{0}'; rmdir '{0}.busy'", order.display());
    place.pipeline("note", &one_job(&script)).await;
    let first = place.trigger(&ci, "wait", &one_job("echo begun; sleep 86400")).await;
    until(&mut open_log(&ci, &first, "a").await, "begun").await;
    let trigger = || ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "note"));
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(trigger().await.unwrap());
    }
    for run in &runs {
        assert_eq!(get(&ci, run).await.state, RunState::Queued);
    }
    // One that waits can be cancelled, and ends without having begun.
    let left = runs.remove(2);
    let left = ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", left.id)).await.unwrap();
    assert_eq!((left.state, left.started_at), (RunState::Cancelled, None));
    ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", first.id)).await.unwrap();
    for run in &runs {
        assert_eq!(ended(&ci, run).await.state, RunState::Succeeded, "never two at a time");
    }
    let begun = std::fs::read_to_string(&order).unwrap();
    let expected: Vec<_> = runs.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(begun.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_a_run_work_side_by_side_where_there_is_room() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.parallel_jobs(2)).await;
    let (one, two) = (root.path().join("one"), root.path().join("two"));
    for fifo in [&one, &two] {
        assert!(std::process::Command::new("mkfifo").arg(fifo).status().unwrap().success());
    }
    // Each waits for the other, so they must be at work at the same time.
    let (one, two) = (one.display(), two.display());
    let pipeline = format!(
        "jobs:\n  a: {{ run: \"echo from a > '{one}'; cat '{two}'\" }}\n  b: {{ run: \"cat '{one}'; echo from b > '{two}'\" }}\n"
    );
    let run = place.trigger(&ci, "both", &pipeline).await;
    assert_eq!(text(open_log(&ci, &run, "a").await).await, "from b\n");
    assert_eq!(text(open_log(&ci, &run, "b").await).await, "from a\n");
    assert_eq!(ended(&ci, &run).await.state, RunState::Succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_bounded() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.open_runs(2).parallel_jobs(1)).await;
    place.pipeline("wait", &one_job("sleep 86400")).await;
    let trigger = || ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "wait"));
    let (first, second) = (trigger().await.unwrap(), trigger().await.unwrap());
    let full = trigger().await.unwrap_err();
    assert_eq!(full.kind(), ErrorKind::RateLimited);
    assert!(full.message().starts_with("2 runs are under way"), "{full}");
    ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", second.id)).await.unwrap();
    let third = trigger().await.unwrap();
    for run in [first, third] {
        ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", run.id)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_runs_go_and_numbers_are_not_used_again() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.keep_runs(3)).await;
    place.pipeline("quick", &one_job("true")).await;
    let mut last = String::new();
    for _ in 0..6 {
        let run = ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "quick")).await.unwrap();
        last = ended(&ci, &run).await.id;
    }
    mosaic_core::plugin::Plugin::stop(&ci).await.unwrap();
    assert_eq!(super::names(&root.path().join("ci/runs")), ["4", "5", "6"]);
    let ci = place.open(|config| config.keep_runs(1)).await;
    let runs = ci.list_runs(&place.cx, ListRuns::new("acme", "widget")).await.unwrap().items;
    assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&last]);
    let run = ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "quick")).await.unwrap();
    assert_eq!(run.id, "7");
}
