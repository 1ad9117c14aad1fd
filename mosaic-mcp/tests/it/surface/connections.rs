//! Connections of the helper that listens: silent, slow and too many.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream;
use mosaic_mcp::surface::{ConnectionOptions, HttpOptions};
use reqwest::{Client, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::forge;
use super::listening::Listening;

/// A time after which what is tested happens at last; no test is quicker or slower by it in what it asserts.
const SOON: Duration = Duration::from_millis(50);
/// A time that no test waits for.
const NEVER: Duration = Duration::from_secs(3_600);

/// Everything but what is changed may take for ever.
fn patient() -> ConnectionOptions {
    ConnectionOptions::new().head_time(NEVER).idle(NEVER).write_time(NEVER).stop_time(NEVER)
}

async fn beside(connections: ConnectionOptions, app: Router) -> Listening {
    let server = forge::server().0.build().unwrap();
    Listening::beside(&server, HttpOptions::new().connections(connections), app).await
}

async fn listening(connections: ConnectionOptions) -> Listening {
    beside(connections, Router::new()).await
}

async fn connect(server: &Listening) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// What comes until the other side closes, or breaks, the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

/// A request whose answer has an end, on a connection of its own.
async fn is_served(server: &Listening) -> bool {
    let mut stream = connect(server).await;
    stream.write_all(b"GET /none HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    rest(stream).await.starts_with("HTTP/1.1 404")
}

/// Waits until there are that many connections.
async fn connections(server: &Listening, count: usize) {
    while server.http.load().connections != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_says_nothing_is_closed() {
    let server = listening(patient().head_time(SOON).idle(SOON)).await;
    assert_eq!(rest(connect(&server).await).await, "");
    // The same after a request, and in the other protocol.
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /none HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(rest(stream).await.starts_with("HTTP/1.1 404"));
    let mut stream = connect(&server).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    assert!(!rest(stream).await.is_empty(), "the settings of the server");
    connections(&server, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn one_byte_after_the_other_does_not_keep_a_connection() {
    for begin in ["GET /none HTTP/1.1\r\nx-long: ", "PRI * HTTP/2", ""] {
        let server = listening(patient().head_time(SOON)).await;
        let (mut read, mut write) = connect(&server).await.into_split();
        write.write_all(begin.as_bytes()).await.unwrap();
        let dripping = tokio::spawn(async move {
            while write.write_all(b"x").await.is_ok() {
                tokio::task::yield_now().await;
            }
        });
        let mut said = Vec::new();
        let _ = read.read_to_end(&mut said).await;
        dripping.await.unwrap();
        assert!(is_served(&server).await, "the others go on");
        connections(&server, 0).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn half_a_request_does_not_keep_a_connection() {
    let server = listening(patient().head_time(SOON)).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"POST /mcp HTTP/1.1\r\nhost: loc").await.unwrap();
    assert_eq!(rest(stream).await, "");
    server.stop().await;
}

#[tokio::test]
async fn who_takes_nothing_is_closed() {
    let endless = || async {
        let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4_096])));
        Body::from_stream(chunks)
    };
    let server = beside(patient().write_time(SOON), Router::new().route("/endless", get(endless))).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    connections(&server, 1).await;
    connections(&server, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn one_too_many_takes_the_place_of_who_is_idle_longest() {
    let server = listening(patient().most(2)).await;
    let first = connect(&server).await;
    connections(&server, 1).await;
    let mut second = connect(&server).await;
    connections(&server, 2).await;
    let _third = connect(&server).await;
    assert_eq!(rest(first).await, "");
    connections(&server, 2).await;
    second.write_all(b"GET /none HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(second).await.starts_with("HTTP/1.1 404"), "the others stay");
    server.stop().await;
}

/// A route that is answered when it is told to.
#[derive(Default)]
struct Slow {
    begun: Notify,
    go: Notify,
}

impl Slow {
    fn routes(self: &Arc<Self>) -> Router {
        let this = Arc::clone(self);
        let answer = async move || {
            this.begun.notify_one();
            this.go.notified().await;
            "done"
        };
        Router::new().route("/slow", get(answer))
    }

    /// A connection with a request that is under way.
    async fn ask(&self, server: &Listening) -> TcpStream {
        let mut stream = connect(server).await;
        stream
            .write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        self.begun.notified().await;
        stream
    }
}

#[tokio::test]
async fn where_all_are_at_work_one_more_is_told_so() {
    let slow = Arc::new(Slow::default());
    let server = beside(patient().most(1), slow.routes()).await;
    let working = slow.ask(&server).await;
    let refused = Client::new().get(server.url()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refused.text().await.unwrap().contains("as many connections as there may be"));
    slow.go.notify_one();
    assert!(rest(working).await.ends_with("done"));
    connections(&server, 0).await;
    assert!(is_served(&server).await, "there is room again");
    server.stop().await;
}

#[tokio::test]
async fn heads_keep_to_their_bounds() {
    let server = listening(patient().head_limit(8 * 1_024)).await;
    let long = format!("x-long: {}\r\n", "x".repeat(40_000));
    let many: String = (0..101).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (headers, status) in [("", "404"), (long.as_str(), "431"), (many.as_str(), "431")] {
        let mut stream = connect(&server).await;
        let request = format!("GET /none HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = rest(stream).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    server.stop().await;
}

#[tokio::test]
async fn requests_under_way_end_before_the_server_does() {
    let slow = Arc::new(Slow::default());
    let server = beside(patient(), slow.routes()).await;
    let idle = connect(&server).await;
    let working = slow.ask(&server).await;
    connections(&server, 2).await;
    server.stop.cancel();
    assert_eq!(rest(idle).await, "", "idle ones end at once");
    slow.go.notify_one();
    assert!(rest(working).await.ends_with("done"));
    server.served.await.unwrap().unwrap();
    assert_eq!(server.http.load().connections, 0);
}

#[tokio::test]
async fn requests_that_do_not_end_are_cut_off() {
    let slow = Arc::new(Slow::default());
    let server = beside(patient().stop_time(SOON), slow.routes()).await;
    let working = slow.ask(&server).await;
    let http = server.http.clone();
    server.stop().await;
    assert_eq!(rest(working).await, "");
    assert_eq!(http.load().connections, 0);
}
