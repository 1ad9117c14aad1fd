//! The tests of the faults: what a client sees of each.

use super::*;
use crate::support::serve::Server;
use axum::routing::{get, post};
use serde_json::Value;

const GOOD: &str = r#"{"name":"widget"}"#;

async fn ground() -> (Server, Faults) {
    let faults = Faults::default();
    let router = Router::new()
        .route("/good", get(|| async { ([("content-type", "application/json")], GOOD) }))
        .route("/made", post(|| async { StatusCode::CREATED }));
    (Server::start(faults.before(router)).await, faults)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn ask(server: &Server) -> reqwest::Result<reqwest::Response> {
    client().get(format!("{}/good", server.url())).send().await
}

#[tokio::test]
async fn a_fault_happens_as_often_as_it_was_told() {
    let (server, faults) = ground().await;
    faults.next(Fault::status(503).header("retry-after", "7"));
    let answer = ask(&server).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(body["message"].is_string());
    assert_eq!(ask(&server).await.unwrap().text().await.unwrap(), GOOD);
    faults.always(Fault::html(502));
    for _ in 0..2 {
        assert_eq!(ask(&server).await.unwrap().headers()["content-type"], "text/html; charset=utf-8");
    }
    faults.clear();
    assert_eq!(ask(&server).await.unwrap().status(), 200);
    assert_eq!(faults.fired(), 3);
}

#[tokio::test]
async fn a_fault_waits_for_its_method_and_path() {
    let (server, faults) = ground().await;
    faults.next_on(Method::POST, "/ma", Fault::status(409));
    assert_eq!(ask(&server).await.unwrap().status(), 200);
    let post = || client().post(format!("{}/made", server.url())).send();
    assert_eq!(post().await.unwrap().status(), 409);
    assert_eq!(post().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_truncated_answer_declares_more_than_comes() {
    let (server, faults) = ground().await;
    faults.next(Fault::Truncated);
    let answer = ask(&server).await.unwrap();
    assert_eq!(answer.content_length(), Some(GOOD.len() as u64));
    let error = answer.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(ask(&server).await.unwrap().text().await.unwrap(), GOOD);
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer() {
    let (server, faults) = ground().await;
    faults.next(Fault::Closed);
    let error = ask(&server).await.unwrap_err();
    assert!(error.is_request() && !error.is_connect(), "{error:?}");
    faults.next(Fault::ClosedAfter);
    ask(&server).await.unwrap_err();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_slow_answer_goes_on_when_it_is_released() {
    let (server, faults) = ground().await;
    faults.next(Fault::Slow);
    let answer = ask(&server).await.unwrap();
    faults.silent().await;
    let text = tokio::spawn(answer.text());
    assert!(!text.is_finished());
    faults.release();
    assert_eq!(text.await.unwrap().unwrap(), GOOD);
}

#[tokio::test]
async fn a_hanging_answer_comes_whole_when_it_is_released() {
    let (server, faults) = ground().await;
    faults.next(Fault::Hang);
    let url = format!("{}/good", server.url());
    let asked = tokio::spawn(async move { client().get(url).send().await.unwrap().text().await });
    faults.silent().await;
    assert!(!asked.is_finished());
    faults.release();
    assert_eq!(asked.await.unwrap().unwrap(), GOOD);
}

#[tokio::test]
async fn a_redirect_names_the_other_place() {
    let (server, faults) = ground().await;
    faults.next(Fault::Redirect { status: 307, to: "http://127.0.0.1:9/away".to_owned() });
    let answer = ask(&server).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (307, &"http://127.0.0.1:9/away".parse().unwrap())
    );
}

#[tokio::test]
async fn an_endless_answer_is_counted_and_stops_with_its_reader() {
    let (server, faults) = ground().await;
    faults.next(Fault::Endless);
    let mut answer = ask(&server).await.unwrap();
    let mut taken = 0;
    while taken < 1 << 20 {
        taken += answer.chunk().await.unwrap().unwrap().len();
    }
    assert!(faults.poured() >= 1 << 20);
    drop(answer);
    assert_eq!(ask(&server).await.unwrap().text().await.unwrap(), GOOD);
}
