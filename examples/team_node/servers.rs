//! A PostgreSQL and a Redis that live as long as the example.

use std::env;
use std::io::{BufRead as _, BufReader, Read, copy, sink};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Failure;

/// Where the two servers are, and whoever has to end with the example.
pub(crate) struct Servers {
    pub(crate) postgres: String,
    pub(crate) redis: String,
    _own: Vec<Running>,
    _folder: Option<tempfile::TempDir>,
}

impl Servers {
    /// Those that are there already.
    pub(crate) fn at(postgres: String, redis: String) -> Self {
        Self { postgres, redis, _own: Vec::new(), _folder: None }
    }

    /// Starts both in a folder that is removed at the end.
    pub(crate) fn start() -> Result<Self, Failure> {
        let initdb = find("initdb", "MOSAIC_POSTGRES", &["/usr/lib/postgresql"])?;
        let redis = find("redis-server", "MOSAIC_REDIS", &[])?;
        let folder = tempfile::Builder::new().prefix("mosaic-team-").tempdir()?;
        give_away(folder.path())?;
        let data = folder.path().join("data");
        let mut made = command(&initdb);
        made.arg("--pgdata").arg(&data).args(["--username", "postgres", "--auth", "trust", "--no-sync"]);
        let made = made.args(["--encoding", "UTF8", "--locale", "C"]).output()?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let (port, other) = (free_port()?, free_port()?);
        let mut server = command(&initdb.with_file_name("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        // What survives the machine does not matter here; the processes are what dies.
        server.args(["-c", "unix_socket_directories=", "-c", "fsync=off"]);
        let database = Running::start(server, "ready to accept connections")?;
        let mut server = command(&redis);
        server.args(["--port", &other.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        let cache = Running::start(server, "Ready to accept connections")?;
        Ok(Self {
            postgres: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            redis: format!("redis://127.0.0.1:{other}/"),
            // The folder is removed after those that write to it have ended.
            _own: vec![database, cache],
            _folder: Some(folder),
        })
    }
}

/// A program that is killed when it is dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, and waits until it prints that it is ready.
    fn start(mut command: Command, ready: &str) -> Result<Self, Failure> {
        let (told, own) = std::io::pipe()?;
        command.stdin(Stdio::null()).stdout(own.try_clone()?).stderr(own);
        let running = Self(command.spawn()?);
        // The command holds the other end of the pipe.
        drop(command);
        let (mut lines, mut said) = (BufReader::new(told), String::new());
        while !said.contains(ready) {
            if lines.read_line(&mut said)? == 0 {
                return Err(format!("it does not start: {said}").into());
            }
        }
        std::thread::spawn(move || copy(&mut lines, &mut sink()));
        Ok(running)
    }

    pub(crate) fn of(child: Child) -> Self {
        Self(child)
    }

    /// Ends it without a word (SIGKILL).
    pub(crate) fn kill(&mut self) -> std::io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    /// Ends its input, and waits until it has ended by itself.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        drop(self.0.stdin.take());
        let status = self.0.wait()?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    pub(crate) fn output(&mut self) -> Option<impl Read + use<>> {
        self.0.stdout.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

/// A program: where a variable says, below one of the folders, or on the path.
fn find(name: &str, variable: &str, below: &[&str]) -> Result<PathBuf, Failure> {
    let said = env::var_os(variable).map(PathBuf::from);
    let said = said.into_iter().flat_map(|path| [path.join(name), path]);
    let versions = below.iter().flat_map(|folder| Path::new(folder).read_dir()).flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin").join(name));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = said.chain(versions).chain(env::split_paths(&path).map(|folder| folder.join(name)));
    let mut found = found.filter(|path| path.is_file());
    found.next().ok_or_else(|| {
        format!(
            "there is no `{name}` on this machine: install PostgreSQL and Redis, name the program with {variable}, or give \
             servers that run: --postgres URL --redis URL"
        )
        .into()
    })
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The user and the group of nobody: PostgreSQL refuses to run as root.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    #[cfg(unix)]
    if is_root() {
        std::os::unix::process::CommandExt::uid(&mut command, NOBODY);
        std::os::unix::process::CommandExt::gid(&mut command, NOBODY);
    }
    command
}

fn give_away(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if is_root() {
        std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))?;
    }
    let _ = folder;
    Ok(())
}
