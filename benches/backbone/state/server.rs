//! A PostgreSQL of this bench's own, that stops with it.
//!
//! `MOSAIC_POSTGRES` names the folder of its programs. Its settings are those that it comes with: commits are synced to the disk.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mosaic_benches::Result;
use mosaic_core::types::Secret;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use tempfile::TempDir;

/// The user and the group of nobody: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server with an empty database.
pub(crate) struct Postgres {
    url: String,
    server: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Starts one; none where the variable is unset.
    pub(crate) fn start() -> Result<Option<Self>> {
        let Some(programs) = std::env::var_os("MOSAIC_POSTGRES").map(PathBuf::from) else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("mosaic-bench-").tempdir()?;
        let data = folder.path().join("data");
        if is_root()? {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
        }
        let mut initdb = command(&programs.join("initdb"))?;
        initdb.arg("--pgdata").arg(&data).args(["--username", "bench", "--auth", "trust", "--locale", "C"]);
        let made = initdb.args(["--encoding", "UTF8", "--no-sync", "--no-instructions"]).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = command(&programs.join("postgres"))?;
        server.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        server.args(["-c", "unix_socket_directories=", "-c", "log_min_messages=fatal"]);
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Some(Self { url: format!("postgres://bench@127.0.0.1:{port}/postgres"), server, _folder: folder }))
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&self) -> Result<PgConnection> {
        let until = Instant::now() + PATIENCE;
        loop {
            match PgConnection::connect(&self.url).await {
                Ok(connection) => return Ok(connection),
                Err(error) if Instant::now() > until => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// So many connections to it.
    pub(crate) async fn pool(&self, connections: u32) -> Result<PgPool> {
        let options = PgPoolOptions::new().min_connections(connections).max_connections(connections);
        Ok(options.test_before_acquire(false).connect(&self.url).await?)
    }

    /// Its address.
    pub(crate) fn url(&self) -> Secret {
        Secret::new(self.url.clone())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A signal by which it ends at once and takes its own processes along.
        let quit = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        if !quit.is_ok_and(|status| status.success()) {
            drop(self.server.kill());
        }
        drop(self.server.wait());
    }
}

fn is_root() -> Result<bool> {
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

/// A program in a process group of its own, as nobody where this is root.
fn command(program: &Path) -> Result<Command> {
    let mut command = Command::new(program);
    if is_root()? {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/").stdin(Stdio::null()).process_group(0);
    Ok(command)
}
