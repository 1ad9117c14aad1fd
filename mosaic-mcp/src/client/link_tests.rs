//! Connections to servers that are played by hand.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex, split};

use super::*;
use crate::client::bounded::Bounded;

/// A server that answers each request as it is told to, until the client goes; what it was asked.
async fn plays(stream: DuplexStream, answer: impl Fn(&str) -> Value) -> Vec<String> {
    let (read, mut write) = split(stream);
    let (mut lines, mut asked) = (BufReader::new(read).lines(), Vec::new());
    while let Ok(Some(line)) = lines.next_line().await {
        let request: Value = serde_json::from_str(&line).unwrap();
        let method = request["method"].as_str().unwrap_or_default();
        asked.push(method.to_owned());
        if request["id"].is_null() {
            continue;
        }
        let mut said = answer(method);
        (said["jsonrpc"], said["id"]) = (json!("2.0"), request["id"].clone());
        if write.write_all(format!("{said}\n").as_bytes()).await.is_err() {
            break;
        }
    }
    asked
}

/// What a server of 2025 answers.
fn of_2025(method: &str) -> Value {
    match method {
        "initialize" => json!({ "result": {
            "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
            "serverInfo": { "name": "old", "version": "1" },
        } }),
        "tools/list" => {
            json!({ "result": { "tools": [{ "name": "echo", "inputSchema": { "type": "object" } }] } })
        }
        "tools/call" => json!({ "result": { "content": [{ "type": "text", "text": "x".repeat(5_000) }] } }),
        _ => json!({ "error": { "code": -32_601, "message": "no such method" } }),
    }
}

/// Opens a connection to it, which takes answers of 2,000 bytes.
async fn open(stream: DuplexStream) -> Result<(Arc<Link>, Running)> {
    let (read, write) = split(stream);
    let transport = rmcp::transport::async_rw::AsyncRwTransport::new_client(Bounded::new(read, 2_000), write);
    let server = ProviderId::new("played")?;
    Link::open(&server, transport, Handshake::Auto, Duration::from_secs(60)).await
}

#[tokio::test(start_paused = true)]
async fn a_server_that_discovers_nothing_is_greeted_as_one_of_2025() {
    for odd in [
        json!({}),
        json!({ "tools": [] }),
        json!({ "_meta": {} }),
        json!({ "resultType": "complete", "supportedVersions": [], "capabilities": {}, "ttlMs": 0, "cacheScope": "private" }),
        json!({ "resultType": "complete", "supportedVersions": ["2025-11-25"], "capabilities": {}, "ttlMs": 0, "cacheScope": "private" }),
        json!({ "supportedVersions": "2026-07-28" }),
    ] {
        let (here, there) = duplex(64 * 1_024);
        let said = odd.clone();
        let played = tokio::spawn(plays(there, move |method| match method {
            "server/discover" => json!({ "result": said }),
            method => of_2025(method),
        }));
        let began = Instant::now();
        let (link, running) = open(here).await.unwrap_or_else(|error| panic!("{odd}: {error:?}"));
        assert_eq!(began.elapsed(), Duration::ZERO, "{odd}: it waits for nothing");
        assert_eq!(link.tools().len(), 1, "{odd}");
        link.ping().await.unwrap_err();
        running.cancel().await.unwrap();
        let asked = played.await.unwrap();
        assert_eq!(asked[..2], ["server/discover", "initialize"], "{odd}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_fails_at_once_and_the_others_go_on() {
    let (here, there) = duplex(64 * 1_024);
    let played = tokio::spawn(plays(there, of_2025));
    let (link, running) = open(here).await.unwrap();
    let began = Instant::now();
    let cx = CallContext::new();
    for _ in 0..2 {
        let call = link.call(&cx, "echo", JsonObject::new(), None, Duration::from_secs(600));
        let error = call.await.unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Protocol, "the answer is larger than 2000 bytes")
        );
    }
    assert!(!link.refresh().await.unwrap());
    assert_eq!(began.elapsed(), Duration::ZERO, "nothing waits for a time-out");
    running.cancel().await.unwrap();
    assert_eq!(played.await.unwrap().iter().filter(|method| *method == "tools/call").count(), 2);
}
