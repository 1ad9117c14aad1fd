//! Processes that work until they are killed, and what they said before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::{Place, kills, words};

/// Names the place to a worker; a test run of its own does not have it.
const PLACE: &str = "MOSAIC_TEST_CRASH_PLACE";
/// Tells the lives of workers apart.
const LIFE: &str = "MOSAIC_TEST_CRASH_LIFE";
/// What the one before it left.
const LEFT: &str = "MOSAIC_TEST_CRASH_LEFT";
/// What a word begins with: the lines of the test harness do not.
const MARK: &str = "acknowledged: ";

/// Who a worker is.
pub(super) struct Called {
    pub(super) place: Place,
    /// Which of the two workers at a time it is: it goes on with what those before it in the same slot began.
    pub(super) slot: usize,
    /// Of this worker alone.
    pub(super) life: String,
    /// What it is told of those before it: words, a line each.
    pub(super) left: Vec<Vec<String>>,
}

/// Who a worker is; none in a test run of its own.
pub(super) fn called() -> Option<Called> {
    let place = Place::of_text(&std::env::var(PLACE).ok()?);
    let (life, left) = (std::env::var(LIFE).ok()?, std::env::var(LEFT).ok()?);
    let slot = life.split_once('-').unwrap().0.parse().unwrap();
    Some(Called { place, slot, life, left: left.lines().map(parts).collect() })
}

/// The parts of a word.
pub(super) fn parts(word: &str) -> Vec<String> {
    word.split(' ').map(str::to_owned).collect()
}

/// One line on the output, at once.
pub(super) fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // The line before may be the harness's own, without an end.
    out.write_all(format!("\n{MARK}{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A worker process, killed at the latest when it is dropped.
struct Killed {
    child: Child,
    /// What it said. It is taken from the process at once: one that waits to be heard would hold the store meanwhile.
    words: Receiver<String>,
}

impl Killed {
    /// Starts the test of this name as a worker.
    fn start(test: &str, place: &Place, life: &str, left: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PLACE, place.to_text())
            .env(LIFE, life)
            .env(LEFT, left)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let (say, words) = channel();
        // It ends with the output of the process.
        std::thread::spawn(move || hear(lines, &say));
        Self { child, words }
    }

    /// Kills it with SIGKILL after that many words more; everything that it said.
    fn kill_after(mut self, count: usize) -> Vec<String> {
        let mut said: Vec<String> = self.words.try_iter().collect();
        for _ in 0..count {
            said.push(self.words.recv().expect("a worker goes on until it is killed"));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        said.extend(self.words.iter());
        said
    }
}

/// Tells each word of an output, until its end.
fn hear(mut lines: BufReader<ChildStdout>, say: &Sender<String>) {
    loop {
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line).unwrap();
        // A line that the kill cut off acknowledges nothing.
        let Some(line) = line.strip_suffix(b"\n") else { return };
        let word = str::from_utf8(line).ok().and_then(|line| line.strip_prefix(MARK));
        if let Some(word) = word {
            // Whoever listened may have ended.
            let _ = say.send(word.to_owned());
        }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who hears what workers said, and tells those that come after.
pub(super) trait Witness {
    /// Something that a worker said before it was killed.
    fn heard(&mut self, life: &str, word: &str);

    /// What the next worker of a slot is told, a line each.
    fn left(&self, slot: usize) -> Vec<String> {
        let _ = slot;
        Vec::new()
    }
}

/// Two workers at a time on one store, killed one after the other. What the last one said counts for nothing.
pub(super) async fn play(test: &str, place: &Place, seed: u64, witness: &mut impl Witness) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut other: Option<(Killed, String)> = None;
    for kill in 0..=kills() {
        let slot = kill % 2;
        let life = format!("{slot}-{kill}");
        let worker = Killed::start(test, place, &life, &witness.left(slot).join("\n"));
        let Some((killed, name)) = other.replace((worker, life)) else { continue };
        let count = words(&mut random);
        let said = tokio::task::spawn_blocking(move || killed.kill_after(count)).await.unwrap();
        for word in said {
            witness.heard(&name, &word);
        }
    }
}
