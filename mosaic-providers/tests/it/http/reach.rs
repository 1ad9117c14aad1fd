use std::collections::HashMap;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::get;
use mosaic_core::ErrorKind;
use mosaic_core::error::Delivery;
use mosaic_providers::http::Auth;
use serde_json::Value;

use super::{ask, client, client_with, cx, things};
use crate::support::serve::Server;

#[tokio::test]
async fn the_transport_of_tests_reaches_loopback_alone() {
    // Documentation addresses and names: nobody is there, and nothing is even tried.
    for url in [
        "http://192.0.2.1",
        "http://[2001:db8::1]",
        "https://git.example.org",
        "http://0.0.0.0",
        "http://127.0.0.1.example.org",
    ] {
        let error = ask(&client(url)).await.unwrap_err();
        assert!(error.to_string().contains("nothing else may be reached"), "{url}: {error}");
        assert_eq!(error.delivered(), Delivery::NotSent);
    }
}

#[tokio::test]
async fn names_of_this_machine_are_reached() {
    let server = Server::start(Router::new().route("/things", get(|| async { "{}" }))).await;
    let url = server.url().replace("127.0.0.1", "localhost");
    assert!(ask(&client(&url)).await.is_ok());
}

#[tokio::test]
async fn a_download_is_not_led_out_either() {
    let away = || async { (StatusCode::FOUND, [(LOCATION, "http://192.0.2.1/signed")]) };
    let server = Server::start(Router::new().route("/things", get(away))).await;
    let error = client(&server.url()).get(things()).stream(&cx()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn nobody_there_is_a_request_that_was_not_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client_with(&url, &Auth::None, &HashMap::new());
    let error = client.post(things()).json(&serde_json::json!({})).send::<Value>(&cx()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Network, Delivery::NotSent));
    assert!(error.to_string().contains("cannot connect to 127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_proxy_stands_between() {
    let server = Server::start(Router::new().fallback(|| async { "{}" })).await;
    let mut http = super::local();
    http.proxy =
        serde_json::from_value(serde_json::json!({ "url": server.url(), "user": "ci", "password": "pr0xy" }))
            .unwrap();
    let access = mosaic_providers::http::Access {
        base_url: "http://forge.localhost:9/api",
        auth: &Auth::token("t0ken"),
        identities: &HashMap::new(),
        http: &http,
    };
    let client = mosaic_providers::http::Client::new(&super::DIALECT, &access, &|_, _, _| Ok(None)).unwrap();
    ask(&client).await.unwrap();
    let seen = server.last();
    assert_eq!(seen.uri.to_string(), "http://forge.localhost:9/api/things");
    assert_eq!(seen.header("proxy-authorization"), "Basic Y2k6cHIweHk=");
    let mut outside = http.clone();
    outside.proxy.as_mut().unwrap().url = "http://192.0.2.1:3128".into();
    let access = mosaic_providers::http::Access { http: &outside, ..access };
    let error =
        mosaic_providers::http::Client::new(&super::DIALECT, &access, &|_, _, _| Ok(None)).unwrap_err();
    assert!(error.to_string().contains("proxy.url: only this machine"), "{error}");
}
