//! Kills at any moment: what was reported as done is there, what is there is whole, and work goes on.
//!
//! The test program starts itself again as a child that writes and reports each finished write on its standard output. The
//! parent kills it after so many reports and a while that it measures in turns of a loop.

mod check;
mod write;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_providers::local::git::LocalGit;

use super::names;
use check::check;
use write::{REPORTS, write_until_killed};

const CHILD: &str = "MOSAIC_TEST_LOCAL_GIT_WRITER";

/// How often the writer is killed: 20, or 50 where `MOSAIC_SOAK` is `full`.
fn kills() -> usize {
    if std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full") { 50 } else { 20 }
}

/// The child: not a test of its own, so it does nothing unless the parent started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer() {
    let Ok(root) = std::env::var(CHILD) else { return };
    let round = std::env::var("MOSAIC_TEST_ROUND").unwrap();
    write_until_killed(Path::new(&root), &round).await;
}

fn report(line: &str) {
    // The name of the test may stand before it on the same line.
    let mut out = std::io::stdout().lock();
    writeln!(out, "\ndone {line}").unwrap();
    out.flush().unwrap();
}

/// A writer, killed; gives what it had reported by then.
fn run_and_kill(root: &Path, round: usize, lines: usize, turns: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local_git::kill::writer", "--nocapture", "--test-threads=1"])
        .env(CHILD, root)
        .env("MOSAIC_TEST_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let (mut reported, mut line) = (Vec::new(), String::new());
    while reported.len() < lines {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the writer ended by itself after {reported:?}");
        reported.extend(line.trim().strip_prefix("done ").map(str::to_owned));
    }
    for _ in 0..turns {
        assert!(child.try_wait().unwrap().is_none(), "the writer ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had said before it died counts, too.
    for line in reader.lines() {
        reported.extend(line.unwrap().trim().strip_prefix("done ").map(str::to_owned));
    }
    reported
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_reported() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = super::widget(root.path()).await;
    drop(forge);
    let mut reported = Vec::new();
    for round in 0..kills() {
        // Different moments: after each kind of write, and a while after that.
        let (lines, turns) = ((round * 5) % (REPORTS + 1), (round * 7_919) % 40_000);
        let path = root.path().to_path_buf();
        let new =
            tokio::task::spawn_blocking(move || run_and_kill(&path, round, lines, turns)).await.unwrap();
        let mut forge = LocalGit::open(root.path()).await.unwrap();
        // A git that the writer had started may live on for a moment; then the next to open the root clears what it left.
        let mut tries = 0;
        while names(&root.path().join(".mosaic/work")).len() > 1 {
            tries += 1;
            assert!(tries < 10_000, "the work directory of a killed writer stays");
            drop(forge);
            forge = LocalGit::open(root.path()).await.unwrap();
        }
        check(&forge, &cx, root.path(), &new, round).await;
        reported.extend(new);
    }
    // The last state still has everything from the first round on.
    let forge = LocalGit::open(root.path()).await.unwrap();
    check(&forge, &cx, root.path(), &reported, kills()).await;
    assert!(reported.len() > kills(), "the writers did too little to prove anything: {}", reported.len());
}
