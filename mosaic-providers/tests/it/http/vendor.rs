use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, put};
use mosaic_core::ErrorKind;
use mosaic_core::op::VendorRead;
use mosaic_core::op::VendorWrite;
use mosaic_core::op::vendor::OfGit;
use mosaic_core::types::vendor::{ApiPath, VendorMethod};
use serde_json::{Value, json};

use super::{client, cx};
use crate::support::serve::Server;

fn path(text: &str) -> ApiPath {
    ApiPath::new(text).unwrap()
}

fn router() -> Router {
    Router::new()
        .route(
            "/topics/",
            get(|| async {
                (
                    [
                        ("etag", "\"1\""),
                        ("set-cookie", "session=s3cret"),
                        ("content-type", "application/json"),
                    ],
                    r#"{"names":["a"]}"#,
                )
            }),
        )
        .route(
            "/topics",
            put(|| async { StatusCode::NO_CONTENT })
                .delete(|| async { (StatusCode::CONFLICT, r#"{"message":"in use"}"#) }),
        )
        .route("/text", get(|| async { "plain" }))
        .route("/broken", get(|| async { ([("content-type", "application/vnd.forge+json")], "{") }))
}

#[tokio::test]
async fn what_the_vendor_says_comes_as_it_is() {
    let server = Server::start(router()).await;
    let client = client(&server.url());
    let read = |at: &str| VendorRead::<OfGit>::new(path(at)).query([("q".to_owned(), "a&b".to_owned())]);
    let answer = client.vendor_read(&cx(), read("/topics/")).await.unwrap();
    assert_eq!((answer.status, &answer.body), (200, &json!({ "names": ["a"] })));
    assert_eq!(answer.headers.get("etag").map(String::as_str), Some("\"1\""));
    assert!(!answer.headers.contains_key("set-cookie"));
    assert_eq!(server.last().uri.to_string(), "/topics/?q=a%26b");
    assert_eq!(client.vendor_read(&cx(), read("/text")).await.unwrap().body, "plain");
    assert_eq!(client.vendor_read(&cx(), read("/broken")).await.unwrap_err().kind(), ErrorKind::Protocol);
    let with_body = client.vendor_read(&cx(), read("/text").body("what?")).await.unwrap_err();
    assert_eq!(with_body.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn writes_carry_their_body() {
    let server = Server::start(router()).await;
    let client = client(&server.url());
    let write = |method| VendorWrite::<OfGit>::new(method, path("/topics"));
    let answer =
        client.vendor_write(&cx(), write(VendorMethod::Put).body(json!({ "names": [] }))).await.unwrap();
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    assert_eq!(server.last().json(), json!({ "names": [] }));
    let error = client.vendor_write(&cx(), write(VendorMethod::Delete)).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "Forge answers 409: in use"));
    assert!(server.last().body.is_empty());
}

#[tokio::test]
async fn where_they_are_not_allowed_nothing_is_sent() {
    let server = Server::start(router()).await;
    let client = client(&server.url()).vendor_calls(false);
    let read = client.vendor_read(&cx(), VendorRead::<OfGit>::new(path("/topics/"))).await.unwrap_err();
    let write = VendorWrite::<OfGit>::new(VendorMethod::Put, path("/topics"));
    let write = client.vendor_write(&cx(), write).await.unwrap_err();
    assert_eq!((read.kind(), write.kind()), (ErrorKind::Unsupported, ErrorKind::Unsupported));
    assert_eq!(server.count(), 0);
    let allowed = client.vendor_calls(true);
    assert!(allowed.vendor_read(&cx(), VendorRead::<OfGit>::new(path("/topics/"))).await.is_ok());
}
