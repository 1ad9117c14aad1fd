use axum::Router;
use axum::routing::{get, post};
use mosaic_core::ErrorKind;
use mosaic_core::context::Sent;
use mosaic_core::error::Delivery;
use mosaic_providers::http::{HttpConfig, Path};
use serde_json::{Value, json};

use super::{ask, client, cx, local, things};
use crate::support::faults::{Fault, Faults};
use crate::support::serve::Server;

fn router() -> Router {
    Router::new().route("/things", get(|| async { r#"{"name":"a"}"# }).post(|| async { r#"{"name":"b"}"# }))
}

#[tokio::test]
async fn the_mark_is_set_when_the_body_is_asked_for() {
    let server = Server::start(router()).await;
    let sent = Sent::new();
    let cx = cx().for_attempt(Some(sent.clone()));
    client(&server.url()).post(things()).json(&json!({ "a": 1 })).send::<Value>(&cx).await.unwrap();
    assert!(sent.marked());
    assert_eq!(server.last().json(), json!({ "a": 1 }));
    assert_eq!(server.last().header("content-length"), "7");
    assert_eq!(server.last().header("transfer-encoding"), "");
}

#[tokio::test]
async fn a_body_without_a_byte_is_marked_too() {
    let server = Server::start(router()).await;
    let sent = Sent::new();
    let cx = cx().for_attempt(Some(sent.clone()));
    client(&server.url()).post(things()).form([]).send::<Value>(&cx).await.unwrap();
    assert_eq!(server.last().header("content-length"), "0");
    assert!(sent.marked(), "a write that times out now may have been made");
}

#[tokio::test]
async fn without_a_connection_nothing_is_marked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let sent = Sent::new();
    let cx = cx().for_attempt(Some(sent.clone()));
    let error = client(&url).post(things()).json(&json!({})).send::<Value>(&cx).await.unwrap_err();
    assert_eq!(error.delivered(), Delivery::NotSent);
    assert!(!sent.marked(), "a write that found no server may go elsewhere");
}

#[tokio::test]
async fn broken_answers_are_told_apart() {
    let faults = Faults::default();
    let server = Server::start(faults.before(router())).await;
    let client = client(&server.url());
    for (fault, kind, delivery) in [
        (Fault::Closed, ErrorKind::Network, Delivery::Unknown),
        (Fault::Truncated, ErrorKind::Network, Delivery::Unknown),
        (Fault::html(200), ErrorKind::Protocol, Delivery::Answered),
        (Fault::json(200, ""), ErrorKind::Protocol, Delivery::Answered),
        (Fault::html(502), ErrorKind::Provider, Delivery::Answered),
    ] {
        let name = format!("{fault:?}");
        faults.next(fault);
        let error = client.post(things()).json(&json!({})).send::<Value>(&cx()).await.unwrap_err();
        assert_eq!((error.kind(), error.delivered()), (kind, delivery), "{name}: {error}");
    }
    assert!(ask(&client).await.is_ok());
}

#[tokio::test]
async fn answers_without_end_are_left_at_the_bound() {
    let faults = Faults::default();
    let server = Server::start(faults.before(router())).await;
    let mut http: HttpConfig = local();
    http.max_body_bytes = 64 << 10;
    let access = mosaic_providers::http::Access {
        base_url: &server.url(),
        auth: &mosaic_providers::http::Auth::None,
        identities: &std::collections::HashMap::new(),
        http: &http,
    };
    let client = mosaic_providers::http::Client::new(&super::DIALECT, &access, &|_, _, _| Ok(None)).unwrap();
    faults.next(Fault::Endless);
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("larger than 65536 bytes"), "{error}");
}

#[tokio::test]
async fn a_body_of_another_shape_says_where() {
    let router = Router::new().route("/list", post(|| async { r#"{"id":"x"}"# }));
    let server = Server::start(router).await;
    #[derive(Debug, serde::Deserialize)]
    struct Wire {
        #[expect(dead_code, reason = "it is never there")]
        id: u64,
    }
    let error = client(&server.url()).post(Path::root().part("list")).send::<Wire>(&cx()).await.unwrap_err();
    assert!(error.to_string().contains("the answer of Forge cannot be read: invalid type"), "{error}");
}
