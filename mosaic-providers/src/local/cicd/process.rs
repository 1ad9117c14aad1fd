//! The processes of a job: started behind a gate, limited, known by a mark, and ended all together.
//!
//! A job is a shell in a process group of its own. It first waits at a gate, so that its number is written down and its
//! limits are set before anything of the pipeline runs; where this process dies meanwhile, the gate closes and nothing runs.
//! Each process of a job carries a mark in its environment, by which those are found that left the group.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use mosaic_core::error::{Error, ErrorKind, Result};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin, Command};

use super::config::CicdLimits;
use super::disk::blocking;
use super::fault;
use super::proc::Process;

/// The variable that marks the processes of a job.
const MARK: &str = "MOSAIC_JOB_MARK";
/// What a shell does first: nothing, until it is told to go. The script is its argument and no part of this text.
const GATE: &str = r#"read -r go && [ "$go" = go ] || exit 125; exec /bin/sh -eu "$1" </dev/null"#;
/// How long processes that were killed may take to be gone.
const BURIAL: Duration = Duration::from_secs(10);
/// Between the processor time at which a process is told to end and the one at which it is killed, in seconds.
const CPU_GRACE: u64 = 5;

/// By what the processes of a job are known, also after this process has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProcessMark {
    /// The number of the first one and of the group.
    pid: i32,
    /// When it began; another process that gets the number has another time.
    start: u64,
    mark: String,
}

/// What is to be started.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub(super) script: &'a Path,
    pub(super) directory: &'a Path,
    /// Everything that the job sees of an environment.
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) limits: &'a CicdLimits,
}

/// The shell of a job.
#[derive(Debug)]
pub(super) struct Shell {
    child: Child,
    gate: Option<ChildStdin>,
    mark: ProcessMark,
    over: bool,
}

impl Shell {
    /// Starts a shell that waits at its gate, and gives what it and everything below it will write: standard output and
    /// standard error through one pipe, so in the order in which it is written.
    pub(super) fn start(spec: Spec<'_>) -> Result<(Self, Receiver)> {
        let broken = |error| cannot("start the shell of the job", error);
        let mark = fresh_mark();
        let (reader, writer) = io::pipe().map_err(broken)?;
        let mut command = Command::new("/bin/sh");
        command
            .args([OsStr::new("-c"), OsStr::new(GATE), OsStr::new("sh"), spec.script.as_os_str()])
            .current_dir(spec.directory)
            .env_clear()
            .envs(&spec.environment)
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().map_err(broken)?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(broken)?;
        // It holds the writing ends; the pipe ends when the last of the job does.
        drop(command);
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
        let unseen = || io::Error::new(io::ErrorKind::NotFound, "the shell is not in /proc");
        // Without that nothing of the job could be found again.
        let start = Process::find(pid).map(|process| process.start).ok_or_else(unseen).map_err(broken)?;
        let gate = child.stdin.take();
        let shell = Self { child, gate, mark: ProcessMark { pid, start, mark }, over: false };
        shell.limit(spec.limits).map_err(|error| cannot("limit what the job uses", error))?;
        let output = Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(broken)?;
        Ok((shell, output))
    }

    /// By what it is known.
    pub(super) fn mark(&self) -> &ProcessMark {
        &self.mark
    }

    /// Lets it run the script.
    pub(super) async fn open_gate(&mut self) -> Result<()> {
        let Some(mut gate) = self.gate.take() else { return Ok(()) };
        gate.write_all(b"go\n").await.map_err(|error| cannot("let the shell of the job begin", error))
    }

    /// Waits for its end. What it started may live on.
    pub(super) async fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.map_err(|error| cannot("wait for the shell of the job", error))
    }

    /// Asks everything of the job to end, and waits until it did or the time is over. It is asked twice: a process that was
    /// just being started may not have heard it.
    pub(super) async fn ask_to_end(&mut self, grace: Duration) {
        for _ in 0..2 {
            let mark = self.mark.clone();
            let asked = blocking(move || Ok(mark.signal(true, Signal::TERM))).await;
            if matches!(asked, Ok(Ok(0))) {
                return;
            }
            let mark = self.mark.clone();
            let gone = async {
                let _ = self.child.wait().await;
                loop {
                    let mark = mark.clone();
                    match blocking(move || Ok(mark.living(true))).await {
                        Ok(Ok(living)) if living.is_empty() => break,
                        _ => tokio::time::sleep(Duration::from_millis(10)).await,
                    }
                }
            };
            if tokio::time::timeout(grace / 2, gone).await.is_ok() {
                return;
            }
        }
        // Those that did not end in time are killed next.
    }

    /// Kills what is left of the job; afterwards nothing of it lives.
    pub(super) async fn end(mut self) -> Result<()> {
        if self.child.id().is_some() {
            let _ = self.child.start_kill();
            let _ = self.child.wait().await;
        }
        let mark = self.mark.clone();
        let ended = blocking(move || mark.bury(true)).await;
        self.over = ended.is_ok();
        ended
    }

    fn limit(&self, limits: &CicdLimits) -> io::Result<()> {
        let pid = Pid::from_raw(self.mark.pid);
        let rows = [
            (Resource::Cpu, Some(limits.cpu_seconds), CPU_GRACE),
            (Resource::As, Some(limits.memory_bytes), 0),
            (Resource::Fsize, Some(limits.file_bytes), 0),
            (Resource::Nofile, Some(limits.open_files), 0),
            (Resource::Nproc, limits.processes, 0),
            (Resource::Core, Some(0), 0),
        ];
        for (resource, wanted, more) in rows {
            let Some(wanted) = wanted else { continue };
            // A limit of our own that is lower holds for the job, too.
            let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            let (current, maximum) = (wanted.min(most), wanted.saturating_add(more).min(most));
            prlimit(pid, resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
        }
        Ok(())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Only where the whole provider is given up in the middle of a job.
        if !self.over
            && let Err(error) = self.mark.bury(true)
        {
            tracing::warn!(%error, "processes of a job that was given up may live on");
        }
    }
}

impl ProcessMark {
    /// The processes of the job that live. `ours` says that the group is certainly the one of the job, as this process
    /// started it and was there ever since; else the number may be another's by now, and the first process must prove itself.
    fn living(&self, ours: bool) -> io::Result<Vec<Process>> {
        let variable = format!("{MARK}={}", self.mark);
        let ours = ours
            || Process::find(self.pid)
                .is_some_and(|first| first.start == self.start && first.carries(&variable));
        let mut all = Process::all()?;
        all.retain(|process| {
            process.start >= self.start && ((ours && process.group == self.pid) || process.carries(&variable))
        });
        Ok(all)
    }

    /// Sends a signal to what lives of it, once, and says how many that are. Blocks.
    fn signal(&self, ours: bool, signal: Signal) -> io::Result<usize> {
        let living = self.living(ours)?;
        for pid in living.iter().filter_map(|process| Pid::from_raw(process.pid)) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(pid, signal);
        }
        Ok(living.len())
    }

    /// Kills what lives of it until nothing does. Blocks.
    fn bury(&self, ours: bool) -> Result<()> {
        let looked = |error| cannot("look for the processes of a job", error);
        let (begin, mut pause, mut quiet) = (Instant::now(), Duration::from_millis(1), 0);
        // A process that begins while we look may be missed once.
        while quiet < 2 {
            if self.signal(ours, Signal::KILL).map_err(looked)? == 0 {
                quiet += 1;
                continue;
            }
            if begin.elapsed() > BURIAL {
                let message = "processes of a job do not end although they were killed";
                return Err(Error::new(ErrorKind::Provider, message));
            }
            quiet = 0;
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Kills what lives of a job that an earlier process started. Blocks.
    pub(super) fn bury_leftovers(&self) -> Result<()> {
        self.bury(false)
    }
}

/// A text that no other job has.
fn fresh_mark() -> String {
    // Each of these is keyed at random.
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u128(std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos()));
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(), half())
}

fn cannot(doing: &'static str, error: io::Error) -> Error {
    fault::disk(doing, error)
}

/// What a signal that ended a process means, where a limit is behind it.
pub(super) fn shown_signal(signal: i32, limits: &CicdLimits) -> String {
    let meaning = match signal {
        _ if signal == Signal::XCPU.as_raw() => format!("processor time limit of {} s", limits.cpu_seconds),
        _ if signal == Signal::XFSZ.as_raw() => format!("file size limit of {} bytes", limits.file_bytes),
        _ => return format!("ended by signal {signal}"),
    };
    format!("ended by signal {signal}: {meaning}")
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A process in a group of its own that carries this mark.
    fn sleeper(mark: &str) -> (Child, ProcessMark) {
        use std::os::unix::process::CommandExt as _;
        let child = Command::new("/bin/sleep").arg("86400").env(MARK, mark).process_group(0).spawn().unwrap();
        let pid = child.id().cast_signed();
        // Until it runs its own program it looks like this one.
        while !Process::find(pid).unwrap().carries(&format!("{MARK}={mark}")) {
            std::thread::yield_now();
        }
        let start = Process::find(pid).unwrap().start;
        (child, ProcessMark { pid, start, mark: mark.to_owned() })
    }

    #[test]
    fn leftovers_are_killed() {
        let (mut child, mark) = sleeper(&fresh_mark());
        mark.bury_leftovers().unwrap();
        assert!(!child.wait().unwrap().success());
        mark.bury_leftovers().unwrap();
    }

    #[test]
    fn another_process_that_got_the_number_is_left_alone() {
        let (mut child, mark) = sleeper(&fresh_mark());
        for other in [
            ProcessMark { mark: fresh_mark(), ..mark.clone() },
            ProcessMark { mark: fresh_mark(), start: mark.start - 1, ..mark.clone() },
            ProcessMark { mark: fresh_mark(), start: mark.start + 1, ..mark.clone() },
        ] {
            other.bury_leftovers().unwrap();
            assert!(child.try_wait().unwrap().is_none(), "{other:?}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
