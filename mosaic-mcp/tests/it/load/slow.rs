//! Clients that are slow, silent or half there; each begins anew when it was cut off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many of each kind there are.
const EACH: usize = 20;

/// How often those of each kind were cut off.
#[derive(Debug, Default)]
pub(super) struct Slow {
    silent: AtomicUsize,
    dripping: AtomicUsize,
    half: AtomicUsize,
    deaf: AtomicUsize,
}

impl Slow {
    /// Whether one of the kinds was not cut off as often as there are clients of it.
    pub(super) fn kinds_left(&self) -> bool {
        [&self.silent, &self.dripping, &self.half, &self.deaf]
            .iter()
            .any(|kind| kind.load(Ordering::Relaxed) < EACH)
    }

    pub(super) fn spawn_all(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        address: SocketAddr,
        stop: &CancellationToken,
    ) {
        for number in 0..4 * EACH {
            let (this, stop) = (Arc::clone(self), stop.clone());
            tasks.spawn(async move {
                let again = async {
                    loop {
                        let stream = TcpStream::connect(address).await.unwrap();
                        let kind = match number % 4 {
                            0 => says_nothing(stream, &this.silent).await,
                            1 => drips(stream, &this.dripping).await,
                            2 => sends_half(stream, &this.half).await,
                            _ => hears_nothing(stream, &this.deaf).await,
                        };
                        kind.fetch_add(1, Ordering::Relaxed);
                    }
                };
                stop.run_until_cancelled(again).await;
            });
        }
    }
}

/// Waits until the other side closes or resets the connection.
async fn until_cut_off(stream: &mut TcpStream) {
    let mut taken = [0; 1_024];
    while stream.read(&mut taken).await.is_ok_and(|bytes| bytes > 0) {}
}

async fn says_nothing(mut stream: TcpStream, kind: &AtomicUsize) -> &AtomicUsize {
    until_cut_off(&mut stream).await;
    kind
}

async fn drips(stream: TcpStream, kind: &AtomicUsize) -> &AtomicUsize {
    let (mut read, mut write) = stream.into_split();
    let dripping = async {
        if write.write_all(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-long: ").await.is_err() {
            return;
        }
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let hearing = async { while read.read_u8().await.is_ok() {} };
    tokio::select! {
        () = dripping => {}
        () = hearing => {}
    }
    kind
}

const HEAD: &str = "POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer slow\r\n\
                    content-type: application/json\r\naccept: application/json, text/event-stream\r\n";

async fn sends_half(mut stream: TcpStream, kind: &AtomicUsize) -> &AtomicUsize {
    let half = format!("{HEAD}content-length: 1000\r\n\r\n{{\"jsonrpc\":");
    if stream.write_all(half.as_bytes()).await.is_ok() {
        until_cut_off(&mut stream).await;
    }
    kind
}

/// Asks for much, one question after the other, and takes none of the answers.
async fn hears_nothing(mut stream: TcpStream, kind: &AtomicUsize) -> &AtomicUsize {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"slow","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let question = format!(
        "{HEAD}mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/list\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    while stream.write_all(question.as_bytes()).await.is_ok() {}
    kind
}
