use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::Value;

use super::{ask, client, cx, things};
use crate::support::serve::Server;

fn tagged() -> Router {
    Router::new().route(
        "/things",
        get(|headers: HeaderMap| async move {
            let limits =
                [("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "60"), ("x-ratelimit-limit", "10")];
            if headers.get("if-none-match").is_some_and(|tag| tag == "W/\"one\"") {
                return (StatusCode::NOT_MODIFIED, limits, "").into_response();
            }
            (limits, [("etag", "W/\"one\""), ("link", "</things?page=2>; rel=\"next\"")], r#"{"name":"a"}"#)
                .into_response()
        }),
    )
}

#[tokio::test]
async fn what_still_holds_is_not_sent_again() {
    let server = Server::start(tagged()).await;
    let client = client(&server.url());
    let first = ask(&client).await.unwrap();
    let again = client.get(things()).full::<Value>(&cx()).await.unwrap();
    assert_eq!(first, again.value);
    assert!(again.header("link").is_some(), "the headers of the kept answer come back with it");
    let seen = server.seen();
    assert_eq!(seen[0].header("if-none-match"), "");
    assert_eq!(seen[1].header("if-none-match"), "W/\"one\"");
    assert_eq!(again.status, StatusCode::OK);
    let measure =
        |name: &str| client.measures().into_iter().find(|measure| measure.name == name).unwrap().value;
    assert_eq!((measure("http_requests_total"), measure("http_revalidated_total")), (2.0, 1.0));
    assert_eq!(measure("vendor_limit_remaining"), 7.0);
}

#[tokio::test]
async fn another_address_is_another_answer() {
    let server = Server::start(tagged()).await;
    let client = client(&server.url());
    ask(&client).await.unwrap();
    client.get(things()).query("page", 2).send::<Value>(&cx()).await.unwrap();
    assert_eq!(server.last().header("if-none-match"), "");
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_no_answer() {
    let router = Router::new().route("/things", get(|| async { StatusCode::NOT_MODIFIED }));
    let server = Server::start(router).await;
    let error = ask(&client(&server.url())).await.unwrap_err();
    assert_eq!(error.kind(), mosaic_core::ErrorKind::Protocol);
}
