//! The process that Prism is: started on a free port, and ended with the test whatever happens.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::AbortHandle;

/// What Prism's log says when it is ready.
const READY: &str = "Prism is listening on ";

/// How long a document may take to boot on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ends the process when its standard input closes, which also happens when the test process is killed.
const WATCH: &str = r#"data:text/javascript,process.stdin.on("end",()=>process.exit(0)).resume()"#;

/// A running Prism; dropping it kills the process.
pub(super) struct Program {
    child: Child,
    drain: AbortHandle,
}

impl Program {
    /// Starts it with a document, waits until it is ready, and gives its origin too.
    pub(super) async fn start(program: &Path, document: &Path) -> (Self, String) {
        let mut child = Command::new("node")
            .args(["--import", WATCH])
            .arg(program)
            .args(["mock", "--host", "127.0.0.1", "--port", "0"])
            .arg(document)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start node for {}: {error}", program.display()));
        let mut log = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = Vec::new();
        let ready = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if let Some((_, origin)) = line.split_once(READY) {
                    return Some(plain(origin));
                }
                said.push(line);
            }
            None
        };
        let origin = tokio::time::timeout(PATIENCE, ready).await.ok().flatten();
        let origin = origin.unwrap_or_else(|| panic!("Prism did not boot: {}", said.join("\n")));
        // A full pipe would stop it.
        let drain =
            tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} }).abort_handle();
        (Self { child, drain }, origin)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.drain.abort();
        // Dropping the child kills it too; that it is gone already is no fault.
        let _gone = self.child.start_kill();
    }
}

/// The text up to the first character that no origin has, such as the start of a colour.
fn plain(origin: &str) -> String {
    origin.chars().take_while(|c| c.is_ascii_alphanumeric() || "/:.-".contains(*c)).collect()
}
