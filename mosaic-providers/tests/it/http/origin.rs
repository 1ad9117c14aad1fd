use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use futures_util::TryStreamExt as _;
use mosaic_core::ErrorKind;
use mosaic_core::error::Delivery;
use mosaic_providers::http::Path;
use serde_json::{Value, json};

use super::{client, cx, things};
use crate::support::serve::Server;

fn at(name: &str) -> Path {
    Path::root().part(name)
}

fn redirecting(elsewhere: String) -> Router {
    let to = |status: StatusCode, target: &'static str| {
        move || async move { (status, [(LOCATION, target)]).into_response() }
    };
    Router::new()
        .route("/things", get(|| async { r#"{"name":"a"}"# }).patch(|body: String| async move { body }))
        .route(
            "/moved",
            get(to(StatusCode::MOVED_PERMANENTLY, "/things"))
                .patch(to(StatusCode::TEMPORARY_REDIRECT, "/things")),
        )
        .route("/found", post(to(StatusCode::FOUND, "/things")))
        .route("/circle", any(to(StatusCode::TEMPORARY_REDIRECT, "/circle")))
        .route("/file", get(to(StatusCode::FOUND, "file://localhost/etc/passwd")))
        .route(
            "/away",
            any(move || async move {
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, format!("{elsewhere}/signed?key=1"))])
            }),
        )
}

#[tokio::test]
async fn what_moved_within_the_origin_is_followed() {
    let server = Server::start(redirecting(String::new())).await;
    let client = client(&server.url());
    let value: Value = client.get(at("moved")).send(&cx()).await.unwrap();
    assert_eq!(value["name"], "a");
    assert_eq!(server.last().header("authorization"), "Bearer t0ken");
    let value: Value = client.patch(at("moved")).json(&json!({ "name": "b" })).send(&cx()).await.unwrap();
    assert_eq!(value["name"], "b");
}

#[tokio::test]
async fn a_write_that_would_become_a_read_is_not_followed() {
    let server = Server::start(redirecting(String::new())).await;
    let error =
        client(&server.url()).post(at("found")).json(&json!({})).send::<Value>(&cx()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Protocol, Delivery::Answered));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn nothing_goes_in_circles_or_to_files() {
    let server = Server::start(redirecting(String::new())).await;
    let client = client(&server.url());
    let error = client.get(at("circle")).send::<Value>(&cx()).await.unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
    assert_eq!(client.get(at("file")).send::<Value>(&cx()).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn only_downloads_leave_the_origin_and_without_credentials() {
    let other = Server::start(Router::new().route("/signed", any(|| async { "bytes" }))).await;
    let server = Server::start(redirecting(other.url())).await;
    let client = client(&server.url());
    let error = client.get(at("away")).send::<Value>(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let error = client.post(at("away")).json(&json!({})).send::<Value>(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(!error.to_string().contains("key=1"), "{error}");
    assert_eq!(other.count(), 0);
    let stream = client.get(at("away")).stream(&cx()).await.unwrap().value;
    let pieces: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.as_text().unwrap()).collect::<String>(), "bytes");
    assert_eq!((other.last().query(), other.last().header("authorization")), ("key=1", ""));
}

#[tokio::test]
async fn the_next_page_is_never_elsewhere() {
    let client = client("http://127.0.0.1:9/api");
    assert_eq!(client.query_of("http://127.0.0.1:9/api/things?page=2&a=b").unwrap(), "page=2&a=b");
    assert_eq!(client.query_of("/api/things").unwrap(), "");
    for address in [
        "http://127.0.0.1:10/api/things?page=2",
        "https://127.0.0.1:9/things",
        "//elsewhere/x",
        "http://[::1",
    ] {
        assert_eq!(client.query_of(address).unwrap_err().kind(), ErrorKind::Protocol, "{address}");
    }
}

#[tokio::test]
async fn names_stay_one_segment_on_the_wire() {
    let server = Server::start(Router::new().fallback(|| async { "{}" })).await;
    let client = client(&format!("{}/api/v1/", server.url()));
    client
        .get(at("a/b").part("ü ?#").parts("x/y z"))
        .query("q", "a&b=c")
        .query("page", 2)
        .send::<Value>(&cx())
        .await
        .unwrap();
    assert_eq!(server.last().uri.to_string(), "/api/v1/a%2Fb/%C3%BC%20%3F%23/x/y%20z?q=a%26b%3Dc&page=2");
    let error = client.get(things().part("..")).send::<Value>(&cx()).await.unwrap_err();
    assert_eq!((error.kind(), server.count()), (ErrorKind::Invalid, 1));
}

#[tokio::test]
async fn addresses_that_the_vendor_gives_get_credentials_only_where_they_are_trusted() {
    let store = Server::start(Router::new().route("/file", get(|| async { "\"kept\"" }))).await;
    let server = Server::start(redirecting(String::new())).await;
    let client = client(&server.url());
    let address = format!("{}/file?signature=1", store.url());
    for (trusted, credential) in [(false, ""), (true, "Bearer t0ken")] {
        let value: Value = client.fetch(&address, trusted).unwrap().send(&cx()).await.unwrap();
        assert_eq!(value, "kept");
        assert_eq!((store.last().header("authorization"), store.last().query()), (credential, "signature=1"));
    }
    let own: Value = client.fetch("/things", false).unwrap().send(&cx()).await.unwrap();
    assert_eq!((own["name"].as_str(), server.last().header("authorization")), (Some("a"), "Bearer t0ken"));
    for bad in ["file:///etc/passwd", "ftp://127.0.0.1/file", "http://["] {
        assert_eq!(client.fetch(bad, true).unwrap_err().kind(), ErrorKind::Protocol, "{bad}");
    }
    let safe = super::client("https://127.0.0.1");
    assert_eq!(safe.fetch(&address, false).unwrap_err().kind(), ErrorKind::Protocol);
}
