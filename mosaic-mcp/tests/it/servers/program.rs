//! A program that runs as long as its guard lives, even where the test is killed.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

/// The user and the group of nobody, for programs that refuse to run as root.
const NOBODY: u32 = 65_534;

/// Starts the rest of its arguments, tells the process, and stops it when its own input ends: with whoever holds the other end.
const KEEPER: &str = r#"
    signal=$1; shift; exec 3<&0
    "$@" </dev/null 2>&1 3<&- & process=$!
    echo $process
    { read -r _ <&3; kill -$signal $process; } >/dev/null & watch=$!
    wait $process; kill $watch
"#;

/// A running program.
pub(crate) struct Program {
    child: Child,
    /// Closing it stops the program.
    input: Option<ChildStdin>,
    reader: Option<JoinHandle<()>>,
    process: u32,
}

impl Program {
    /// Starts a program, and waits until it prints what it says when it is ready.
    ///
    /// # Errors
    /// What it printed, where it ends before.
    pub(crate) fn start(program: &Path, args: &[&str], signal: &str, ready: &str) -> Result<Self, String> {
        Self::run(as_nobody(Command::new("sh")), program, args, signal, ready)
    }

    /// Starts one that is the same user as this, as it may lie where nobody else may look.
    pub(crate) fn start_here(program: &Path, args: &[&str], ready: &str) -> Result<Self, String> {
        Self::run(Command::new("sh"), program, args, "KILL", ready)
    }

    fn run(
        mut command: Command,
        program: &Path,
        args: &[&str],
        signal: &str,
        ready: &str,
    ) -> Result<Self, String> {
        command.args(["-c", KEEPER, "sh", signal]).arg(program).args(args).process_group(0);
        let command =
            command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let (mut line, mut printed) = (String::new(), String::new());
        output.read_line(&mut line).map_err(|error| error.to_string())?;
        let process = line.trim().parse().map_err(|_| format!("no process: {line}"))?;
        while !printed.contains(ready) {
            if output.read_line(&mut printed).map_err(|error| error.to_string())? == 0 {
                return Err(printed);
            }
        }
        // What it prints later is taken from it, so that it never waits for a reader.
        let reader = std::thread::spawn(move || drop(std::io::copy(&mut output, &mut std::io::sink())));
        Ok(Self { child, input, reader: Some(reader), process })
    }

    /// Ends it without a warning, and waits until it is gone.
    pub(crate) fn kill(self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.process);
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        // Its output ends when whatever it started has ended.
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// The command, as nobody where this is root.
pub(crate) fn as_nobody(mut command: Command) -> Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Gives a directory to nobody where this is root.
pub(crate) fn give_to_nobody(directory: &Path) {
    if is_root() {
        std::os::unix::fs::chown(directory, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
