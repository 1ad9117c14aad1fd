//! The git of one repository: a bare repository on disk, asked and changed through the `git` program.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use mosaic_core::types::RepoRef;
use mosaic_providers::local::git::LocalGit;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The git of one repository. Reads need no lock; each write takes the lock of the repository.
#[derive(Debug)]
pub(crate) struct Git<'a> {
    pub(super) local: &'a LocalGit,
    pub(super) id: u64,
    pub(super) directory: PathBuf,
    pub(super) lock: Arc<tokio::sync::Mutex<()>>,
}

/// One command of git.
pub(super) struct Run {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Git<'_> {
    /// How the embedded provider calls this repository.
    pub(super) fn local_name(&self) -> RepoRef {
        RepoRef::new("repos", format!("r{}", self.id))
    }

    pub(super) fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new("git");
        command
            .current_dir(&self.directory)
            .env("GIT_DIR", &self.directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Run { command, input: None }
    }

    /// What a command prints, without the line feed at the end; none where it fails.
    pub(super) async fn ask(&self, args: &[&str]) -> Option<String> {
        let output = self.run(args).output().await;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
    }
}

impl Run {
    pub(super) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self.command.stdin(Stdio::piped());
        self
    }

    pub(super) async fn output(mut self) -> Output {
        let mut child = self.command.spawn().unwrap();
        // A program that ends early does not read everything: what it says then is what counts.
        let feed = child.stdin.take().zip(self.input);
        let feed = async move {
            if let Some((mut stdin, input)) = feed {
                let _ = stdin.write_all(&input).await;
            }
        };
        tokio::join!(feed, child.wait_with_output()).1.unwrap()
    }

    /// What it prints, without the line feed at the end. A failure is one of the forge itself.
    pub(super) async fn text(self) -> String {
        let output = self.output().await;
        assert!(output.status.success(), "git failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Whether it succeeds.
    pub(super) async fn holds(self) -> bool {
        self.output().await.status.success()
    }
}
