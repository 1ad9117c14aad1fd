//! How jobs end: by themselves, at their limits, when they are cancelled; and that nothing of them lives on.

use mosaic_core::ErrorKind;
use mosaic_core::op::cicd::{CancelRun, CicdService, RerunRun};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;

use super::{Place, ended, job, living, one_job, open_log, text, until};

/// A mark that only the processes of one test carry.
fn mark(test: &str) -> String {
    format!("{test}-{}", std::process::id())
}

/// A family: a shell in the same group, one in a session of its own that ignores the polite signal, one without parents.
fn family(mark: &str) -> String {
    format!(
        "export FAMILY={mark}\nsleep 86400 &\n(trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 86400; done') &\n(sleep 86400 & sleep 86400 &)\necho ready\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_ends_the_whole_family() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let mark = mark("cancel");
    let run = place.trigger(&ci, "family", &one_job(&format!("{}wait\n", family(&mark)))).await;
    let mut log = open_log(&ci, &run, "a").await;
    until(&mut log, "ready").await;
    assert!(living(&mark).len() >= 4, "{:?}", living(&mark));
    let cancelled =
        ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", run.id.as_str())).await.unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
    assert_eq!(living(&mark), [0; 0], "cancel_run returns when nothing of the run lives");
    assert_eq!(text(log).await, "mosaic: the run was cancelled\n");
    assert!(super::names(&root.path().join("ci/checkouts")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_job_leaves_running_is_ended_with_it() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let mark = mark("leave");
    let (run, job, log) = place.script(&ci, "leave", &family(&mark)).await;
    assert_eq!((run.state, job.exit_code, log.as_str()), (RunState::Succeeded, Some(0), "ready\n"));
    assert_eq!(living(&mark), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_may_clean_up_before_it_is_cancelled() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.limits(|limits| limits.grace_ms = 60_000)).await;
    // What is started before the trap is set ends by the signal itself.
    let script = "sleep 86400 &\ntrap 'echo cleaned; exit 0' TERM\necho ready\nwait\n";
    let run = place.trigger(&ci, "polite", &one_job(script)).await;
    let mut log = open_log(&ci, &run, "a").await;
    until(&mut log, "ready").await;
    let run = ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", run.id.as_str())).await.unwrap();
    assert_eq!(run.state, RunState::Cancelled);
    assert_eq!(text(log).await, "cleaned\nmosaic: the run was cancelled\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_limits_hold_for_jobs_and_for_runs() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let mark = mark("late");
    let late = format!(
        "jobs:\n  a:\n    timeout: 50ms\n    env: {{ FAMILY: {mark} }}\n    run: sleep 86400\n  b: {{ needs: [a], run: 'true' }}\n"
    );
    let run = ended(&ci, &place.trigger(&ci, "late", &late).await).await;
    assert_eq!((run.state, run.reason.as_deref()), (RunState::Failed, Some("a: time limit of 50 ms")));
    assert_eq!(job(&ci, &run, "b").await.state, RunState::Skipped);
    let whole = format!(
        "timeout: 100ms\njobs:\n  a:\n    env: {{ FAMILY: {mark} }}\n    run: sleep 86400\n  b: {{ needs: [a], run: 'true' }}\n"
    );
    let run = ended(&ci, &place.trigger(&ci, "whole", &whole).await).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(run.reason.as_deref().unwrap().contains("time limit of 100 ms for the whole run"), "{run:?}");
    assert_eq!(job(&ci, &run, "b").await.state, RunState::Skipped);
    assert_eq!(living(&mark), [0; 0]);
    // A pipeline cannot ask for more than the configuration gives.
    let other = tempfile::tempdir().unwrap();
    let place = Place::new(other.path()).await;
    let ci = place.open(|config| config.limits(|limits| limits.job_timeout_ms = 50)).await;
    let long = "jobs:\n  a: { run: sleep 86400, timeout: 5h }\n";
    let run = ended(&ci, &place.trigger(&ci, "long", long).await).await;
    assert_eq!(run.reason.as_deref(), Some("a: time limit of 50 ms"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_line_that_fails_ends_a_job() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let text = "jobs:\n  a:\n    run:\n      - echo before\n      - sh -c 'exit 7'\n      - echo after\n";
    let run = ended(&ci, &place.trigger(&ci, "lines", text).await).await;
    assert_eq!((run.state, run.reason.as_deref()), (RunState::Failed, Some("a: exit status 7")));
    assert_eq!(job(&ci, &run, "a").await.exit_code, Some(7));
    assert_eq!(super::text(open_log(&ci, &run, "a").await).await, "before\nmosaic: exit status 7\n");
    let (run, _, log) = place.script(&ci, "unset", "echo \"$NOT_SET\"").await;
    assert_eq!(run.state, RunState::Failed, "{log}");
    let (run, job, _) = place.script(&ci, "signal", "kill -9 $$").await;
    assert_eq!((run.reason.as_deref(), job.exit_code), (Some("a: ended by signal 9"), None));
    // Standard input is empty, not that of this process.
    let (run, _, log) = place.script(&ci, "input", "cat").await;
    assert_eq!((run.state, log.as_str()), (RunState::Succeeded, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resource_limits_hold() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let limits = |config: mosaic_providers::local::cicd::LocalCicdConfig| {
        config.limits(|limits| {
            limits.cpu_seconds = 1;
            limits.memory_bytes = 512 << 20;
            limits.file_bytes = 1 << 20;
            limits.open_files = 17;
        })
    };
    let ci = place.open(limits).await;
    let (_, _, log) =
        place.script(&ci, "limits", "ulimit -t; ulimit -v; ulimit -n; ulimit -c; ulimit -H -n").await;
    assert_eq!(log, format!("1\n{}\n17\n0\n17\n", 512 << 10));
    let (run, _, _) = place.script(&ci, "cpu", "while :; do :; done").await;
    let reason = run.reason.unwrap();
    assert!(reason.contains("processor time limit of 1 s"), "{reason}");
    let (run, _, log) =
        place.script(&ci, "file", "dd if=/dev/zero of=big bs=65536 count=100 2>&1; echo not here").await;
    assert!(run.state == RunState::Failed && !log.contains("not here"), "{log}");
    assert!(run.reason.unwrap().contains("file size limit of 1048576 bytes"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_the_provider_ends_its_runs_and_keeps_them() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let mark = mark("stop");
    let run = place.trigger(&ci, "family", &one_job(&format!("{}wait\n", family(&mark)))).await;
    until(&mut open_log(&ci, &run, "a").await, "ready").await;
    ci.stop().await.unwrap();
    assert_eq!(living(&mark), [0; 0]);
    let rerun = RerunRun::new("acme", "widget", run.id.as_str());
    assert_eq!(ci.rerun_run(&place.cx, rerun).await.unwrap_err().kind(), ErrorKind::Lifecycle);
    // It may be opened again, by itself or by another.
    ci.initialize().await.unwrap();
    let run = super::get(&ci, &run).await;
    assert_eq!((run.state, run.reason.as_deref()), (RunState::Failed, Some("a: the provider was stopped")));
}

/// The whole runtime goes in the middle of a job, as at the end of a program that did not stop the provider.
#[test]
fn a_runtime_that_goes_takes_the_jobs_with_it() {
    let root = tempfile::tempdir().unwrap();
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (first, mark) = (runtime(), mark("runtime"));
    let (place, run) = first.block_on(async {
        let place = Place::new(root.path()).await;
        let ci = place.open(|config| config).await;
        let run = place.trigger(&ci, "family", &one_job(&format!("{}wait\n", family(&mark)))).await;
        until(&mut open_log(&ci, &run, "a").await, "ready").await;
        // Not even dropped.
        std::mem::forget(ci);
        (place, run)
    });
    assert!(living(&mark).len() >= 4);
    drop(first);
    assert_eq!(living(&mark), [0; 0]);
    drop((place, run));
}
