//! The server over HTTP: its checks, its bounds, its clients.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Secret, TenantId};
use mosaic_mcp::security::access::{Access, AccessConfig};
use mosaic_mcp::security::token::ProtectedResource;
use mosaic_mcp::security::{Admission, Authenticator, Authenticators, Identity};
use mosaic_mcp::surface::{HttpOptions, McpHttp, McpServer};
use reqwest::{Client, Response, StatusCode};
use rmcp::ClientServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::client::{Heard, Speaks, call};
use super::forge;
use super::listening::Listening;

pub(super) fn open() -> McpServer {
    forge::server().0.build().unwrap()
}

pub(super) fn initialize() -> String {
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

pub(super) fn list() -> String {
    json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }).to_string()
}

pub(super) fn session(response: &Response) -> String {
    response.headers()["mcp-session-id"].to_str().unwrap().to_owned()
}

/// The message of an error.
pub(super) async fn refusal(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn clients_of_both_protocols_call_tools() {
    let server = Listening::new(&open(), HttpOptions::new()).await;
    for speaks in Speaks::BOTH {
        let transport = StreamableHttpClientTransport::from_uri(server.url());
        let client = Heard::default().serve_with_lifecycle(transport, speaks.lifecycle()).await.unwrap();
        assert!(!client.list_all_tools().await.unwrap().is_empty());
        let whose = json!({ "repo": { "owner": "acme", "name": "whose" } });
        let result = client.call_tool(call("git_get_repository", whose)).await.unwrap();
        assert_eq!(result.structured_content.unwrap()["default_branch"], "default-ann", "{speaks:?}");
        client.cancel().await.unwrap();
    }
    server.stop().await;
}

/// Knows everybody by a token that is a name.
pub(super) struct ByName;

#[async_trait]
impl Authenticator for ByName {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        match token.expose() {
            "mallory" => Err(Error::new(ErrorKind::Unauthenticated, "the token was withdrawn")),
            "later" => Err(Error::new(ErrorKind::Network, "nobody can tell now")),
            name => Identity::new(TenantId::new("acme").unwrap(), Principal::user(name)).map(Some),
        }
    }
}

/// The way in for those whom one kind of proof lets in.
pub(crate) fn admission(proofs: impl Authenticator) -> Admission {
    Admission::new(Authenticators::new().with(proofs), Access::new(&AccessConfig::default()).unwrap())
}

pub(super) fn guarded() -> HttpOptions {
    HttpOptions::new().authenticator(admission(ByName)).protected_resource(
        ProtectedResource::new("https://mcp.example/mcp", ["https://id.example"]).unwrap(),
    )
}

#[tokio::test]
async fn who_is_not_known_is_told_where_to_get_a_token() {
    // The server would act as ann for those who are not authenticated: an authenticator comes first.
    let server = Listening::new(&open(), guarded()).await;
    let place = r#"resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#;
    for (token, status, challenge) in [
        (None, StatusCode::UNAUTHORIZED, Some(format!("Bearer {place}"))),
        (
            Some("Bearer mallory"),
            StatusCode::UNAUTHORIZED,
            Some(format!(r#"Bearer error="invalid_token", {place}"#)),
        ),
        (
            Some("Basic bWU6bWU="),
            StatusCode::UNAUTHORIZED,
            Some(format!(r#"Bearer error="invalid_token", {place}"#)),
        ),
        (Some("Bearer later"), StatusCode::SERVICE_UNAVAILABLE, None),
        (Some("Bearer bob"), StatusCode::OK, None),
    ] {
        let mut request = server.post(initialize());
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{token:?}");
        let said = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(said, challenge, "{token:?}");
    }
    let twice =
        server.post(initialize()).header("authorization", "Bearer a").header("authorization", "Bearer b");
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let document = format!("http://{}/.well-known/oauth-protected-resource/mcp", server.address);
    let document: Value = Client::new().get(document).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["authorization_servers"], json!(["https://id.example"]));

    let config = StreamableHttpClientTransportConfig::with_uri(server.url()).auth_header("bob");
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = Heard::default().serve_with_lifecycle(transport, Speaks::New.lifecycle()).await.unwrap();
    let whose = json!({ "repo": { "owner": "acme", "name": "whose" } });
    let result = client.call_tool(call("git_get_repository", whose)).await.unwrap();
    assert_eq!(result.structured_content.unwrap()["default_branch"], "acme-bob");
    client.cancel().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let server = Listening::new(&open(), guarded()).await;
    let begun = server.post(initialize()).bearer_auth("bob").send().await.unwrap();
    let session = session(&begun);
    drop(begun);
    for (name, status) in [("carol", StatusCode::NOT_FOUND), ("bob", StatusCode::OK)] {
        let asked = server.post(list()).bearer_auth(name).header("mcp-session-id", &session);
        assert_eq!(asked.send().await.unwrap().status(), status, "{name}");
        let url = server.url();
        let listen = Client::new().get(&url).bearer_auth(name).header("mcp-session-id", &session);
        let listen = listen.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(listen.status(), status, "{name}");
    }
    let end = Client::new().delete(server.url()).header("mcp-session-id", &session);
    assert_eq!(
        end.try_clone().unwrap().bearer_auth("carol").send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert!(end.bearer_auth("bob").send().await.unwrap().status().is_success());
    let after =
        server.post(list()).bearer_auth("bob").header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(after.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn sessions_are_bounded_and_end_makes_room() {
    let options = HttpOptions::new().sessions(2, Duration::from_secs(300));
    let server = Listening::new(&open(), options).await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let begun = server.post(initialize()).send().await.unwrap();
        assert_eq!(begun.status(), StatusCode::OK);
        sessions.push(session(&begun));
    }
    let refused = server.post(initialize()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(refusal(refused).await.contains("sessions"));
    // The others go on, and clients that need no session come in.
    let goes_on = server.post(list()).header("mcp-session-id", &sessions[0]).send().await.unwrap();
    assert_eq!(goes_on.status(), StatusCode::OK);
    let transport = StreamableHttpClientTransport::from_uri(server.url());
    let client = Heard::default().serve_with_lifecycle(transport, Speaks::New.lifecycle()).await.unwrap();
    client.list_tools(None).await.unwrap();
    client.cancel().await.unwrap();

    let end = Client::new().delete(server.url()).header("mcp-session-id", &sessions[0]).send().await.unwrap();
    assert!(end.status().is_success());
    assert_eq!(server.post(initialize()).send().await.unwrap().status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn other_hosts_and_origins_do_not_get_through() {
    let options = HttpOptions::new().origins(["http://localhost:*"]);
    let server = Listening::new(&open(), options).await;
    for (header, value, status) in [
        ("host", "evil.example", StatusCode::FORBIDDEN),
        ("host", "localhost", StatusCode::OK),
        ("origin", "http://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("origin", "http://localhost:3000", StatusCode::OK),
    ] {
        let response = server.post(initialize()).header(header, value).send().await.unwrap();
        assert_eq!(response.status(), status, "{header}: {value}");
    }
    server.stop().await;
    let none = Listening::new(&open(), HttpOptions::new()).await;
    let response = none.post(initialize()).header("origin", "http://localhost:3000").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN, "no page may call it unless it is named");
    none.stop().await;
}

#[tokio::test]
async fn bodies_keep_to_their_bounds() {
    let options = HttpOptions::new().body_limit(10_000).depth_limit(20);
    let server = Listening::new(&open(), options).await;
    let large = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "x".repeat(10_000) } });
    let deep = format!("{}{}", "[".repeat(21), "]".repeat(21));
    for (body, status, word) in [
        (large.to_string(), StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        (deep, StatusCode::BAD_REQUEST, "too deep"),
    ] {
        let response = server.post(body).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(refusal(response).await.contains(word));
    }
    for broken in ["", "{", "[]", "{\"jsonrpc\":\"2.0\"}", "\u{0}"] {
        let response = server.post(broken).send().await.unwrap();
        assert!(response.status().is_client_error(), "{broken:?}: {}", response.status());
    }
    server.stop().await;
}

#[tokio::test]
async fn who_asks_too_often_waits_and_the_others_do_not() {
    let one = NonZeroU32::MIN;
    // By the address all are one; so the limit of principals is looked at through the service itself.
    let http = open().http(guarded().rate(one, one.saturating_add(2))).unwrap();
    let ask = async |name: &str| {
        use tower::ServiceExt as _;
        let request = http::Request::post("/mcp")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {name}"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(axum::body::Body::from(initialize()))
            .unwrap();
        http.clone().oneshot(request).await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(ask("bob").await.status(), 200);
    }
    let refused = ask("bob").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(ask("carol").await.status(), 200);
}

#[tokio::test]
async fn streams_count_as_long_as_they_are_open() {
    let server = Listening::new(&open(), guarded().at_once(1)).await;
    let begun = server.post(initialize()).bearer_auth("bob").send().await.unwrap();
    let session = session(&begun);
    begun.bytes().await.unwrap();
    let listen = Client::new().get(server.url()).bearer_auth("bob").header("mcp-session-id", &session);
    let stream = listen.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let again = async || {
        server.post(list()).bearer_auth("bob").header("mcp-session-id", &session).send().await.unwrap()
    };
    let refused = again().await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.post(initialize()).bearer_auth("carol").send().await.unwrap().status(), StatusCode::OK);
    drop(stream);
    // The server hears of it when the connection closes.
    while again().await.status() != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[tokio::test(start_paused = true)]
async fn streams_end_when_their_key_is_revoked() {
    use mosaic_mcp::security::token::{ApiKeys, NewApiKey};
    use mosaic_mcp::state::{MemoryStore, State};
    use rmcp::model::SubscriptionFilter;
    use tokio::time::advance;

    let _still = crate::timed::Still::begin();
    let keys = ApiKeys::new(State::open(MemoryStore::new()).await.unwrap());
    let server = Listening::new(&open(), HttpOptions::new().authenticator(admission(keys.clone()))).await;
    let (mut made, mut streams, mut news) = (Vec::new(), Vec::new(), Vec::new());
    for name in ["bob", "carol"] {
        let who = Identity::new(TenantId::new("acme").unwrap(), Principal::user(name)).unwrap();
        let (key, secret) = keys.create(NewApiKey::new(who, "a test")).await.unwrap();
        let begun = server.post(initialize()).bearer_auth(secret.expose()).send().await.unwrap();
        let listen = Client::new().get(server.url()).header("mcp-session-id", session(&begun));
        begun.bytes().await.unwrap();
        let listen = listen.bearer_auth(secret.expose()).header("accept", "text/event-stream");
        streams.push(listen.send().await.unwrap());
        let config = StreamableHttpClientTransportConfig::with_uri(server.url()).auth_header(secret.expose());
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = Heard::default().serve_with_lifecycle(transport, Speaks::New.lifecycle()).await.unwrap();
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        news.push((client.listen(filter).await.unwrap(), client));
        made.push(key);
    }
    assert_eq!(server.http.load().requests, 4);
    keys.revoke(&made[0].tenant, &made[0].id).await.unwrap();
    // The SDK says that a stream is alive by the real time, and without end where that of the test is ahead: it is moved once.
    advance(Duration::from_secs(31)).await;
    let began = std::time::Instant::now();
    while streams[0].chunk().await.unwrap().is_some() {
        assert!(began.elapsed() < Duration::from_secs(30), "it goes on");
    }
    while news[0].0.next().await.is_ok_and(|heard| heard.is_some()) {}
    // Those of another key go on.
    assert_eq!(server.http.load().requests, 2);
    for (news, client) in news {
        drop(news);
        client.cancel().await.unwrap();
    }
    drop(streams);
    server.stop().await;
}

/// A message to the service itself, without a socket.
async fn straight(
    http: &McpHttp,
    session: Option<&str>,
    body: impl Into<axum::body::Body>,
) -> http::Response<axum::body::Body> {
    use tower::ServiceExt as _;
    let mut request = http::Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    http.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_a_silence() {
    let http = open().http(HttpOptions::new().sessions(1, Duration::from_secs(60))).unwrap();
    let begun = straight(&http, None, initialize()).await;
    let session = begun.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    drop(begun);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert_eq!(straight(&http, Some(&session), list()).await.status(), 200, "who speaks stays");
    }
    assert_eq!(straight(&http, None, initialize()).await.status(), 503);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(straight(&http, Some(&session), list()).await.status(), 404);
    assert_eq!(straight(&http, None, initialize()).await.status(), 200, "there is room again");
}

#[test]
fn whatever_is_sent_is_answered() {
    use proptest::prelude::*;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http =
        runtime.block_on(async { open().http(HttpOptions::new().body_limit(2_000).depth_limit(8)).unwrap() });
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|n| json!(n)),
        "[a-z_/]{0,12}".prop_map(|s| json!(s)),
        Just(json!("git_get_repository")),
        Just(json!("2.0")),
    ];
    let value = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map("[a-z]{0,8}", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    });
    let methods = [
        "initialize",
        "ping",
        "tools/list",
        "tools/call",
        "resources/read",
        "resources/list",
        "prompts/get",
        "prompts/list",
        "completion/complete",
        "logging/setLevel",
        "server/discover",
        "subscriptions/listen",
        "no/such",
    ];
    let message = (prop::sample::select(methods.to_vec()), value.clone(), value.clone(), any::<bool>()).prop_map(
        |(method, params, id, whole)| {
            if whole {
                json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
            } else {
                json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": { "name": params, "arguments": id } })
            }
        },
    );
    let body = prop_oneof![
        message.prop_map(|message| message.to_string().into_bytes()),
        value.prop_map(|value| value.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..100),
    ];
    proptest!(ProptestConfig::with_cases(200), |(body in body)| {
        let status = runtime.block_on(async { straight(&http, None, body.clone()).await.status() });
        prop_assert!(status.is_success() || status.is_client_error(), "{}: {}", status, String::from_utf8_lossy(&body));
    });
    // It goes on.
    assert_eq!(runtime.block_on(async { straight(&http, None, initialize()).await.status() }), 200);
}

#[tokio::test]
async fn a_listener_for_others_needs_an_authenticator() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let http = open().http(HttpOptions::new()).unwrap();
    let error = http.serve(listener, CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let stopped = CancellationToken::new();
    stopped.cancel();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    open().http(guarded()).unwrap().serve(listener, stopped.clone()).await.unwrap();

    let encrypted = McpServer::over(forge::forge().0).gate(forge::Anyone).requires_tls().build().unwrap();
    let bind = async |host| TcpListener::bind((host, 0)).await.unwrap();
    let clear = encrypted.http(guarded()).unwrap();
    let error = clear.serve(bind("0.0.0.0").await, stopped.clone()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.message().contains("TLS is required"), "{error}");
    clear.serve(bind("127.0.0.1").await, stopped.clone()).await.unwrap();
    let proxied = encrypted.http(guarded().behind_tls()).unwrap();
    proxied.serve(bind("0.0.0.0").await, stopped).await.unwrap();

    let nobody = McpServer::over(forge::forge().0).gate(forge::Anyone).build().unwrap();
    assert_eq!(nobody.http(HttpOptions::new()).unwrap_err().kind(), ErrorKind::Config);
    nobody.http(guarded()).unwrap();
    let undecided = McpServer::over(forge::forge().0).build().unwrap();
    let error = undecided.http(guarded()).unwrap_err();
    assert!(error.message().contains("nobody decides"), "{error}");
}
