//! Runs the `git` program: the one place where a process is started.
//!
//! No shell is involved and nothing of the caller's environment or configuration reaches git. It runs inside the repository
//! directory, so that its messages hold relative paths only.

mod stream;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures_util::future::join3;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::fault;
use super::work::blocking;

/// No answer of git may be longer: it is held in memory.
pub(super) const OUTPUT_LIMIT: usize = 128 * 1024 * 1024;
/// What is kept of git's complaints.
const STDERR_LIMIT: usize = 4 * 1024;

/// The oldest git with `merge-tree --write-tree`.
const OLDEST: (u32, u32) = (2, 38);

/// The program and the surroundings it runs in.
#[derive(Debug)]
pub(super) struct Git {
    path: Option<OsString>,
}

/// One run of git, being prepared.
pub(super) struct Run {
    verb: &'static str,
    directory: PathBuf,
    command: Command,
    input: Input,
}

/// Shared or owned bytes, without a copy.
type Input = Box<dyn AsRef<[u8]> + Send + Sync>;

/// What a run gave.
#[derive(Debug)]
pub(super) struct Output {
    verb: &'static str,
    /// The exit status; none where a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Git {
    /// The git that `PATH` leads to. The variable is read once, here.
    pub(super) fn from_path() -> Self {
        Self { path: std::env::var_os("PATH") }
    }

    /// A command outside any repository.
    pub(super) fn plain(&self, directory: &Path, verb: &'static str) -> Run {
        self.run(directory, None, verb)
    }

    /// A command on the bare repository in this directory.
    pub(super) fn bare(&self, directory: &Path, verb: &'static str) -> Run {
        self.run(directory, Some("--git-dir=."), verb)
    }

    fn run(&self, directory: &Path, place: Option<&str>, verb: &'static str) -> Run {
        let mut command = Command::new("git");
        command
            .current_dir(directory)
            .env_clear()
            .envs([
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_OPTIONAL_LOCKS", "0"),
                ("GIT_NO_REPLACE_OBJECTS", "1"),
                ("GIT_LITERAL_PATHSPECS", "1"),
                // Formats that later versions change the defaults of.
                ("GIT_DEFAULT_REF_FORMAT", "files"),
                ("GIT_DEFAULT_HASH", "sha1"),
                ("LC_ALL", "C"),
            ])
            // Hooks in a repository are for those who push to it, not for us to run. Objects reach the disk before the
            // reference that needs them. A reference that another git holds for a moment is waited for.
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsync=loose-object,reference"])
            .args(["-c", "core.filesRefLockTimeout=2000"])
            .args(place)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        // A group of its own: a signal to ours (Ctrl-C, a supervisor) must not end a git that holds a lock file.
        #[cfg(unix)]
        command.process_group(0);
        Run { verb, directory: directory.to_path_buf(), command, input: Box::new([]) }
    }

    /// Fails with a message for people unless a git is there and new enough.
    pub(super) async fn check(&self, directory: &Path) -> Result<()> {
        let output = self.plain(directory, "version").output().await.map_err(|error| {
            fault::config("the program `git` cannot be run: install git 2.38 or newer and put it on PATH")
                .source(error)
        })?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match parse_version(&text) {
            Some(version) if version >= OLDEST => Ok(()),
            _ => Err(fault::config(format!("git 2.38 or newer is needed, found {text:?}"))),
        }
    }
}

/// Major and minor of `git version 2.47.3 (Apple Git-1)`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("git version ")?.split(['.', ' ', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl Run {
    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    #[cfg(all(feature = "local-cicd", target_os = "linux"))]
    pub(super) fn env_path(mut self, name: &str, value: &Path) -> Self {
        self.command.env(name, value);
        self
    }

    /// What git reads from its standard input.
    pub(super) fn input(mut self, bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        self.input = Box::new(bytes);
        self
    }

    /// Starts git for a conversation.
    pub(super) fn spawn(mut self) -> Result<Child> {
        self.command.spawn().map_err(|error| unstarted(self.verb, &self.directory, error))
    }

    /// Runs git to its end, whatever its exit status.
    pub(super) async fn output(mut self) -> Result<Output> {
        let (verb, input) = (self.verb, std::mem::replace(&mut self.input, Box::new([])));
        let mut child = self.spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // A git that ends without reading everything says why by its exit status.
                let _ = stdin.write_all((*input).as_ref()).await;
                let _ = stdin.shutdown().await;
            }
        };
        let ((), stdout, stderr) =
            join3(feed, drain(stdout, OUTPUT_LIMIT), drain(stderr, STDERR_LIMIT)).await;
        let broken =
            |error| Error::new(ErrorKind::Network, format!("lost contact with git {verb}")).source(error);
        let (stdout, stderr) = (stdout.map_err(broken)?, stderr.map_err(broken)?);
        let status = child.wait().await.map_err(broken)?;
        if stdout.len() > OUTPUT_LIMIT {
            return Err(fault::unreadable(format!("the answer of git {verb} is over {OUTPUT_LIMIT} bytes")));
        }
        Ok(Output { verb, code: status.code(), stdout, stderr })
    }

    /// Runs git to its end, also where the future is dropped, and keeps `kept` until then. For the commands that move a
    /// reference: killed in the middle, they would leave its lock file behind, and nobody could move the reference any more.
    pub(super) async fn finish<K: Send + 'static>(self, kept: K) -> Result<Output> {
        let Self { verb, directory, command, .. } = self;
        blocking(move || {
            let _kept = kept;
            let output = command.into_std().stdin(Stdio::null()).output();
            let output = output.map_err(|error| unstarted(verb, &directory, error))?;
            Ok(Output { verb, code: output.status.code(), stdout: output.stdout, stderr: output.stderr })
        })
        .await
    }

    /// Runs git to its end; anything but success is an error.
    pub(super) async fn stdout(self) -> Result<Vec<u8>> {
        let output = self.output().await?;
        if output.code == Some(0) { Ok(output.stdout) } else { Err(output.failed()) }
    }
}

impl Output {
    /// The error for an exit status that nobody expects.
    pub(super) fn failed(&self) -> Error {
        let status = self.code.map_or_else(|| "a signal".to_owned(), |code| format!("status {code}"));
        Error::new(ErrorKind::Provider, format!("git {} ended with {status}", self.verb))
            .context("git", String::from_utf8_lossy(&self.stderr).trim())
    }

    /// Whether git complains about this; it speaks in the C locale.
    pub(super) fn complains(&self, part: &str) -> bool {
        String::from_utf8_lossy(&self.stderr).contains(part)
    }
}

fn unstarted(verb: &str, directory: &Path, error: std::io::Error) -> Error {
    // Every caller looked for the repository before; a missing program looks alike.
    if error.kind() == std::io::ErrorKind::NotFound && !directory.exists() {
        return fault::not_found("the repository was deleted a moment ago");
    }
    Error::new(ErrorKind::Network, format!("cannot start git {verb}: {}", error.kind())).source(error)
}

/// Reads to the end and keeps one byte more than the limit, so that git never waits for a full pipe.
async fn drain(from: Option<impl AsyncRead + Unpin>, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(limit as u64 + 1).read_to_end(&mut kept).await?;
        if kept.len() > limit {
            tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(parse_version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(parse_version("git version 3.0-rc1"), Some((3, 0)));
        assert_eq!(parse_version("hub version 2.14.2"), None);
    }
}
