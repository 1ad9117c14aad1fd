//! Limits, and what a client sees of them over a socket.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_mcp::surface::{HttpOptions, Resource, ResourceContent, ResourceSource};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::forge;
use super::http::{ByName, admission, initialize, list, open, refusal, session};
use super::listening::Listening;

fn guarded() -> HttpOptions {
    HttpOptions::new().authenticator(admission(ByName))
}

/// A message of the protocol of 2026-07-28, which needs no session.
fn modern(server: &Listening, id: &Value, method: &str, mut params: Value) -> RequestBuilder {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let request = server.post(message.to_string()).header("mcp-protocol-version", "2026-07-28");
    let request = request.header("mcp-method", method);
    match params["name"].as_str() {
        Some(name) => request.header("mcp-name", name),
        None => request,
    }
}

/// The answer to one, whichever form it comes in.
async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    let said = text.lines().filter_map(|line| line.strip_prefix("data: ")).find(|data| !data.is_empty());
    let said = serde_json::from_str(said.unwrap_or(&text)).unwrap_or_else(|_| panic!("{status}: {text:?}"));
    (status, said)
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_how_long_to_wait() {
    let one = NonZeroU32::MIN;
    let server = Listening::new(&open(), guarded().rate(one, one.saturating_add(2))).await;
    for name in ["ann", "bob", "carol"] {
        assert_eq!(
            server.post(initialize()).bearer_auth(name).send().await.unwrap().status(),
            StatusCode::OK
        );
    }
    let refused = server.post(initialize()).bearer_auth("dan").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refusal(refused).await.contains("too many requests"));
    server.stop().await;
}

#[tokio::test]
async fn one_principal_does_not_take_all_sessions() {
    let server = Listening::new(&open(), guarded().sessions_each(2)).await;
    let begin = async |name: &str| server.post(initialize()).bearer_auth(name).send().await.unwrap();
    let (first, _second) = (begin("bob").await, begin("bob").await);
    let refused = begin("bob").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(
        refused.headers().contains_key("retry-after") && !refused.headers().contains_key("mcp-session-id")
    );
    assert!(refusal(refused).await.contains("as many sessions as one may have"));
    assert_eq!(server.http.load().sessions, 2, "the one too many is gone");
    assert_eq!(begin("carol").await.status(), StatusCode::OK);
    // Who has as many as there may be goes on with them, and ends make room.
    let asked = server.post(list()).bearer_auth("bob").header("mcp-session-id", session(&first));
    assert_eq!(asked.send().await.unwrap().status(), StatusCode::OK);
    let end = Client::new().delete(server.url()).bearer_auth("bob").header("mcp-session-id", session(&first));
    assert!(end.send().await.unwrap().status().is_success());
    assert_eq!(begin("bob").await.status(), StatusCode::OK);
    server.stop().await;
}

/// Has every document that begins with `any:`, and all of them may change.
struct Anything;

#[async_trait]
impl ResourceSource for Anything {
    async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
        Ok(Vec::new())
    }
    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        Ok(uri.starts_with("any:").then(Vec::new))
    }
    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        uri.starts_with("any:").then(|| stream::pending().boxed())
    }
}

#[tokio::test]
async fn a_client_watches_only_so_many_documents() {
    let watched = forge::server().0.resources(Anything).build().unwrap();
    let server = Listening::new(&watched, HttpOptions::new()).await;
    let begun = server.post(initialize()).send().await.unwrap();
    let session = session(&begun);
    begun.bytes().await.unwrap();
    let ask = async |method: &str, number: usize| {
        let params = json!({ "uri": format!("any:{number}") });
        let message = json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params });
        answer(server.post(message.to_string()).header("mcp-session-id", &session)).await.1
    };
    for number in 0..256 {
        assert!(ask("resources/subscribe", number).await["result"].is_object(), "{number}");
    }
    let refused = ask("resources/subscribe", 256).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("256 documents at most"), "{refused}");
    assert!(ask("resources/subscribe", 7).await["result"].is_object(), "one that it watches is none more");
    ask("resources/unsubscribe", 7).await;
    assert!(ask("resources/subscribe", 256).await["result"].is_object(), "there is room again");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let options = HttpOptions::new().body_time(Duration::from_millis(50));
    let server = Listening::new(&open(), options).await;
    let never = stream::pending::<std::io::Result<Vec<u8>>>();
    let refused = server.post(reqwest::Body::wrap_stream(never)).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
    assert!(refusal(refused).await.contains("did not arrive in time"));
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let server = Listening::new(&open(), HttpOptions::new()).await;
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    let batch = format!("[{},{}]", initialize(), list());
    let twice =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","method":"initialize","params":{{{meta}}}}}"#);
    let ids = r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#;
    for (what, body) in [
        ("a batch", batch.as_bytes()),
        ("two methods", twice.as_bytes()),
        ("two ids", ids.as_bytes()),
        ("no UTF-8", b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}"),
        ("a NUL", b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\0"),
        ("an id that is a list", br#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#),
        ("another version", br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#),
        ("no object", b"7"),
    ] {
        let response = server.post(body.to_vec()).send().await.unwrap();
        assert!(response.status().is_client_error(), "{what}: {}", response.status());
        let said = response.text().await.unwrap();
        assert!(!said.is_empty(), "{what} is told so");
    }
    let refused = server.post(twice).send().await.unwrap();
    assert!(refusal(refused).await.contains("twice"));
    // Whoever looked at the call on its way may have seen the first name, and we would take the last.
    let call = |repo: &str| {
        let params = format!(r#"{{"name":"git_get_repository","arguments":{{"repo":{repo}}}}}"#);
        server.post(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#)).send()
    };
    let refused = call(r#"{"owner":"acme","name":"a","n\u0061me":"b"}"#).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(refusal(refused).await.contains("twice"));
    let other = call(r#"{"owner":"acme","name":"a"}"#).await.unwrap().text().await.unwrap();
    assert!(!other.contains("twice"), "{other}");
    server.stop().await;
}

#[tokio::test]
async fn ids_and_cursors_of_any_size_come_back_or_are_refused() {
    let server = Listening::new(&open(), HttpOptions::new()).await;
    let long = "i".repeat(100_000);
    for id in [json!(long), json!(i64::MAX), json!(0), json!("\u{0}\u{202e}"), json!("")] {
        let (status, said) = answer(modern(&server, &id, "tools/list", json!({}))).await;
        assert_eq!((status, &said["id"]), (StatusCode::OK, &id));
        assert!(said["result"]["tools"].is_array());
    }
    for cursor in [long.as_str(), "\u{0}", "bm9uZQ", ""] {
        let (_, said) = answer(modern(&server, &json!(1), "tools/list", json!({ "cursor": cursor }))).await;
        assert_eq!(said["error"]["code"], -32_602, "{said}");
        assert!(said["error"]["message"].as_str().unwrap().contains("cursor"), "{said}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_named() {
    let (forge, _) = forge::server();
    let server = Listening::new(&forge.build().unwrap(), HttpOptions::new()).await;
    for (arguments, words) in [
        (json!({ "repo": { "owner": "acme", "name": 7 } }), ["repo.name", "expected a string"]),
        (json!({ "repo": { "owner": "acme" } }), ["repo", "`name`"]),
        (json!({ "repo": { "owner": "acme", "name": "x" }, "rope": 1 }), ["unknown field", "`rope`"]),
        (json!({}), ["missing field", "`repo`"]),
    ] {
        let params = json!({ "name": "git_get_repository", "arguments": arguments });
        let (status, said) = answer(modern(&server, &json!(1), "tools/call", params)).await;
        assert_eq!((status, &said["result"]["isError"]), (StatusCode::OK, &json!(true)), "{said}");
        let text = said["result"]["content"][0]["text"].as_str().unwrap();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let (_, said) = answer(modern(&server, &json!(1), "tools/call", json!({ "name": "no_such_tool" }))).await;
    let failed = said["error"].is_object() || said["result"]["isError"] == true;
    assert!(failed && said.to_string().contains("no_such_tool"), "{said}");
    let (_, said) = answer(modern(&server, &json!(1), "no/such", json!({}))).await;
    assert_eq!(said["error"]["code"], -32_601, "{said}");
    server.stop().await;
}
