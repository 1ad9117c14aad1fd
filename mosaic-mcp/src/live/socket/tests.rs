use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _};
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::{Secret, TenantId};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::coordination::shared::{AppendEvent, Shared};
use crate::function::{Desk, Gate, Permission};
use crate::security::admission::admission;
use crate::security::{Authenticator, Identity};
use crate::state::{MemoryStore, State};

/// `guest` is an agent for a minute, `late` one whose time is over in a moment, and `once` one that is known a single time.
struct Plain(State, AtomicBool);

#[async_trait]
impl Authenticator for Plain {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        let seconds = match token.expose() {
            "guest" => 60,
            "late" => 1,
            "once" if !self.1.swap(true, Ordering::Relaxed) => 60,
            _ => return Ok(None),
        };
        let identity = Identity::new(TenantId::default_tenant(), Principal::agent(token.expose()))?;
        Ok(Some(identity.until(self.0.now() + jiff::SignedDuration::from_secs(seconds))))
    }
}

struct Everything;

#[async_trait]
impl Gate for Everything {
    async fn allow(&self, _: &CallContext, _: Permission<'_>) -> Result<()> {
        Ok(())
    }
}

struct Server {
    address: String,
    shared: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(set: impl FnOnce(LiveSocket) -> LiveSocket) -> Server {
    serve_behind(|door| door, set).await
}

async fn serve_behind(
    bound: impl FnOnce(Door) -> Door,
    set: impl FnOnce(LiveSocket) -> LiveSocket,
) -> Server {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let shared = Shared::new(state.clone());
    let desk = Desk::builder().room(shared.clone()).gate(Everything).build();
    let door = Door::admitting(desk, state.clone(), admission(Plain(state, AtomicBool::new(false))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}/live", listener.local_addr().unwrap());
    let routes = Router::new().nest("/live", set(LiveSocket::new(bound(door))).router());
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Server { address, shared, task }
}

impl Server {
    async fn connect(&self, token: &str, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let mut request = self.address.as_str().into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((client, _)) => Ok(client),
            Err(SocketError::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn say(client: &mut Client, frame: Value) {
    client.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next text; none where the connection was closed.
async fn hear(client: &mut Client) -> Option<Value> {
    while let Some(Ok(message)) = client.next().await {
        if let Message::Text(text) = message {
            return Some(serde_json::from_str(&text).unwrap());
        }
    }
    None
}

#[tokio::test]
async fn functions_are_called_and_events_followed_on_one_connection() {
    let server = serve(|live| live).await;
    let mut client = server.connect("guest", &[]).await.unwrap();
    say(&mut client, json!({ "id": 1, "follow": "shared.>", "after": 0 })).await;
    say(&mut client, json!({ "id": 2, "call": "state.append_event", "params": { "topic": "t", "kind": "k", "data": [7] } })).await;
    let mut told = [hear(&mut client).await.unwrap(), hear(&mut client).await.unwrap()];
    told.sort_by_key(|told| told["id"].as_u64());
    assert_eq!((&told[0]["event"]["data"], &told[0]["event"]["topic"]), (&json!([7]), &json!("shared.t")));
    assert_eq!((&told[0]["lag"], &told[1]["answer"]["offset"]), (&json!(0), &json!(1)));

    say(&mut client, json!({ "stop": 1 })).await;
    assert_eq!(hear(&mut client).await.unwrap(), json!({ "id": 1, "ended": true }));
    // The id is free again, and nothing comes of what was stopped.
    let cx = CallContext::new();
    server.shared.append_event(&cx, AppendEvent::new("t", "unheard", 1)).await.unwrap();
    say(&mut client, json!({ "id": 1, "call": "state.get_value", "params": { "key": "none" } })).await;
    let fault = hear(&mut client).await.unwrap();
    assert_eq!((&fault["id"], &fault["fault"]["kind"]), (&json!(1), &json!("not_found")));
}

#[tokio::test]
async fn what_makes_no_sense_is_told_and_ends_nothing() {
    let server = serve(|live| live.at_once(2)).await;
    let mut client = server.connect("guest", &[]).await.unwrap();
    say(&mut client, json!({ "id": 1 })).await;
    let fault = hear(&mut client).await.unwrap();
    assert_eq!((&fault["id"], &fault["fault"]["kind"]), (&Value::Null, &json!("invalid")));
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(hear(&mut client).await.unwrap()["fault"]["kind"], "invalid");
    for id in [1, 2] {
        say(&mut client, json!({ "id": id, "follow": "a" })).await;
    }
    say(&mut client, json!({ "id": 3, "follow": "a" })).await;
    assert_eq!(hear(&mut client).await.unwrap()["fault"]["kind"], "throttled");
    say(&mut client, json!({ "stop": 2 })).await;
    assert_eq!(hear(&mut client).await.unwrap()["ended"], true);
    say(&mut client, json!({ "id": 1, "follow": "a" })).await;
    let taken = hear(&mut client).await.unwrap();
    assert!(taken["fault"]["message"].as_str().unwrap().contains("taken"), "{taken}");
    say(&mut client, json!({ "id": 4, "follow": "a..b" })).await;
    assert_eq!(hear(&mut client).await.unwrap()["fault"]["kind"], "invalid");
    assert_eq!(hear(&mut client).await.unwrap(), json!({ "id": 4, "ended": true }));
}

#[tokio::test]
async fn strangers_foreign_pages_and_foreign_hosts_stay_outside() {
    let server = serve(|live| live.allow_origin("https://board.example.com").connections(1)).await;
    assert_eq!(server.connect("nobody", &[]).await.unwrap_err(), 401);
    assert_eq!(server.connect("guest", &[("origin", "https://evil.example.com")]).await.unwrap_err(), 403);
    assert_eq!(server.connect("guest", &[("host", "evil.example.com")]).await.unwrap_err(), 403);
    let first = server.connect("guest", &[("origin", "https://board.example.com")]).await.unwrap();
    assert_eq!(server.connect("guest", &[]).await.unwrap_err(), 503);
    drop(first);
    // The place is given back once the server has noticed.
    while server.connect("guest", &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_proof() {
    let server = serve(|live| live).await;
    let mut client = server.connect("late", &[]).await.unwrap();
    say(&mut client, json!({ "id": 1, "follow": "" })).await;
    let mut told = Vec::new();
    while let Some(next) = hear(&mut client).await {
        told.push(next);
    }
    let kinds: Vec<_> = told.iter().filter_map(|told| told["fault"]["kind"].as_str()).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == "unauthenticated"), "{told:?}");
}

#[tokio::test]
async fn every_call_proves_anew_who_makes_it() {
    let server = serve(|live| live).await;
    let mut client = server.connect("once", &[]).await.unwrap();
    say(&mut client, json!({ "id": 1, "call": "state.get_value", "params": { "key": "none" } })).await;
    assert_eq!(hear(&mut client).await.unwrap()["fault"]["kind"], "unauthenticated");
    assert_eq!(server.connect("once", &[]).await.unwrap_err(), 401);
}

#[tokio::test]
async fn one_principal_does_not_take_every_place() {
    let server = serve_behind(|door| door.at_once(2), |live| live.connections_each(2)).await;
    let mut first = server.connect("guest", &[]).await.unwrap();
    let mut second = server.connect("guest", &[]).await.unwrap();
    assert_eq!(server.connect("guest", &[]).await.unwrap_err(), 429);
    server.connect("once", &[]).await.unwrap();
    // What runs at once is counted over all of its connections.
    for id in [1, 2] {
        say(&mut first, json!({ "id": id, "follow": "shared.>", "after": 0 })).await;
    }
    let cx = CallContext::new();
    server.shared.append_event(&cx, AppendEvent::new("t", "k", 1)).await.unwrap();
    for _ in 0..2 {
        assert!(hear(&mut first).await.unwrap()["event"].is_object());
    }
    say(&mut second, json!({ "id": 1, "follow": "shared.>" })).await;
    assert_eq!(hear(&mut second).await.unwrap()["fault"]["kind"], "throttled");
    drop(second);
    // Its place is given back once the server has noticed.
    while server.connect("guest", &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn frames_that_come_too_often_are_refused() {
    let few = NonZeroU32::MIN.saturating_add(3);
    let server = serve_behind(|door| door.rate(NonZeroU32::MIN, few), |live| live).await;
    let mut client = server.connect("guest", &[]).await.unwrap();
    for id in 0..8 {
        say(&mut client, json!({ "id": id, "call": "state.get_value", "params": { "key": "none" } })).await;
    }
    let mut kinds = Vec::new();
    for _ in 0..8 {
        let told = hear(&mut client).await.unwrap();
        kinds.push(told["fault"]["kind"].as_str().unwrap().to_owned());
    }
    let often = kinds.iter().filter(|kind| *kind == "throttled").count();
    assert!(often >= 1 && kinds.iter().any(|kind| kind == "not_found"), "{kinds:?}");
    // Its requests are those of its address, too.
    assert_eq!(loop_until_refused(&server).await, 429);
}

async fn loop_until_refused(server: &Server) -> u16 {
    loop {
        if let Err(status) = server.connect("once", &[]).await
            && status != 401
        {
            return status;
        }
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = serve(|live| live.ping(Duration::from_millis(20)).connections(1)).await;
    // Whoever does not read does not answer pings either.
    let silent = server.connect("guest", &[]).await.unwrap();
    while server.connect("guest", &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
    drop(silent);
}
