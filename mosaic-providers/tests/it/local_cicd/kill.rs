//! Kills at any moment: what was reported as ended is as it was reported, what was under way says that it failed, and
//! nothing of it lives.
//!
//! The test program starts itself again as a child that runs pipelines and reports on its standard output. The parent kills
//! it after so many reports and a while that it measures in turns of a loop.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CicdService, DownloadArtifact, GetRun, ListJobs, ListRuns, TriggerRun};
use mosaic_core::types::PageRequest;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::local::cicd::{LocalCicd, LocalCicdConfig};

use super::{Place, ended, living, names, open_log, text, until};

const CHILD: &str = "MOSAIC_TEST_LOCAL_CICD_RUNNER";

/// How often the runner is killed: 20, or 50 where `MOSAIC_SOAK` is `full`.
fn kills() -> usize {
    if std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full") { 50 } else { 20 }
}

fn config(root: &Path) -> LocalCicdConfig {
    LocalCicdConfig::new(root.join("ci"), root.join("forge")).run_commands(true).parallel_jobs(2)
}

/// The child: not a test of its own, so it does nothing unless the parent started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runner() {
    let Ok(root) = std::env::var(CHILD) else { return };
    run_until_killed(Path::new(&root)).await;
}

fn report(line: &str) {
    // The name of the test may stand before it on the same line.
    let mut out = std::io::stdout().lock();
    writeln!(out, "\ndone {line}").unwrap();
    out.flush().unwrap();
}

/// One run that never ends, and quick ones one after the other.
async fn run_until_killed(root: &Path) {
    let (ci, cx) = (LocalCicd::open(config(root)).await.unwrap(), CallContext::new());
    let trigger = |pipeline: &str| ci.trigger_run(&cx, TriggerRun::new("acme", "widget", pipeline));
    let endless = trigger("endless").await.unwrap();
    report(&format!("begun {}", endless.id));
    until(&mut open_log(&ci, &endless, "a").await, "ready").await;
    report(&format!("ready {}", endless.id));
    loop {
        let run = trigger("quick").await.unwrap();
        report(&format!("begun {}", run.id));
        let run = ended(&ci, &run).await;
        report(&format!("ended {} {:?}", run.id, run.state));
    }
}

/// A runner, killed; gives what it had reported by then.
fn run_and_kill(root: &Path, lines: usize, turns: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local_cicd::kill::runner", "--nocapture", "--test-threads=1"])
        .env(CHILD, root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let (mut reported, mut line) = (Vec::new(), String::new());
    while reported.len() < lines {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the runner ended by itself after {reported:?}");
        reported.extend(line.trim().strip_prefix("done ").map(str::to_owned));
    }
    for _ in 0..turns {
        assert!(child.try_wait().unwrap().is_none(), "the runner ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in reader.lines() {
        reported.extend(line.unwrap().trim().strip_prefix("done ").map(str::to_owned));
    }
    reported
}

/// Opens the root of a runner that was just killed: a process that it was starting may have its files open for a moment.
async fn open(root: &Path) -> LocalCicd {
    let mut tries = 0;
    loop {
        match LocalCicd::open(config(root)).await {
            Ok(ci) => return ci,
            Err(error) => {
                tries += 1;
                assert!(
                    tries < 10_000 && error.message().contains("another provider or process"),
                    "{error:?}"
                );
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_nothing_running_and_nothing_untold() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let mark = format!("killed-{}", std::process::id());
    let endless = format!(
        "jobs:\n  a:\n    env: {{ FAMILY: {mark} }}\n    run:\n      - sleep 86400 &\n      - setsid sh -c 'while :; do sleep 86400; done' &\n      - (sleep 86400 &)\n      - echo ready\n      - wait\n  b: {{ needs: [a], run: 'true' }}\n"
    );
    place.pipeline("endless", &endless).await;
    place
        .pipeline("quick", &format!("env: {{ FAMILY: {mark} }}\njobs:\n  a: {{ run: 'echo $MOSAIC_RUN | tee x', artifacts: [x] }}\n  b: {{ needs: [a], run: 'true' }}\n"))
        .await;
    let mut all = Vec::new();
    for round in 0..kills() {
        // Different moments: before the first report or after later ones, and a growing while after that.
        let (lines, turns) = (round % 7, (round * 7_919) % 40_000);
        let path = root.path().to_path_buf();
        let reported = tokio::task::spawn_blocking(move || run_and_kill(&path, lines, turns)).await.unwrap();
        let ci = open(root.path()).await;
        assert_eq!(living(&mark), [0; 0], "round {round}: {reported:?}");
        assert!(names(&root.path().join("ci/checkouts")).is_empty(), "round {round}");
        all.extend(reported);
        check(&ci, &all).await;
        mosaic_core::plugin::Plugin::stop(&ci).await.unwrap();
    }
    assert!(
        all.iter().any(|line| line.starts_with("ended ")),
        "the runners did too little to prove anything"
    );
    // Work goes on.
    let ci = open(root.path()).await;
    let run = ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "quick")).await.unwrap();
    assert_eq!(ended(&ci, &run).await.state, RunState::Succeeded);
}

async fn check(ci: &LocalCicd, reported: &[String]) {
    let cx = CallContext::new();
    for line in reported {
        let words: Vec<_> = line.split(' ').collect();
        let run = ci.get_run(&cx, GetRun::new("acme", "widget", words[1])).await.unwrap();
        match words[..] {
            ["ended", id, state] => {
                assert_eq!((format!("{:?}", run.state).as_str(), state), (state, "Succeeded"));
                assert_eq!(text(open_log(ci, &run, "a").await).await, format!("{id}\n"));
                let file = DownloadArtifact::new("acme", "widget", id, "x");
                assert_eq!(text(ci.download_artifact(&cx, file).await.unwrap()).await, format!("{id}\n"));
            }
            ["begun", _] => assert!(run.state.is_final()),
            ["ready", _] => {
                assert_eq!(run.state, RunState::Failed);
                assert_eq!(run.reason.as_deref(), Some("the process that ran it ended"));
                assert_eq!(text(open_log(ci, &run, "a").await).await, "ready\n");
            }
            _ => panic!("an odd report: {line}"),
        }
    }
    let list = ListRuns::new("acme", "widget").page(PageRequest::first(100));
    for run in ci.list_runs(&cx, list).await.unwrap().items {
        assert!(run.state.is_final() && run.ended_at.is_some(), "{run:?}");
        let jobs = ci.list_jobs(&cx, ListJobs::new("acme", "widget", run.id.as_str())).await.unwrap().items;
        assert!(jobs.iter().all(|job| job.state.is_final()), "{jobs:?}");
    }
}
