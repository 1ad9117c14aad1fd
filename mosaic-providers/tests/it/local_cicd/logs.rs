//! Logs: in order, live, bounded.

use futures_util::{FutureExt as _, StreamExt as _};
use mosaic_core::op::cicd::{CancelRun, CicdService};
use mosaic_core::types::cicd::RunState;

use super::{Place, one_job, open_log, succeeded, text, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_outputs_are_one_log_in_the_order_in_which_they_were_written() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let script = "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let (run, _, log) = place.script(&ci, "both", script).await;
    succeeded(&run, &log);
    let expected: String = (0..200).map(|at| format!("out {at}\nerr {at}\n")).collect();
    assert_eq!(log, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_woken_by_each_line_and_waits_in_between() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let fifo = root.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // Each line is written when the test says so.
    let script =
        format!("echo begin; while read -r line; do echo \"got $line\"; done < '{}'", fifo.display());
    let run = place.trigger(&ci, "fifo", &one_job(&script)).await;
    let mut log = open_log(&ci, &run, "a").await;
    until(&mut log, "begin").await;
    let mut pipe = tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(fifo))
        .await
        .unwrap()
        .unwrap();
    for line in ["one", "two", "three"] {
        assert!(log.next().now_or_never().is_none(), "nothing was written");
        std::io::Write::write_all(&mut pipe, format!("{line}\n").as_bytes()).unwrap();
        assert_eq!(log.next().await.unwrap().unwrap().as_text(), Some(format!("got {line}\n").as_str()));
    }
    let late = open_log(&ci, &run, "a").await;
    drop(pipe);
    assert_eq!(text(log).await, "");
    assert_eq!(text(late).await, "begin\ngot one\ngot two\ngot three\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_too_long_ends_and_the_job_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.limits(|limits| limits.log_bytes = 1000)).await;
    let (run, job, log) = place.script(&ci, "long", "head -c 3000000 /dev/zero | tr '\\0' x; exit 4").await;
    assert_eq!((run.state, job.exit_code), (RunState::Failed, Some(4)));
    assert_eq!(log, format!("{}\nmosaic: the log ends here, at its limit of 1000 bytes\n", "x".repeat(1000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_job_that_never_began_is_empty_and_ends() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let run = place
        .trigger(&ci, "never", "jobs:\n  a: { run: sleep 86400 }\n  b: { needs: [a], run: echo b }\n")
        .await;
    let waiting = open_log(&ci, &run, "b").await;
    ci.cancel_run(&place.cx, CancelRun::new("acme", "widget", run.id.as_str())).await.unwrap();
    assert_eq!(text(waiting).await, "");
    assert_eq!(text(open_log(&ci, &run, "b").await).await, "");
}
