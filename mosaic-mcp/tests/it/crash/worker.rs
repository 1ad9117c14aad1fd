//! Processes that work until they are killed, and what they said before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::Place;

/// Names the place to a worker; a test run of its own does not have it.
const PLACE: &str = "MOSAIC_TEST_CRASH_PLACE";
/// Tells the lives of workers apart.
const LIFE: &str = "MOSAIC_TEST_CRASH_LIFE";
/// What a word begins with: the lines of the test harness do not.
const MARK: &str = "acknowledged: ";

/// Who a worker is; none in a test run of its own.
pub(super) fn called() -> Option<(Place, String)> {
    Some((Place::of_text(&std::env::var(PLACE).ok()?), std::env::var(LIFE).ok()?))
}

/// One line on the output, at once.
pub(super) fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // The line before may be the harness's own, without an end.
    out.write_all(format!("\n{MARK}{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A worker process, killed at the latest when it is dropped.
pub(super) struct Killed {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Killed {
    /// Starts the test of this name as a worker.
    pub(super) fn start(test: &str, place: &Place, life: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PLACE, place.to_text())
            .env(LIFE, life)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next thing that it said; none after its end.
    fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = Vec::new();
            self.lines.read_until(b'\n', &mut line).unwrap();
            // A line that the kill cut off acknowledges nothing.
            let line = line.strip_suffix(b"\n")?;
            if let Some(word) = str::from_utf8(line).ok().and_then(|line| line.strip_prefix(MARK)) {
                return Some(word.to_owned());
            }
        }
    }

    /// Kills it with SIGKILL after that many words; everything that it said.
    pub(super) fn kill_after(mut self, words: usize) -> Vec<String> {
        let mut said = Vec::new();
        while said.len() < words {
            said.push(self.hear().expect("a worker goes on until it is killed"));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Some(word) = self.hear() {
            said.push(word);
        }
        said
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
