//! A server as a child process: in a group of its own, with the environment that it was given and no other.

use std::fmt;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::ProviderId;
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::config::CommandConfig;
use super::text::told;

/// The signal that asks a process to end.
const TERM: i32 = 15;
/// The longest line of its standard error that is looked at, in bytes.
const LINE: u64 = 8 * 1024;

/// A process that runs. Dropping it kills its group.
pub(super) struct Process {
    child: Box<dyn ChildWrapper>,
    gone: bool,
}

/// Both ends of a process.
pub(super) struct Pipes {
    pub(super) output: ChildStdout,
    pub(super) input: ChildStdin,
    pub(super) errors: ChildStderr,
}

impl Process {
    /// Starts a program.
    ///
    /// # Errors
    /// `Config` where it cannot be started.
    pub(super) fn start(config: &CommandConfig) -> Result<(Self, Pipes)> {
        let mut command = Command::new(&config.command);
        command.args(&config.args).env_clear();
        command.envs(config.pass.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(&config.env);
        command.envs(config.secrets.iter().map(|(name, secret)| (name, secret.expose())));
        if let Some(directory) = &config.directory {
            command.current_dir(directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut wrapped = CommandWrap::from(command);
        wrapped.wrap(ProcessGroup::leader());
        let failed = |error: io::Error| {
            let text = format!("the program {:?} cannot be started: {error}", config.command);
            Error::new(ErrorKind::Config, text)
        };
        let mut child = wrapped.spawn().map_err(failed)?;
        let pipes = (child.stdout().take(), child.stdin().take(), child.stderr().take());
        let process = Self { child, gone: false };
        let (Some(output), Some(input), Some(errors)) = pipes else {
            return Err(failed(io::Error::other("it has no pipes")));
        };
        Ok((process, Pipes { output, input, errors }))
    }

    /// Resolves when the process is over, and says how it ended. Dropping the future loses nothing.
    pub(super) async fn over(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("the process of the server ended ({status})"),
            Err(error) => format!("the process of the server is lost ({error})"),
        }
    }

    /// Waits for its end, whose input is closed already; asks for it, and then kills the group with all that is in it.
    pub(super) async fn end(mut self, patience: Duration) {
        if timeout(patience, self.over()).await.is_err() {
            // It may end at this very moment.
            let _ = self.child.signal(TERM);
            let _ = timeout(patience, self.over()).await;
        }
        self.kill();
        if timeout(Duration::from_secs(1), self.over()).await.is_err() {
            tracing::warn!(target: "mosaic::mcp", "a killed server is not over yet");
        }
    }

    /// Kills what is left of the group: children of the process too.
    fn kill(&mut self) {
        if !std::mem::replace(&mut self.gone, true) {
            // There is nobody left where it fails.
            let _ = self.child.start_kill();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("id", &self.child.id()).finish()
    }
}

/// Hands what a server writes to its standard error on to tracing, line by line, until it is closed.
pub(super) async fn hand_on(server: ProviderId, errors: ChildStderr) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut errors).take(LINE).read_until(b'\n', &mut line).await {
            Ok(0) => return,
            Ok(_) => {
                let text = told(&String::from_utf8_lossy(&line));
                if !text.is_empty() {
                    tracing::info!(target: "mosaic::mcp::stderr", %server, "{text}");
                }
            }
            Err(error) => {
                tracing::debug!(target: "mosaic::mcp::stderr", %server, %error, "cannot be read any more");
                return;
            }
        }
    }
}
