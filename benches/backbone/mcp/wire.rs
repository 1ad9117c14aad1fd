//! A server on a thread of its own, and a client that does as little as it can.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use cpu_time::ThreadTime;
use futures_util::future::BoxFuture;
use mosaic_benches::{Fault, Result};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// A server on a thread of its own, whose CPU time can be asked for.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    handle: Handle,
    stop: CancellationToken,
    thread: Option<JoinHandle<Result>>,
}

/// What a server runs until the token is cancelled.
type Serving = BoxFuture<'static, Result>;

impl Served {
    /// Starts one.
    pub(crate) fn start(
        serve: impl FnOnce(TcpListener, CancellationToken) -> Serving + Send + 'static,
    ) -> Result<Self> {
        let (tell, told) = mpsc::channel();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                tell.send((listener.local_addr()?, Handle::current()))?;
                serve(listener, token).await
            })
        });
        let (address, handle) = told.recv()?;
        Ok(Self { address, handle, stop, thread: Some(thread) })
    }

    /// Starts one with these routes.
    pub(crate) fn routes(routes: impl FnOnce() -> Result<Router> + Send + 'static) -> Result<Self> {
        Self::start(move |listener, stop| {
            Box::pin(async move {
                let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
                Ok(axum::serve(listener, routes()?).with_graceful_shutdown(stop.cancelled_owned()).await?)
            })
        })
    }

    /// The CPU time that its thread has taken so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let (tell, told) = mpsc::channel();
        self.handle.spawn(async move { drop(tell.send(ThreadTime::try_now().map(|now| now.as_duration()))) });
        Ok(told.recv()??)
    }

    /// Where its tools are.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Ends it. Connections must be closed before.
    pub(crate) fn stop(mut self) -> Result {
        self.stop.cancel();
        self.thread
            .take()
            .map_or(Ok(()), |thread| thread.join().map_err(|_| Fault::from("the server panicked"))?)
    }
}

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> Result {
        Ok(self.stream.write_all(request)?)
    }

    /// The whole answer, which must be of status 200 and hold a text.
    pub(crate) fn receive(&mut self, holds: &str) -> Result {
        self.buffer.clear();
        let mut piece = [0; 16 * 1024];
        while !is_whole(&self.buffer) {
            let read = self.stream.read(&mut piece)?;
            if read == 0 {
                return Err(Fault::from("the server closed the connection"));
            }
            self.buffer.extend_from_slice(&piece[..read]);
        }
        let fine = self.buffer.starts_with(b"HTTP/1.1 200") && find(&self.buffer, holds.as_bytes()).is_some();
        if fine { Ok(()) } else { Err(String::from_utf8_lossy(&self.buffer).into_owned().into()) }
    }

    /// One request and its answer.
    pub(crate) fn call(&mut self, request: &[u8], holds: &str) -> Result {
        self.send(request)?;
        self.receive(holds)
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Whether an answer is there to its end: as many bytes as its head says, or the last of its chunks.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = find(answer, b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => answer.len() >= head + 4 + length,
        None => answer.ends_with(b"0\r\n\r\n"),
    }
}

/// A call of a tool by the protocol of 2026-07-28.
pub(crate) fn request(name: &str, arguments: &serde_json::Value) -> Vec<u8> {
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": name, "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
    .to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: {name}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
