//! The server: a process of its own, and the way to ask it.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::Principal;
use mosaic_core::error::Result;
use mosaic_core::types::{Secret, TenantId};
use mosaic_mcp::node::Node;
use mosaic_mcp::security::{Authenticator, Authenticators, Identity};
use mosaic_mcp::surface::{ConnectionOptions, HttpOptions};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::surface::forge::forge;

/// Tells the process that it is the server.
const CALLED: &str = "MOSAIC_TEST_LOAD_SERVER";
/// What a word begins with: the lines of the test harness do not.
const MARK: &str = "server: ";

/// How long it waits for slow clients: longer than one that is not has to wait for its turn on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the server has under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) connections: usize,
    pub(super) requests: usize,
    pub(super) sessions: usize,
}

impl Load {
    pub(super) fn is_some_work(&self) -> bool {
        self.connections + self.requests + self.sessions > 0
    }
}

/// The server as a child; killed at the latest when it is dropped.
pub(super) struct Child {
    process: Process,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    pub(super) fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["load::server::serves", "--exact", "--nocapture", "--test-threads=1"])
            .env(CALLED, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { input: process.stdin.take(), lines, process }
    }

    fn hear(&mut self) -> String {
        loop {
            let line = self.lines.next().expect("the server goes on").unwrap();
            if let Some(word) = line.strip_prefix(MARK) {
                return word.to_owned();
            }
        }
    }

    /// Where it listens: the first thing that it says.
    pub(super) fn address(&mut self) -> SocketAddr {
        self.hear().parse().unwrap()
    }

    /// What it has under way.
    pub(super) fn load(&mut self) -> Load {
        self.input.as_mut().unwrap().write_all(b"load\n").unwrap();
        let word = self.hear();
        let [connections, requests, sessions] =
            word.split(' ').map(|n| n.parse().unwrap()).collect::<Vec<_>>()[..]
        else {
            panic!("{word:?}")
        };
        Load { connections, requests, sessions }
    }

    /// The memory that it has in use, in KiB.
    pub(super) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Ends it, and sees that it ends well.
    pub(super) fn end(mut self) {
        drop(self.input.take());
        assert_eq!(self.hear(), "ended");
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Knows everybody by a token that is a name.
struct ByName;

#[async_trait]
impl Authenticator for ByName {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        Identity::new(TenantId::new("acme").unwrap(), Principal::agent(token.expose())).map(Some)
    }
}

/// One line on the output, at once.
fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // The line before may be the harness's own, without an end.
    out.write_all(format!("\n{MARK}{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves() {
    if std::env::var(CALLED).is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let access = serde_json::from_value(json!({
        "roles": { "worker": { "allow": ["agent:*:*", "git:get_repository:*", "message:*:*", "state:*:*", "task:*:*"] } },
        "bindings": [{ "who": "agent:*", "tenant": "acme", "roles": ["worker"] }]
    }));
    let node = Node::local(folder.path()).access(access.unwrap());
    let node = node.authenticators(Authenticators::new().with(ByName)).open().await.unwrap();
    let connections = ConnectionOptions::new().head_time(PATIENCE).write_time(PATIENCE);
    // All come from one address here, whose limit is that of many.
    let often = NonZeroU32::new(1_000_000).unwrap();
    let options = HttpOptions::new()
        .authenticator(node.admission())
        .body_time(PATIENCE)
        .rate(often, often)
        .connections(connections);
    let server = node.server(forge().0).build().unwrap();
    let http = server.http(options).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    say(&listener.local_addr().unwrap().to_string());

    let stop = CancellationToken::new();
    let (asked, end) = (http.clone(), stop.clone());
    let asking = std::thread::spawn(move || {
        let mut line = String::new();
        while std::io::stdin().read_line(&mut line).unwrap() > 0 {
            let load = asked.load();
            say(&format!("{} {} {}", load.connections, load.requests, load.sessions));
            line.clear();
        }
        end.cancel();
    });
    http.serve(listener, stop).await.unwrap();
    asking.join().unwrap();
    node.close().await.unwrap();
    say("ended");
}
