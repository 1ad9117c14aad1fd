//! A PostgreSQL of one's own.

use std::path::PathBuf;
use std::process::Command;

use mosaic_core::types::Secret;
use mosaic_mcp::state::PostgresOptions;
use sqlx::Connection as _;
use tempfile::TempDir;

use super::program::{Program, as_nobody, free_port, give_to_nobody};

/// A server with an empty database. It loses what the machine loses, and keeps what a crash of its own leaves.
pub(crate) struct Postgres {
    programs: PathBuf,
    directory: TempDir,
    port: u16,
    running: Option<Program>,
}

/// The name of its user, who needs no password.
const USER: &str = "postgres";

impl Postgres {
    /// Starts one; none where the machine has none and need not have.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts one with settings.
    pub(crate) fn start_with(settings: &[&str]) -> Option<Self> {
        let programs = super::program("MOSAIC_POSTGRES")?;
        let directory = tempfile::Builder::new().prefix("mosaic-postgres-").tempdir().unwrap();
        give_to_nobody(directory.path());
        let mut initdb = as_nobody(Command::new(programs.join("initdb")));
        initdb.current_dir("/").arg("--pgdata").arg(directory.path().join("data"));
        initdb.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]);
        let made = initdb.args(["--no-sync", "--no-instructions"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = Self { programs, directory, port: 0, running: None };
        // The port may be taken in the meantime.
        let mut why = String::new();
        for _ in 0..5 {
            server.port = free_port();
            match server.run(settings) {
                Ok(()) => return Some(server),
                Err(error) => why = error,
            }
        }
        panic!("PostgreSQL does not start: {why}");
    }

    fn run(&mut self, settings: &[&str]) -> Result<(), String> {
        let (port, data) = (self.port.to_string(), self.directory.path().join("data"));
        let data = data.to_str().ok_or("the directory has no name")?;
        let mut args = vec!["-D", data, "-p", &port, "-c", "listen_addresses=127.0.0.1"];
        args.extend([
            "-c",
            "unix_socket_directories=",
            "-c",
            "shared_buffers=32MB",
            "-c",
            "log_min_messages=warning",
        ]);
        // Files need not survive the machine, only the server.
        for setting in ["fsync=off"].iter().chain(settings) {
            args.extend(["-c", setting]);
        }
        let program = self.programs.join("postgres");
        self.running = Some(Program::start(&program, &args, "QUIT", "ready to accept connections")?);
        Ok(())
    }

    /// How a store in it is opened, in a namespace of a name.
    pub(crate) fn options(&self, namespace: &str) -> PostgresOptions {
        PostgresOptions::new(self.url()).namespace(namespace)
    }

    /// Its address.
    pub(crate) fn url(&self) -> Secret {
        self.url_at(self.port)
    }

    /// Its address by a name.
    pub(crate) fn url_of(&self, host: &str) -> Secret {
        Secret::new(format!("postgres://{USER}@{host}:{}/postgres", self.port))
    }

    /// Its address, over a line that begins at a port.
    pub(crate) fn url_at(&self, port: u16) -> Secret {
        Secret::new(format!("postgres://{USER}@127.0.0.1:{port}/postgres"))
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Does something in it by hand.
    pub(crate) async fn by_hand(&self, statement: &'static str) {
        let mut connection = sqlx::PgConnection::connect(self.url().expose()).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }

    /// Ends it as a crash would: without a checkpoint, and without a word to whoever is connected.
    pub(crate) fn crash(&mut self) {
        self.running.take().unwrap().kill("QUIT");
    }

    /// Starts it again after a crash.
    pub(crate) fn restart(&mut self) {
        self.run(&[]).unwrap();
    }
}
